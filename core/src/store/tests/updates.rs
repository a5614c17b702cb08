//! Updates on a device that fails: what they tell of each tensor is so.

use std::{collections::BTreeMap, sync::Arc};

use super::bytes;
use crate::{
    config::EngineSettings,
    engine::Engine,
    store::{OffloadStore, StoreErrorKind, UpdateCause, UpdateGroup, UpdateOutcome},
    sys::{
        Direction,
        choice::Because,
        sim::{Fault, Random, Sim},
    },
};

const ROUNDS: u64 = 80;

#[test]
fn what_a_stopped_update_tells_of_each_tensor_is_so() {
    let mut stopped = 0;
    let mut outcomes = BTreeMap::new();
    for seed in 0..ROUNDS {
        let told = run(seed, &mut Random::of(&[seed]));
        stopped += usize::from(told.is_some());
        for outcome in told.into_iter().flatten() {
            *outcomes.entry(format!("{outcome:?}")).or_insert(0) += 1;
        }
    }
    assert!(stopped > 20 && stopped < ROUNDS as usize, "{stopped}");
    assert_eq!(outcomes.len(), 3, "all were seen: {outcomes:?}");
}

/// What was told of the tensors, if the update was stopped.
fn run(seed: u64, random: &mut Random) -> Option<Vec<UpdateOutcome>> {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::lanes(1 + random.below(2), 1 + random.below(3));
    let settings = EngineSettings { block_size: 8192, ..EngineSettings::default() };
    let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
    let engine = Arc::new(engine);
    let builder = OffloadStore::builder(dir.path().join("store"));
    let builder = builder.block_size(4096).slab_limit(8192).slab_size(32 << 10);
    let is_durable = random.one_in(2);
    let store = if is_durable { builder.durable() } else { builder }.open(&engine).unwrap();

    let (mut groups, mut before) = (Vec::new(), BTreeMap::new());
    let mut largest = 0;
    for number in 0..1 + random.below(8) {
        let mut size = 0;
        let mut tensor = |kind: &str| {
            let (name, len) = (format!("{number}/{kind}"), random.below(30_000));
            store.put(&name, bytes(len, len)).wait().unwrap();
            before.insert(name.clone(), bytes(len, len));
            size += len.next_multiple_of(4096);
            name
        };
        let group = UpdateGroup::new(["a", "b", "c"].map(&mut tensor));
        groups.push(group.reading([tensor("d")]));
        largest = largest.max(size);
    }
    if is_durable {
        store.commit().unwrap();
    }
    let direction = random.pick(&[Direction::Read, Direction::Write]);
    let (mut spared, goes_on) = (random.below(120), random.one_in(2));
    sim.inject(move |call| {
        if call.direction != direction {
            return None;
        }
        let is_spared = spared > 0;
        spared = if is_spared || goes_on { spared.saturating_sub(1) } else { usize::MAX };
        (!is_spared).then_some(Fault::Fail(nix::errno::Errno::EIO))
    });
    let memory = largest * (1 + random.below(3)) + random.below(5000);
    let result = store.update(groups, memory as u64).run(|group| {
        for tensor in group.parts().0 {
            tensor.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        Ok(())
    });
    sim.inject(|_| None);

    let told = |name: &str| match &result {
        Ok(_) => UpdateOutcome::Written,
        Err(error) => error.tensors().iter().find(|tensor| &*tensor.name == name).unwrap().outcome,
    };
    for (name, old) in &before {
        let after = store.get(name).wait().map(|bytes| bytes.to_vec());
        let new: Vec<_> = old.iter().map(|byte| byte.wrapping_add(1)).collect();
        let context = format!("seed {seed}, {name}, {result:?}");
        match (name.ends_with('d'), told_of(name, &told)) {
            (true, _) | (_, Some(UpdateOutcome::NotWritten)) => {
                assert!(after.unwrap() == *old, "{context}");
            }
            (_, Some(UpdateOutcome::Written)) => assert!(after.unwrap() == new, "{context}"),
            (_, _) => {
                assert!(!is_durable, "{context}");
                assert_eq!(after.unwrap_err().error().kind(), StoreErrorKind::Lost, "{context}");
            }
        }
    }
    store.close().unwrap();
    let error = result.err()?;
    for cause in error.causes() {
        let UpdateCause::Store(error) = cause else { panic!("{cause}") };
        assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
    }
    Some(error.tensors().iter().map(|tensor| tensor.outcome).collect())
}

/// What is told of a tensor that was to be written.
fn told_of(name: &str, told: &dyn Fn(&str) -> UpdateOutcome) -> Option<UpdateOutcome> {
    (!name.ends_with('d')).then(|| told(name))
}
