//! `model_copy FROM TO` loads a model and saves it again.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use ds_aio::{
    Engine, WriterOptions,
    safetensors::{Model, save},
};
use ds_aio_tests::settings::settings;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (from, to) = (arguments.next().unwrap(), arguments.next().unwrap());
    let engine = Engine::new(&settings(16 << 10, (2, 4), (false, true))).unwrap();
    let model = Model::open(&engine, from).unwrap();
    let tensors = model.load().unwrap();
    save(&engine, to, &tensors, model.metadata(), &WriterOptions::new().replace()).unwrap();
}
