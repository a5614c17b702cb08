//! Directories on devices that differ in speed.

use std::sync::Arc;

use super::bytes;
use crate::{
    config::EngineSettings,
    engine::Engine,
    store::{StoreBuilder, builder::Spread, checksum},
    sys::{choice::Because, sim::Sim},
};

#[test]
fn a_device_that_stands_still_keeps_no_other_from_working() {
    let root = tempfile::tempdir().unwrap();
    let engine = Arc::new(Engine::new(&EngineSettings::default()).unwrap());
    let sim = Sim::lanes(1, 1);
    let settings = EngineSettings { queue_capacity: 4, ..EngineSettings::default() };
    let slow = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
    let slow = Arc::new(slow);
    let directories = ["fast", "slow"].map(|name| root.path().join(name));
    let builder = StoreBuilder::new(directories.to_vec(), Spread::Hashed);
    let store = builder.device_engine(1, &slow).open(&engine).unwrap();
    assert!(store.engines().zip([&engine, &slow]).all(|(of, given)| Arc::ptr_eq(of, given)));
    let names = |directory: u64| {
        let names = (0..).map(|number: u64| number.to_string());
        names.filter(move |name| checksum::of_text(name) % 2 == directory)
    };

    sim.hold();
    let stuck: Vec<_> =
        names(1).take(4).map(|name| (store.put(&name, bytes(1, 5000)), name)).collect();
    for (seed, name) in names(0).take(200).enumerate() {
        store.put(&name, bytes(seed, 5000)).wait().unwrap();
        assert_eq!(store.get(&name).wait().unwrap()[..], bytes(seed, 5000));
    }
    assert!(stuck.iter().all(|(ticket, _)| !ticket.is_done()));
    sim.release_all();
    for (ticket, name) in stuck {
        ticket.wait().unwrap();
        assert_eq!(store.get(&name).wait().unwrap()[..], bytes(1, 5000));
    }
    let stats = slow.stats();
    assert_eq!((stats.write.requests, stats.read.requests), (4, 4));
    store.close().unwrap();
}
