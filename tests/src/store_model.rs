//! A store's tensors in memory, and random operations on both.

use std::collections::BTreeMap;

use ds_aio::{OffloadStore, StoreErrorKind};

use crate::bytes::{Rng, assert_same, pattern};

/// What the store holds, by name.
pub type Model = BTreeMap<&'static str, Vec<u8>>;

/// The names of tensors.
pub const NAMES: [&str; 5] = ["a", "b", "c/d", "e", "ε"];

/// An operation under way.
pub struct UnderWay {
    /// Which one.
    pub what: &'static str,
    /// How many bytes it moves, of which all are compared.
    pub bytes: usize,
    finish: Box<dyn FnOnce()>,
}

impl UnderWay {
    fn new(what: &'static str, bytes: usize, finish: impl FnOnce() + 'static) -> Self {
        Self { what, bytes, finish: Box::new(finish) }
    }

    /// Waits for it and compares what it gives with the model as it was.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn finish(self) {
        (self.finish)();
    }
}

/// Begins any operation on any of a few names.
///
/// # Panics
///
/// If what it finds is not as the model has it.
pub fn begin(store: &OffloadStore, model: &mut Model, rng: &mut Rng) -> UnderWay {
    let name = rng.pick(&NAMES);
    match rng.below(8) {
        0..3 => {
            let len = match rng.below(5) {
                0 => 0,
                1 => 1 + rng.below(100),
                2 => 4096 * (1 + rng.below(5)),
                3 => rng.below(400_000),
                _ => rng.below(30_000),
            };
            let tensor = pattern(rng.bits(), len);
            model.insert(name, tensor.clone());
            let ticket = store.put(name, tensor.clone());
            UnderWay::new("put", len, move || {
                assert_same(&ticket.wait().unwrap(), &tensor, &"given back");
            })
        }
        3 => {
            let was_there = model.remove(name).is_some();
            assert_eq!(store.remove(name).unwrap(), was_there);
            UnderWay::new("remove", 0, || ())
        }
        4 => {
            let Some(tensor) = model.get_mut(name) else {
                let ticket = store.put_range(name, 0, vec![1]);
                return UnderWay::new("put of a range", 0, move || {
                    let failed = ticket.wait().unwrap_err();
                    assert_eq!(failed.error().kind(), StoreErrorKind::NotFound);
                });
            };
            let (from, to) = range(rng, tensor.len());
            let bytes = pattern(rng.bits(), to - from);
            tensor[from..to].copy_from_slice(&bytes);
            let ticket = store.put_range(name, from as u64, bytes.clone());
            UnderWay::new("put of a range", bytes.len(), move || {
                assert_same(&ticket.wait().unwrap(), &bytes, &"given back");
            })
        }
        5 => {
            let expected = model.get(name).cloned();
            let (from, to) = range(rng, expected.as_ref().map_or(0, Vec::len));
            let ticket = store.get_range(name, from as u64..to as u64);
            UnderWay::new("get of a range", to - from, move || match expected {
                Some(tensor) => {
                    assert_same(&ticket.wait().unwrap(), &tensor[from..to], &"a range");
                }
                None => drop(ticket.wait().unwrap_err()),
            })
        }
        _ => {
            let expected = model.get(name).cloned();
            let ticket = store.get(name);
            let len = expected.as_ref().map_or(0, Vec::len);
            UnderWay::new("get", len, move || match expected {
                Some(tensor) => assert_same(&ticket.wait().unwrap(), &tensor, &"all of it"),
                None => drop(ticket.wait().unwrap_err()),
            })
        }
    }
}

/// Compares all that the store has with the model.
///
/// # Panics
///
/// If they differ.
pub fn verify(store: &OffloadStore, model: &Model) {
    assert!(store.tensors().map(|tensor| tensor.name.to_string()).eq(model.keys().copied()));
    for (name, tensor) in model {
        assert_same(&store.get(name).wait().unwrap(), tensor, name);
    }
}

fn range(rng: &mut Rng, len: usize) -> (usize, usize) {
    let (one, other) = (rng.below(len + 1), rng.below(len + 1));
    (one.min(other), one.max(other))
}
