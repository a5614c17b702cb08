//! What an update is to do: its groups, looked up and found to be possible.

use std::collections::HashSet;

use super::{
    group::UpdateGroup,
    report::{TensorUpdate, UpdateCause, UpdateError, UpdateOutcome},
};
use crate::store::{StoreError, StoreErrorKind, StoreOperation, inner::Inner, space::pages};

/// A group, and the lengths of its tensors in bytes.
pub(super) struct Planned {
    pub(super) names: UpdateGroup,
    pub(super) lens: Vec<u64>,
}

impl Planned {
    /// Looks the tensors up, and notes all that is wrong with the group.
    pub(super) fn new(
        inner: &Inner,
        number: usize,
        names: UpdateGroup,
        memory: u64,
        wrong: &mut Vec<StoreError>,
    ) -> Self {
        let error = |kind| inner.error(kind).during(StoreOperation::Update);
        let (mut lens, mut seen) = (Vec::new(), HashSet::new());
        for name in names.names() {
            if !seen.insert(name) {
                let told = format!("it is in group {number} twice");
                wrong.push(error(StoreErrorKind::WrongGroup).for_tensor(name).telling(told));
            }
            let found = inner.readable().map(|state| state.tensors.get(name).map(|now| now.len));
            match found {
                Ok(Some(len)) => lens.push(len),
                Ok(None) => wrong.push(error(StoreErrorKind::NotFound).for_tensor(name)),
                Err(error) => {
                    wrong.push(error.during(StoreOperation::Update).for_tensor(name));
                }
            }
        }
        let needed = lens.iter().fold(0_u64, |sum, &len| sum.saturating_add(pages(len)));
        if needed > memory {
            let told = format!("group {number} needs {needed} bytes, and there are to be {memory}");
            wrong.push(error(StoreErrorKind::Full).telling(told));
        }
        if names.names().is_empty() {
            let told = format!("group {number} has no tensors");
            wrong.push(error(StoreErrorKind::WrongGroup).telling(told));
        }
        Self { names, lens }
    }

    /// What has become of its tensors at the beginning.
    pub(super) fn outcomes(&self) -> Vec<UpdateOutcome> {
        vec![UpdateOutcome::NotWritten; self.names.count_of_updated()]
    }
}

/// The error of an update that was stopped.
pub(super) fn stopped(
    groups: &[Planned],
    outcomes: Vec<Vec<UpdateOutcome>>,
    first: UpdateCause,
    more: Vec<UpdateCause>,
) -> UpdateError {
    let mut tensors = Vec::new();
    for (group, (planned, outcomes)) in groups.iter().zip(outcomes).enumerate() {
        let names = planned.names.names().iter().cloned();
        let of_group = names.zip(outcomes);
        tensors.extend(of_group.map(|(name, outcome)| TensorUpdate { group, name, outcome }));
    }
    UpdateError::new(first, more, tensors)
}
