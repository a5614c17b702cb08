//! What must hold of results, failures, the file and the statistics.

use std::os::unix::fs::FileExt;

use super::drive::{Asked, Drive, Made};
use crate::{
    engine::Failed,
    error::{Error, ErrorKind, Failures, Operation},
    sys::{
        Direction,
        sim::{Counted, Totals},
    },
};

impl Drive<'_> {
    /// The ticket gave a result.
    pub(super) fn resolved(&mut self, at: usize, result: Result<Counted, Failed<Counted>>) {
        let (told, buffer) = match result {
            Ok(buffer) => (Ok(()), Some(buffer)),
            Err(failed) => {
                let (error, buffer) = failed.into_parts();
                (Err(error), buffer)
            }
        };
        let made = &mut self.made[at];
        // Else the engine's close has counted it.
        self.told += u64::from(told.is_err() && made.untold);
        made.untold = false;
        self.sim.resolve(made.number);
        let (track, in_flight) = self.sim.track(made.number);
        let mut wrong = Vec::new();
        if in_flight > 0 {
            wrong.push(format!("ended with {in_flight} transfers in flight"));
        }
        let known = told.as_ref().copied().map_err(about);
        wrong.extend(track.explains(known, self.sim.panicked()).err());
        if let Err(error) = &told
            && !made.is_named_by(error)
        {
            wrong.push(format!("the error is of another request: {error:?}"));
        }
        let done = told.as_ref().map_or_else(Error::done, |()| made.asked.bytes.len());
        match buffer {
            None => wrong.push("the buffer is missing".into()),
            Some(buffer) => {
                let good = match made.asked.direction {
                    Direction::Write => made.asked.bytes.len(),
                    _ => done,
                };
                let found = buffer.as_slice();
                if found.len() != made.asked.bytes.len()
                    || found[..good] != made.asked.bytes[..good]
                {
                    wrong.push(format!(
                        "the first {good} bytes of the buffer {}",
                        differ(found, &made.asked.bytes,)
                    ));
                }
                if made.drops.count() != 0 {
                    wrong.push("the buffer was dropped before it was given back".into());
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
        let poisoned = self.sim.panicked();
        self.told += failures.len() as u64;
        for error in failures {
            let of = self.made.iter_mut().find(|made| {
                let (track, _) = self.sim.track(made.number);
                made.untold
                    && in_question(made)
                    && made.is_named_by(&error)
                    && track.explains(Err(about(&error)), poisoned).is_ok()
            });
            match of {
                Some(made) => made.untold = false,
                None => self.wrong.push(format!("{by} reports what nothing explains: {error:?}")),
            }
        }
        for made in self.made.iter_mut().filter(|made| made.untold && in_question(made)) {
            let (track, _) = self.sim.track(made.number);
            if track.must_have_failed() == Some(true) {
                let told = track.explains(Ok(()), poisoned).unwrap_err();
                let asked = made.described();
                self.wrong.push(format!("{by} says nothing of the failure of {asked}: {told}"));
            }
            // It succeeded, or was told of before it could be known.
            made.untold = false;
        }
    }

    /// Brings the model to what must be in the file now and compares the two.
    pub(super) fn compare_file(&mut self) {
        for made in &self.made[self.last_round..] {
            let (track, _) = self.sim.track(made.number);
            if made.asked.direction == Direction::Write {
                for moved in track.moved() {
                    let end = made.asked.offset + moved.end;
                    let len = self.model.len().max(end);
                    self.model.resize(len, 0);
                    self.model[made.asked.offset + moved.start..end]
                        .copy_from_slice(&made.asked.bytes[moved.clone()]);
                }
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
        let stats = self.engine().stats();
        let Totals { transfers, direct, bounced, buffered, notifications } = self.sim.totals();
        let of = |direction, wanted: fn(&Made) -> bool| {
            let these = self.made.iter().filter(|made| made.asked.direction == direction);
            these.filter(|made| wanted(made)).count() as u64
        };
        let lanes = self.scenario.shape.groups * self.scenario.shape.lanes_per_group;
        let checks = [
            ("in flight", stats.in_flight, 0),
            ("reads", stats.read.requests, of(Direction::Read, |_| true)),
            ("writes", stats.write.requests, of(Direction::Write, |_| true)),
            ("syncs", stats.sync.requests, self.syncs),
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
            let (mut asked, mut moved, mut least, mut most) = (0, 0, 0, 0);
            for made in self.made.iter().filter(|made| made.asked.direction == direction) {
                let (track, _) = self.sim.track(made.number);
                asked += track.len() as u64;
                moved += track.bytes_reported() as u64;
                // A cancelled request may have succeeded as well.
                least += u64::from(track.must_have_failed() == Some(true));
                most += u64::from(track.must_have_failed() != Some(false));
            }
            let exact = (counted.bytes_asked, counted.bytes_moved, counted.latency.count());
            if exact != (asked, moved, counted.requests) {
                let known = (asked, moved, counted.requests);
                self.wrong
                    .push(format!("statistics: {direction:?} {exact:?}, should be {known:?}"));
            }
            if !(least..=most).contains(&counted.failed) {
                let (counted, allowed) = (counted.failed, least..=most);
                self.wrong
                    .push(format!("statistics: {counted} {direction:?} failed, not {allowed:?}"));
            }
        }
    }
}

impl Made {
    /// Whether the error says that it is of this request.
    fn is_named_by(&self, error: &Error) -> bool {
        let operation = match self.asked.direction {
            Direction::Write => Operation::Write,
            _ => Operation::Read,
        };
        (error.operation(), error.path()) == (operation, Some(&*self.path))
            && (error.offset(), error.wanted())
                == (self.asked.offset as u64, self.asked.bytes.len())
    }

    pub(super) fn described(&self) -> String {
        let Asked { direction, offset, ref bytes, fate, cancel } = self.asked;
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
