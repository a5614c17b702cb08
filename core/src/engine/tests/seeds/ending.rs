//! The end of an engine, after which nothing may be lost or left over.

use std::{sync::Arc, thread, time::Duration};

use super::{
    drive::{Drive, Made},
    scenario::Ending,
    verify::parts,
};
use crate::engine::Engine;

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(1 << 20);

impl Drive<'_> {
    pub(super) fn end(mut self) -> Vec<String> {
        let failed = self.engine().stats().failed();
        let abrupt = self.scenario.abrupt;
        if !abrupt {
            self.compare_stats();
        }
        match self.scenario.ending {
            Ending::Close => {
                let (failures, omitted) = parts(self.take_engine().close());
                self.ended(failures, omitted, failed);
            }
            Ending::Drop => drop(self.take_engine()),
            Ending::DropElsewhere => {
                let engine = self.take_engine();
                thread::spawn(move || drop(engine)).join().unwrap();
            }
            Ending::Shutdown if self.held => self.shut_down(),
            Ending::Shutdown => {
                let (failures, omitted) = parts(self.engine().shutdown(FOR_EVER));
                self.ended(failures, omitted, failed);
                drop(self.take_engine());
            }
        }
        for at in 0..self.made.len() {
            if let Some(ticket) = self.made[at].ticket.take() {
                if !ticket.is_done() {
                    self.wrong.push(format!("request {at} is lost: the engine has ended"));
                    continue;
                }
                self.resolved(at, ticket.wait());
            }
            self.await_call(at);
        }
        if self.scenario.ending == Ending::Shutdown {
            // Workers that nobody waits for.
            let is_done =
                |made: &Made| made.forgotten || made.drops.iter().all(|drops| drops.count() > 0);
            while self.sim.lanes() > 0 || !self.made.iter().all(is_done) {
                thread::yield_now();
            }
        }
        if abrupt {
            self.compare_file();
        }
        for at in 0..self.made.len() {
            let made = &self.made[at];
            let drops: Vec<_> = made.drops.iter().map(|drops| drops.count()).collect();
            if drops.iter().any(|&drops| drops != usize::from(!made.forgotten)) {
                self.wrong.push(format!("{}: dropped {drops:?} times", made.described()));
            }
            let wakes = made.waker.count();
            let stale = made.stale_waker.as_ref().map_or(0, |waker| waker.count());
            if wakes > 1 || stale > 0 {
                self.wrong.push(format!("request {at}: {wakes} wakes, {stale} of an old waker"));
            }
        }
        if !self.arena.guards_hold() {
            self.wrong.push("bytes next to a buffer were written".into());
        }
        self.wrong.extend(self.sim.wrong());
        self.wrong
    }

    /// The engine, once no callback makes a request.
    fn take_engine(&mut self) -> Engine {
        let mut shared = self.engine.take().expect("the engine until its end");
        loop {
            match Arc::try_unwrap(shared) {
                Ok(engine) => return engine,
                Err(again) => shared = again,
            }
            thread::yield_now();
        }
    }

    fn ended(&mut self, failures: Vec<crate::Error>, omitted: usize, failed: u64) {
        self.reported(failures, "the end", |_| true);
        if omitted > 0 || !self.scenario.abrupt && self.told != failed {
            let told = self.told;
            self.wrong.push(format!("{failed} failed, {told} told of, {omitted} omitted"));
        }
    }

    /// Ends the engine while nothing completes.
    fn shut_down(&mut self) {
        // They make no request.
        for (at, later) in std::mem::take(&mut self.late) {
            drop(later);
            self.made[at].untold = false;
            self.sim.resolve(self.made[at].number);
        }
        self.hear_calls();
        self.sim.shut_down();
        let timeout = Duration::from_micros(self.seed % 3 * 100);
        let (failures, omitted) = parts(self.engine().shutdown(timeout));
        if omitted > 0 {
            self.wrong.push(format!("{omitted} omitted"));
        }
        self.reported(failures, "shutdown", |made| made.called.is_none());
        // A barrier may wait for the end of a delivery, but for nothing in flight.
        let has_ended = |made: &Made| made.ticket.as_ref().is_none_or(|ticket| ticket.is_done());
        while !self.made.iter().all(has_ended) {
            thread::yield_now();
        }
        // Nobody cuts the file any more.
        self.made[self.last_round..].iter_mut().for_each(|made| made.asked.whole = false);
        self.sim.open();
        drop(self.take_engine());
    }
}
