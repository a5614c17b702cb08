//! The lines that requests wait in, and whose turn it is.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use crate::engine::{
    file::Priority,
    plan::Route,
    queue::cap::RateCap,
    request::{Request, Unclaimed},
};

/// A block of a request, to be run by the worker that holds this.
pub(crate) struct Claim {
    pub(crate) request: Arc<Request>,
    pub(crate) block: usize,
    /// Which way it goes, if that was found out.
    pub(crate) route: Option<Route>,
    /// Whether the lane that has it runs it, whatever lane would be better.
    pub(crate) stays: bool,
}

impl Claim {
    fn new(request: Arc<Request>, block: usize) -> Self {
        Self { request, block, route: None, stays: false }
    }

    /// The same, for whoever gets it.
    pub(crate) fn for_any(self) -> Self {
        Self { stays: true, ..self }
    }
}

/// What there is to claim.
pub(crate) enum Claimed {
    Block(Claim),
    /// Only blocks that the cap on the background puts off until then.
    NotBefore(Instant),
    Nothing,
}

/// One block in so many is of the background, if others always wait.
const BACKGROUND_SHARE: usize = 16;

/// All requests with blocks that nobody has claimed.
pub(crate) struct Lines {
    normal: Class,
    background: Class,
    cap: Option<RateCap>,
    /// Blocks of normal priority claimed since the last one of the background.
    normal_in_a_row: usize,
    unclaimed: Tally,
    /// A request of more blocks is large.
    small: usize,
}

/// Blocks in all lines, and those of them that are copied.
#[derive(Clone, Copy, Default)]
struct Tally {
    blocks: usize,
    copied: usize,
}

impl Tally {
    fn add(&mut self, request: &Request, blocks: usize) {
        self.blocks += blocks;
        self.copied += if request.asked().copied { blocks } else { 0 };
    }

    fn take(&mut self, request: &Request, blocks: usize) {
        self.blocks -= blocks;
        self.copied -= if request.asked().copied { blocks } else { 0 };
    }
}

/// The requests of one priority. Small and large ones are served in turn.
#[derive(Default)]
struct Class {
    small: Line,
    large: Line,
    large_is_next: bool,
}

/// First in, first out, but for those that are withdrawn.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    next_place: u64,
    /// How many of `waiting` have been withdrawn.
    withdrawn: usize,
}

/// A request's place in its line.
struct Waiting {
    place: u64,
    /// None if it was withdrawn.
    request: Option<Arc<Request>>,
    next: usize,
    blocks: usize,
}

impl Lines {
    /// Requests of up to `small` blocks queue apart from larger ones.
    pub(crate) fn new(small: usize, background_rate: u64) -> Self {
        Self {
            normal: Class::default(),
            background: Class::default(),
            cap: RateCap::new(background_rate),
            normal_in_a_row: 0,
            unclaimed: Tally::default(),
            small,
        }
    }

    /// Blocks that nobody has claimed.
    pub(crate) fn unclaimed(&self) -> usize {
        self.unclaimed.blocks
    }

    /// Of these, the blocks that are copied.
    pub(crate) fn unclaimed_copied(&self) -> usize {
        self.unclaimed.copied
    }

    /// Whether a cap holds blocks that wait.
    pub(crate) fn are_capped(&self) -> bool {
        self.cap.is_some() && !self.background.is_empty()
    }

    /// Queues a request; its file's priority and its size say where.
    pub(crate) fn push(&mut self, request: &Arc<Request>) {
        let blocks = request.blocks();
        self.unclaimed.add(request, blocks);
        let small = self.small;
        self.class(request).line(blocks, small).push(request, blocks);
    }

    /// The next block of the line whose turn it is. Requests that have failed go to `given_up`, each
    /// with the number of its blocks. The cap holds unless `at_once`.
    pub(crate) fn claim(
        &mut self,
        at_once: bool,
        given_up: &mut Vec<(Arc<Request>, usize)>,
    ) -> Claimed {
        if self.unclaimed.blocks == 0 {
            return Claimed::Nothing;
        }
        let put_off = self.cap.as_ref().filter(|_| !at_once && !self.background.is_empty());
        let put_off = put_off.and_then(RateCap::not_before);
        let background_is_due = put_off.is_none() && self.normal_in_a_row + 1 >= BACKGROUND_SHARE;
        let background_first = background_is_due && !self.background.is_empty();
        for background in [background_first, !background_first] {
            if background && put_off.is_some() {
                continue;
            }
            let class = if background { &mut self.background } else { &mut self.normal };
            if let Some(claim) = class.claim(&mut self.unclaimed, given_up) {
                if background {
                    self.normal_in_a_row = 0;
                    if let Some(cap) = &mut self.cap {
                        cap.begin(claim.request.block(claim.block).map_or(0, |block| block.len));
                    }
                } else {
                    self.normal_in_a_row = self.normal_in_a_row.saturating_add(1);
                }
                return Claimed::Block(claim);
            }
        }
        put_off.map_or(Claimed::Nothing, Claimed::NotBefore)
    }

    /// Takes a request out, if it has unclaimed blocks.
    pub(crate) fn withdraw(&mut self, request: &Request) -> Option<Unclaimed> {
        let (blocks, small) = (request.blocks(), self.small);
        let unclaimed = self.class(request).line(blocks, small).withdraw(request)?;
        self.unclaimed.take(request, unclaimed.count);
        Some(unclaimed)
    }

    /// Takes everything out.
    pub(crate) fn drain(&mut self) -> Vec<(Arc<Request>, Unclaimed)> {
        self.unclaimed = Tally::default();
        let Self { normal, background, .. } = self;
        [normal, background]
            .into_iter()
            .flat_map(|class| [&mut class.small, &mut class.large])
            .flat_map(Line::drain)
            .collect()
    }

    fn class(&mut self, request: &Request) -> &mut Class {
        match request.asked().priority {
            Priority::Normal => &mut self.normal,
            Priority::Background => &mut self.background,
        }
    }
}

impl Class {
    fn line(&mut self, blocks: usize, small: usize) -> &mut Line {
        if blocks <= small { &mut self.small } else { &mut self.large }
    }

    fn is_empty(&self) -> bool {
        self.small.is_empty() && self.large.is_empty()
    }

    fn claim(
        &mut self,
        unclaimed: &mut Tally,
        given_up: &mut Vec<(Arc<Request>, usize)>,
    ) -> Option<Claim> {
        loop {
            let from_large = match (self.small.is_empty(), self.large.is_empty()) {
                (true, true) => return None,
                (false, false) => self.large_is_next,
                (small_is_empty, _) => small_is_empty,
            };
            let line = if from_large { &mut self.large } else { &mut self.small };
            let waiting = line.front()?;
            let request = waiting.request.clone()?;
            if request.has_failed_before(waiting.next) {
                let left = waiting.blocks - waiting.next;
                unclaimed.take(&request, left);
                line.waiting.pop_front();
                given_up.push((request, left));
                continue;
            }
            let block = waiting.next;
            waiting.next += 1;
            if waiting.next == waiting.blocks {
                line.waiting.pop_front();
            }
            unclaimed.take(&request, 1);
            self.large_is_next = !from_large;
            return Some(Claim::new(request, block));
        }
    }
}

impl Line {
    fn push(&mut self, request: &Arc<Request>, blocks: usize) {
        let place = self.next_place;
        self.next_place += 1;
        request.place().store(place, Ordering::Relaxed);
        let request = Some(Arc::clone(request));
        self.waiting.push_back(Waiting { place, request, next: 0, blocks });
    }

    fn is_empty(&self) -> bool {
        self.waiting.len() == self.withdrawn
    }

    /// The first request that has not been withdrawn.
    fn front(&mut self) -> Option<&mut Waiting> {
        while self.waiting.front()?.request.is_none() {
            self.waiting.pop_front();
            self.withdrawn -= 1;
        }
        self.waiting.front_mut()
    }

    fn withdraw(&mut self, request: &Request) -> Option<Unclaimed> {
        let place = request.place().load(Ordering::Relaxed);
        let index = self.waiting.binary_search_by_key(&place, |waiting| waiting.place).ok()?;
        let waiting = self.waiting.get_mut(index)?;
        waiting.request.take()?;
        let unclaimed = Unclaimed { first: waiting.next, count: waiting.blocks - waiting.next };
        self.withdrawn += 1;
        // Withdrawn places cost a few bytes until they reach the front, or are too many.
        if self.withdrawn > 32 && self.withdrawn > self.waiting.len() / 2 {
            self.waiting.retain(|waiting| waiting.request.is_some());
            self.withdrawn = 0;
        }
        Some(unclaimed)
    }

    fn drain(&mut self) -> impl Iterator<Item = (Arc<Request>, Unclaimed)> {
        self.withdrawn = 0;
        std::mem::take(&mut self.waiting).into_iter().filter_map(|waiting| {
            let Waiting { request, next, blocks, .. } = waiting;
            Some((request?, Unclaimed { first: next, count: blocks - next }))
        })
    }
}
