//! What an update under way knows of itself.

use std::{
    any::Any,
    collections::{HashSet, VecDeque},
    sync::Arc,
    task::Waker,
};

use super::report::{UpdateCause, UpdateOutcome, Updated};
use crate::buf::AioBuf;

/// A tensor: the number of its group, and its own in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: usize,
    pub(super) tensor: usize,
}

#[derive(Default)]
pub(super) struct State {
    /// Who is to be read next.
    pub(super) next: Place,
    /// Groups whose reading has been begun, in their order, until they are computed.
    pub(super) begun: VecDeque<Begun>,
    /// The group that the user has.
    pub(super) computing: Option<usize>,
    /// What was computed and is to be put.
    pub(super) computed: VecDeque<(Place, AioBuf)>,
    /// Names of tensors that a group that was begun is to change, until they are put.
    pub(super) promised: HashSet<Arc<str>>,
    /// Bytes of all buffers, in whole pages.
    pub(super) used: u64,
    /// How often buffers came back.
    pub(super) returns: u64,
    /// Whether the pool had no buffer, and none has come back since.
    pub(super) is_pool_empty: bool,
    /// Reads under way.
    pub(super) reads: usize,
    /// Writes under way or to be made.
    pub(super) writes: usize,
    /// Whether a thread is beginning requests.
    pub(super) is_advancing: bool,
    /// Whether no more is to be begun but what was computed.
    pub(super) is_stopped: bool,
    /// Whether nobody is there to be told.
    pub(super) is_abandoned: bool,
    pub(super) causes: Vec<UpdateCause>,
    /// Of the tensors of each group that are to be written back.
    pub(super) outcomes: Vec<Vec<UpdateOutcome>>,
    /// What code of the user's panicked with.
    pub(super) panic: Option<Box<dyn Any + Send>>,
    pub(super) updated: Updated,
    pub(super) waker: Option<Waker>,
}

/// A group that is being read.
pub(super) struct Begun {
    pub(super) number: usize,
    pub(super) buffers: Vec<Option<AioBuf>>,
    /// Tensors that are not there.
    pub(super) left: usize,
}

impl State {
    /// Whether nothing is under way and nothing will be.
    pub(super) fn is_over(&self, groups: usize) -> bool {
        let nothing_left = self.next.group == groups && self.begun.is_empty();
        let nothing_under_way = self.reads == 0 && self.writes == 0 && self.computing.is_none();
        nothing_under_way && (nothing_left || self.is_stopped)
    }

    /// Whether the next group is there to be computed.
    pub(super) fn is_next_whole(&self) -> bool {
        !self.is_stopped && self.begun.front().is_some_and(|begun| begun.left == 0)
    }

    pub(super) fn stop(&mut self, cause: UpdateCause) {
        self.is_stopped = true;
        self.causes.push(cause);
    }

    /// So many bytes of buffers are free again.
    pub(super) fn came_back(&mut self, bytes: u64) {
        self.used -= bytes;
        self.returns += 1;
        self.is_pool_empty = false;
    }

    /// Whether buffers will come back while that group, the last that was begun, is not whole.
    pub(super) fn has_more_to_come_back(&self, group: usize) -> bool {
        let earlier = self.begun.front().is_some_and(|begun| begun.number != group);
        earlier || self.computing.is_some() || self.writes > 0
    }

    /// The pool had no buffer for the tensor that was to be read last.
    pub(super) fn put_off(&mut self, place: Place, bytes: u64) {
        self.next = place;
        self.used -= bytes;
        self.reads -= 1;
        self.is_pool_empty = true;
    }

    pub(super) fn settle(&mut self, place: Place, outcome: UpdateOutcome) {
        let outcomes = self.outcomes.get_mut(place.group);
        if let Some(settled) = outcomes.and_then(|outcomes| outcomes.get_mut(place.tensor)) {
            *settled = outcome;
        }
    }
}
