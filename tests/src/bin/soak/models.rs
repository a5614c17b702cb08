//! Models in safetensors files, saved over each other and loaded again.

use std::collections::BTreeMap;

use ds_aio::{
    WriterOptions,
    safetensors::{Dtype, Model, TensorView, save},
};
use ds_aio_tests::bytes::{Rng, pattern};

use crate::round::Round;

const MODELS: usize = 6;
const TYPES: [(Dtype, usize); 4] =
    [(Dtype::U8, 1), (Dtype::BF16, 2), (Dtype::F32, 4), (Dtype::F64, 8)];

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("model.safetensors");
    let engine = round.engine(rng);
    for _ in 0..MODELS {
        let tensors: BTreeMap<String, _> = (0..rng.below(30))
            .map(|number| {
                let (dtype, size) = rng.pick(&TYPES);
                let shape = vec![rng.below(300), 1 + rng.below(300)];
                let data = pattern(rng.bits(), shape[0] * shape[1] * size);
                (format!("layer.{number}"), (dtype, shape, data))
            })
            .collect();
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        let metadata = BTreeMap::from([("step".to_owned(), rng.bits().to_string())]);
        let options = WriterOptions::new().replace();
        let len = save(&*engine, &path, views, &metadata, &options).unwrap();
        round.tally.operation("safetensors: save", len as usize);

        let model = Model::open(&*engine, &path).unwrap();
        assert_eq!((model.tensors().len(), model.metadata()), (tensors.len(), &metadata));
        round.tally.operation("safetensors: load", model.data_len() as usize);
        let loaded = model.load().unwrap();
        assert_eq!(loaded.len(), tensors.len());
        for (name, (dtype, shape, data)) in &tensors {
            let found = &loaded[name];
            assert_eq!((found.dtype(), found.shape()), (*dtype, &shape[..]));
            round.tally.compare(found.data(), data, name);
        }
        round.tally.operation("safetensors: stream", model.data_len() as usize);
        let memory = 1 << (12 + rng.below(12));
        let streamed = model.loader().memory(memory).stream(|piece| {
            let (_, _, data) = &tensors[piece.tensor.name()];
            let expected = &data[piece.offset..][..piece.bytes.len()];
            round.tally.compare(piece.bytes, expected, &piece.tensor.name());
            Ok(())
        });
        streamed.unwrap();
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files are left");
}
