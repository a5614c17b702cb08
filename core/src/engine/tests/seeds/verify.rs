//! What must hold of results, failures, the file and the statistics.

use std::{os::unix::fs::FileExt, thread};

use super::{
    drive::{Asked, Drive, Made},
    promise::Outcome,
};
use crate::{
    error::{Error, ErrorKind, Failures, Operation},
    sys::{
        Direction,
        sim::{Counted, Totals},
    },
};

impl Drive<'_> {
    /// The ticket gave a result.
    pub(super) fn resolved(&mut self, at: usize, outcome: Outcome) {
        let Outcome { told, buffers } = outcome;
        let made = &mut self.made[at];
        // Else the engine's end has counted it.
        self.told += u64::from(told.is_err() && made.untold);
        made.untold = false;
        let lost = self.sim.excuses().shut_down
            && buffers.is_none()
            && told.as_ref().is_err_and(|error| error.kind() == ErrorKind::ShutDown);
        if !lost {
            self.sim.resolve(made.number);
        }
        let (track, in_flight) = self.sim.track(made.number);
        let mut wrong = Vec::new();
        if in_flight > 0 && !lost {
            wrong.push(format!("ended with {in_flight} transfers in flight"));
        }
        let known = told.as_ref().copied().map_err(about);
        wrong.extend(track.explains(known, self.sim.excuses()).err());
        if let Err(error) = &told
            && !made.is_named_by(error)
        {
            wrong.push(format!("the error is of another request: {error:?}"));
        }
        let done = told.as_ref().map_or_else(Error::done, |()| made.asked.bytes.len());
        match buffers {
            None if lost => {}
            None => wrong.push("the buffers are missing".into()),
            Some(buffers) => {
                wrong.extend(made.asked.compare(&buffers, done));
                if made.drops.iter().any(|drops| drops.count() != 0) {
                    wrong.push("a buffer was dropped before it was given back".into());
                }
            }
        }
        let asked = made.described();
        self.wrong.extend(wrong.into_iter().map(|what| format!("{asked}: {what}")));
    }

    /// A sync or the close reports the failures that nobody was told of, which are all those of the
    /// requests in question.
    pub(super) fn reported(
        &mut self,
        failures: Vec<Error>,
        by: &str,
        in_question: impl Fn(&Made) -> bool,
    ) {
        let excuses = self.sim.excuses();
        self.told += failures.len() as u64;
        for error in failures {
            let of = self.made.iter_mut().find(|made| {
                let (track, _) = self.sim.track(made.number);
                made.untold
                    && in_question(made)
                    && made.is_named_by(&error)
                    && track.has_failed()
                    && track.explains(Err(about(&error)), excuses).is_ok()
            });
            match of {
                Some(made) => made.untold = false,
                None => self.wrong.push(format!("{by} reports what nothing explains: {error:?}")),
            }
        }
        for made in self.made.iter_mut().filter(|made| made.untold && in_question(made)) {
            let (track, _) = self.sim.track(made.number);
            // One that waited for the end of a delivery comes a moment later, as does one that a worker
            // with a panic is about to tell of.
            if excuses.shut_down && (track.is_barrier() || excuses.poisoned) {
                continue;
            }
            if track.has_failed() {
                let told = track.explains(Ok(()), excuses).err();
                let asked = made.described();
                self.wrong.push(format!("{by} says nothing of the failure of {asked}: {told:?}"));
            }
            // It succeeded, or was told of before it could be known.
            made.untold = false;
        }
    }

    /// Brings the model to what must be in the file now and compares the two.
    pub(super) fn compare_file(&mut self) {
        for made in &self.made[self.last_round..] {
            let (track, _) = self.sim.track(made.number);
            let Asked { direction, offset, ref bytes, .. } = made.asked;
            if direction == Direction::Write {
                for moved in track.moved() {
                    let end = offset + moved.end;
                    let len = self.model.len().max(end);
                    self.model.resize(len, 0);
                    self.model[offset + moved.start..end].copy_from_slice(&bytes[moved.clone()]);
                }
            }
            if let (Direction::Allocate(len), true) = (direction, track.allocated) {
                let len = self.model.len().max(offset + len as usize);
                self.model.resize(len, 0);
            }
            if made.asked.whole && !track.has_failed() {
                self.model.truncate(bytes.len());
            }
        }
        let len = self.on_disk.metadata().unwrap().len() as usize;
        let mut found = vec![0; len];
        self.on_disk.read_exact_at(&mut found, 0).unwrap();
        if found != self.model {
            self.wrong.push(format!("the file {}", differ(&found, &self.model)));
        }
    }

    pub(super) fn compare_stats(&mut self) {
        // A worker may be between counting a wake and telling the backend.
        for _ in 0..10_000 {
            if self.engine().stats().notifications == self.sim.totals().notifications {
                break;
            }
            thread::yield_now();
        }
        let stats = self.engine().stats();
        let Totals { transfers, direct, bounced, buffered, notifications } = self.sim.totals();
        let of = |wanted: fn(&Direction) -> bool| {
            self.made.iter().filter(|made| wanted(&made.asked.direction)).count() as u64
        };
        let barriers = of(|direction| {
            matches!(direction, Direction::Sync | Direction::SyncAll | Direction::Flush(_))
        });
        let lanes = self.scenario.shape.all_lanes().count();
        // Callbacks make requests beyond it.
        let most = self.scenario.settings.queue_capacity as u64 + self.followers;
        let checks = [
            ("in flight", stats.in_flight, 0),
            ("beyond the capacity", stats.peak_in_flight.saturating_sub(most), 0),
            ("reads", stats.read.requests, of(|direction| *direction == Direction::Read)),
            ("writes", stats.write.requests, of(|direction| *direction == Direction::Write)),
            ("syncs", stats.sync.requests, self.syncs + barriers),
            (
                "allocations",
                stats.allocation.requests,
                of(|direction| matches!(direction, Direction::Allocate(_))),
            ),
            ("transfers", stats.transfers, transfers),
            ("direct bytes", stats.direct_bytes, direct),
            ("bounced bytes", stats.bounced_bytes, bounced),
            ("buffered bytes", stats.buffered_bytes, buffered),
            ("notifications", stats.notifications, notifications),
            ("workers beyond the lanes", stats.workers.saturating_sub(lanes as u64), 0),
        ];
        for (what, counted, known) in checks {
            if counted != known {
                self.wrong.push(format!("statistics: {what} {counted}, the record says {known}"));
            }
        }
        for (direction, counted) in
            [(Direction::Read, &stats.read), (Direction::Write, &stats.write)]
        {
            let (mut asked, mut moved, mut failed) = (0, 0, 0);
            for made in self.made.iter().filter(|made| made.asked.direction == direction) {
                let (track, _) = self.sim.track(made.number);
                asked += track.len() as u64;
                moved += track.bytes_reported() as u64;
                failed += u64::from(track.has_failed());
            }
            let known = (asked, moved, failed, counted.requests);
            let told =
                (counted.bytes_asked, counted.bytes_moved, counted.failed, counted.latency.count());
            if told != known {
                self.wrong.push(format!("statistics: {direction:?} {told:?}, should be {known:?}"));
            }
        }
    }
}

impl Asked {
    /// What is wrong with the buffers given back, of whose bytes the first `done` are good.
    fn compare(&self, buffers: &[Counted], done: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        if buffers.len() != self.lens.len() {
            wrong.push(format!("{} buffers came back", buffers.len()));
        }
        let mut start = 0;
        for (buffer, &(len, for_read)) in buffers.iter().zip(&self.lens) {
            let good = match self.direction {
                Direction::Write => len,
                _ => done.saturating_sub(start).min(len),
            };
            let (found, expected) = (buffer.as_slice(), &self.bytes[start..start + len]);
            let shown = if for_read { good } else { len };
            if found.len() != shown || found[..good] != expected[..good] {
                let differ = differ(found, expected);
                wrong.push(format!("the first {good} bytes of the buffer at {start} {differ}"));
            }
            start += len;
        }
        wrong
    }
}

impl Made {
    /// Whether the error says that it is of this request.
    pub(super) fn is_named_by(&self, error: &Error) -> bool {
        let operation = match self.asked.direction {
            Direction::Write => Operation::Write,
            Direction::Read => Operation::Read,
            Direction::Sync => Operation::Sync,
            Direction::SyncAll => Operation::SyncAll,
            Direction::Flush(_) => Operation::Flush,
            Direction::Allocate(_) => Operation::Preallocate,
        };
        (error.operation(), error.path()) == (operation, Some(&*self.path))
            && (error.offset(), error.wanted()) == (self.asked.offset as u64, self.asked.wanted)
    }

    pub(super) fn described(&self) -> String {
        let Asked { direction, offset, ref bytes, fate, cancel, .. } = self.asked;
        let Self { number, path, .. } = self;
        let len = bytes.len();
        let file = path.file_name().unwrap_or_default();
        format!(
            "request {number}, {direction:?} {len} at {offset} of {file:?}, {fate:?}, {cancel:?}"
        )
    }
}

pub(super) fn about(error: &Error) -> (ErrorKind, Option<i32>, usize) {
    (error.kind(), error.errno(), error.done())
}

pub(super) fn parts(outcome: Result<(), Failures>) -> (Vec<Error>, usize) {
    outcome.map_or_else(|told| (told.errors().to_vec(), told.omitted()), |()| (Vec::new(), 0))
}

fn differ(found: &[u8], expected: &[u8]) -> String {
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let count = found.iter().zip(expected).filter(|(found, expected)| found != expected).count();
    let (found, expected) = (found.len(), expected.len());
    format!("differ: {count} bytes from {first:?} on; {found} bytes, {expected} expected")
}
