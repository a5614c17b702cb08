//! What the seeded backend knows of one request: what it may ask of the backend, and what it did.

mod verdict;

use std::{collections::HashMap, ops::Range};

use nix::errno::Errno;

pub(crate) use verdict::Excuses;

use crate::{
    engine::plan::Alignment,
    sys::{Direction, Transfer, sim::Drops},
};

/// A request that is about to be made.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// What decides its fate, together with the seed.
    pub(crate) key: u64,
    /// The open file's address, which tells apart requests on the same range.
    pub(crate) file: usize,
    pub(crate) direction: Direction,
    pub(crate) offset: u64,
    /// Where its bytes lie, one buffer after the other, none of them empty.
    pub(crate) memory: Vec<Range<usize>>,
    /// Of its buffers, if it has any.
    pub(crate) drops: Vec<Drops>,
    pub(crate) alignment: Option<Alignment>,
    pub(crate) block_size: usize,
}

/// A transfer that must come next, since the last one of its block left something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Next {
    position: usize,
    len: usize,
    direct: bool,
    bounced: bool,
}

/// A transfer of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) position: usize,
    pub(crate) len: usize,
    pub(crate) direct: bool,
    pub(crate) bounced: bool,
    /// Whether it is the first of its block.
    pub(crate) begins: bool,
    /// How many transfers began at the same position before.
    pub(crate) attempt: u64,
}

/// Why a block came no further; none for the end of the file.
pub(crate) type Cause = Option<Errno>;

#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) watched: Watched,
    begun: Vec<Range<usize>>,
    next: Vec<Next>,
    attempts: HashMap<usize, u64>,
    /// What was moved, whether or not the engine learnt of it.
    performed: Vec<Range<usize>>,
    /// What was moved and reported to the engine.
    reported: Vec<Range<usize>>,
    /// Blocks that are.
    over: usize,
    failures: Vec<(usize, Cause)>,
    /// Since it was cancelled: how many blocks may begin still.
    may_begin: Option<usize>,
    /// Its ticket has given the buffer back.
    resolved: bool,
    /// It is made at no known time: barriers before or after it may come first.
    pub(crate) unordered: bool,
    /// A barrier after it had a transfer.
    passed: bool,
    /// Space was reserved.
    pub(crate) allocated: bool,
}

impl Track {
    pub(crate) fn new(watched: Watched) -> Self {
        Self {
            watched,
            begun: Vec::new(),
            next: Vec::new(),
            attempts: HashMap::new(),
            performed: Vec::new(),
            reported: Vec::new(),
            over: 0,
            failures: Vec::new(),
            may_begin: None,
            resolved: false,
            unordered: false,
            passed: false,
            allocated: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.watched.memory.iter().map(ExactSizeIterator::len).sum()
    }

    /// Where so many bytes of the request lie.
    fn memory(&self, position: usize, len: usize) -> Vec<Range<usize>> {
        let mut begin = 0;
        let mut found = Vec::new();
        for buffer in &self.watched.memory {
            let end = begin + buffer.len();
            let (from, to) = (position.max(begin), (position + len).min(end));
            if from < to {
                found.push(buffer.start + from - begin..buffer.start + to - begin);
            }
            begin = end;
        }
        found
    }

    /// Whether a transfer is one of this request's.
    pub(crate) fn owns(&self, file: usize, transfer: &Transfer) -> bool {
        let Watched { direction, offset, .. } = self.watched;
        let empty = transfer.segment.len() == 0;
        let own_place = match direction {
            Direction::Read | Direction::Write if empty != (self.len() == 0) => false,
            // They end one after the other, those that are cancelled without a transfer.
            Direction::Sync | Direction::SyncAll => self.over == 0 && !self.resolved,
            // Of several at one place each begins once.
            _ if empty => {
                let to_come = self.begun.is_empty() || !self.next.is_empty();
                transfer.offset == offset && to_come
            }
            _ => (offset..offset + self.len() as u64).contains(&transfer.offset),
        };
        file == self.watched.file && transfer.direction == direction && own_place
    }

    /// Takes note of a transfer, and of what is wrong with it.
    pub(crate) fn push(&mut self, transfer: &Transfer, wrong: &mut Vec<String>) -> Part {
        let position = (transfer.offset - self.watched.offset) as usize;
        let len = transfer.segment.len();
        let attempt = self.attempts.entry(position).or_default();
        let mut part = Part {
            position,
            len,
            direct: transfer.direct,
            bounced: false,
            begins: false,
            attempt: std::mem::replace(attempt, *attempt + 1),
        };
        if self.passed {
            wrong.push(format!("{part:?} comes after a later barrier"));
        }
        if self.is_over() {
            wrong.push(format!("{part:?} comes after the request has ended"));
        }
        if position + len > self.len() {
            wrong.push(format!("{part:?} goes beyond the request"));
        }
        let awaited = self.next.iter().position(|next| next.position == position);
        let (direct, bounced) = match awaited.map(|at| self.next.swap_remove(at)) {
            Some(next) => {
                if next.len != len {
                    wrong.push(format!("{next:?} was to come, and {part:?} did"));
                }
                (next.direct, next.bounced)
            }
            None => {
                part.begins = true;
                self.begin(&part, wrong);
                let direct = self.whole_pages().is_some_and(|pages| {
                    let end = position + len;
                    if position < pages.end && pages.start < end {
                        if pages.start > position || end > pages.end {
                            wrong.push(format!("{part:?} shares a page border ({pages:?})"));
                        }
                        return true;
                    }
                    false
                });
                (direct, direct && !self.suits_direct(position, len))
            }
        };
        if part.direct != direct {
            wrong.push(format!("{part:?}: O_DIRECT is {} and should be {direct}", part.direct));
        }
        part.bounced = bounced;
        self.check_memory(&part, transfer, wrong);
        part
    }

    fn begin(&mut self, part: &Part, wrong: &mut Vec<String>) {
        let block = part.position..part.position + part.len;
        let overlaps = |other: &Range<usize>| other.start < block.end && block.start < other.end;
        let again = self.begun.contains(&block) || self.begun.iter().any(overlaps);
        if again {
            wrong.push(format!("{part:?} begins what was begun before: {:?}", self.begun));
        }
        if part.len > self.watched.block_size {
            wrong.push(format!("{part:?} is larger than a block"));
        }
        if let Some(may_begin) = &mut self.may_begin {
            match may_begin.checked_sub(1) {
                Some(left) => *may_begin = left,
                None => wrong.push(format!("{part:?} was begun after the request was cancelled")),
            }
        }
        self.begun.push(block);
    }

    fn check_memory(&self, part: &Part, transfer: &Transfer, wrong: &mut Vec<String>) {
        if part.len == 0 {
            return;
        }
        let used = addresses(transfer);
        let own = self.memory(part.position, part.len);
        let is_own = |address: &usize| self.watched.memory.iter().any(|own| own.contains(address));
        if part.bounced && used.iter().any(|used| is_own(&used.start)) {
            wrong.push(format!("{part:?} is to be bounced and uses the caller's memory"));
        }
        if !part.bounced && used != own {
            wrong.push(format!("{part:?} uses memory at {used:x?}, its own is at {own:x?}"));
        }
        if let (true, Some(alignment)) = (part.direct, self.watched.alignment) {
            let unit = alignment.unit(self.watched.direction == Direction::Write);
            let alone = used.len() == 1;
            let sound = transfer.offset.is_multiple_of(unit as u64)
                && part.len.is_multiple_of(unit)
                && used.iter().all(|used| {
                    used.start.is_multiple_of(alignment.memory)
                        && (alone || used.len().is_multiple_of(unit))
                });
            if !sound {
                wrong.push(format!("{part:?} goes direct and is not aligned: {used:x?}"));
            }
        }
    }

    /// The part of the request that is whole pages and may go direct.
    fn whole_pages(&self) -> Option<Range<usize>> {
        let Watched { direction, offset, alignment, block_size, .. } = &self.watched;
        let alignment = (*alignment)?;
        let writes = *direction == Direction::Write;
        let unit = if writes { alignment.page.max(alignment.write) } else { alignment.read };
        let border = alignment.page.max(unit) as u64;
        let first = offset.next_multiple_of(border);
        let last = (offset + self.len() as u64) / border * border;
        (block_size.is_multiple_of(unit) && first < last)
            .then(|| (first - offset) as usize..(last - offset) as usize)
    }

    /// Whether the memory of a part is aligned for it to go direct.
    fn suits_direct(&self, position: usize, len: usize) -> bool {
        self.watched.alignment.is_some_and(|alignment| {
            let unit = alignment.unit(self.watched.direction == Direction::Write);
            let memory = self.memory(position, len);
            let alone = memory.len() == 1;
            memory.iter().all(|memory| {
                memory.start.is_multiple_of(alignment.memory)
                    && (alone || memory.len().is_multiple_of(unit))
            })
        })
    }

    /// Its ticket gives a result: nothing may touch the buffer any more.
    pub(crate) fn resolve(&mut self) {
        self.resolved = true;
    }

    /// Whether the engine may no longer use the buffer.
    pub(crate) fn is_over(&self) -> bool {
        self.resolved || self.watched.drops.iter().any(|drops| drops.count() > 0)
    }

    /// A later barrier of the file has a transfer: whether this request has ended, as it must.
    pub(crate) fn pass(&mut self, file: usize) -> bool {
        if self.unordered || self.watched.file != file {
            return true;
        }
        self.passed = true;
        self.next.is_empty()
    }

    /// Whether it asks for the same of the same file.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let asked = |track: &Self| (track.watched.file, track.watched.direction);
        asked(self) == asked(other)
    }

    /// What this one's calls seemed to be were the other's, and the other way round.
    pub(crate) fn swap_calls(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.begun, &mut other.begun);
        std::mem::swap(&mut self.next, &mut other.next);
        std::mem::swap(&mut self.attempts, &mut other.attempts);
        std::mem::swap(&mut self.over, &mut other.over);
        std::mem::swap(&mut self.failures, &mut other.failures);
    }

    /// Whether nothing of it was ever begun.
    pub(crate) fn is_untouched(&self) -> bool {
        self.begun.is_empty()
    }

    pub(crate) fn is_sync(&self) -> bool {
        matches!(self.watched.direction, Direction::Sync | Direction::SyncAll)
    }

    pub(crate) fn is_barrier(&self) -> bool {
        matches!(self.watched.direction, Direction::Sync | Direction::SyncAll | Direction::Flush(_))
    }

    /// So many bytes of a part were moved on the file.
    pub(crate) fn performed(&mut self, part: &Part, moved: usize) {
        if moved > 0 {
            self.performed.push(part.position..part.position + moved);
        }
    }

    /// The engine is told of a part's outcome; what must follow is known from here on. `true` if
    /// that is nothing: the block is over.
    pub(crate) fn report(&mut self, part: &Part, result: Result<usize, Errno>) -> bool {
        let awaited = self.next.len();
        let Part { position, len, direct, bounced, .. } = *part;
        let go_on = |moved: usize, direct: bool| {
            let bounced = direct && bounced;
            Next { position: position + moved, len: len - moved, direct, bounced }
        };
        match result {
            Ok(moved) if moved == len => {}
            Ok(0) if self.watched.direction == Direction::Read => {
                self.failures.push((position, None));
            }
            Ok(0) => self.failures.push((position, Some(Errno::EIO))),
            Ok(moved) => {
                let aligned = self.watched.alignment.is_some_and(|alignment| {
                    let file = self.watched.offset as usize + position + moved;
                    let unit = alignment.unit(self.watched.direction == Direction::Write);
                    file.is_multiple_of(unit)
                        && (bounced || self.suits_direct(position + moved, len - moved))
                });
                self.next.push(go_on(moved, direct && aligned));
            }
            Err(Errno::EINTR) => self.next.push(go_on(0, direct)),
            Err(Errno::EINVAL) if direct => self.next.push(go_on(0, false)),
            Err(errno) => self.failures.push((position, Some(errno))),
        }
        if let Ok(moved @ 1..) = result {
            self.reported.push(position..position + moved);
        }
        let over = self.next.len() == awaited;
        self.over += usize::from(over);
        over
    }

    /// From now on no more than so many blocks may begin.
    pub(crate) fn cancel(&mut self, may_begin: usize) {
        self.may_begin.get_or_insert(may_begin);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.may_begin.is_some()
    }

    /// What was moved on the file.
    pub(crate) fn moved(&self) -> &[Range<usize>] {
        &self.performed
    }

    /// Bytes that the engine knows were moved.
    pub(crate) fn bytes_reported(&self) -> usize {
        self.reported.iter().map(ExactSizeIterator::len).sum()
    }

    /// How many of the first bytes the engine knows were moved.
    fn contiguous(&self) -> usize {
        let mut ranges = self.reported.clone();
        ranges.sort_by_key(|range| range.start);
        ranges
            .iter()
            .fold(0, |end, range| if range.start <= end { end.max(range.end) } else { end })
    }

    /// Whether it has failed, once it has ended: also if it was cancelled, which comes too late when
    /// all of it has been begun.
    pub(crate) fn has_failed(&self) -> bool {
        !self.failures.is_empty() || self.contiguous() < self.len() || self.over == 0
    }
}

/// Where a transfer's bytes lie.
pub(super) fn addresses(transfer: &Transfer) -> Vec<Range<usize>> {
    let slices = transfer.segment.slices();
    let ranges =
        slices.iter().map(|slice| slice.as_ptr().addr()..slice.as_ptr().addr() + slice.len());
    ranges.filter(|range| !range.is_empty()).collect()
}
