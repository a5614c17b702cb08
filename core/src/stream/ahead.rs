//! Reserving space ahead of what a stream writes: bytes that go to reserved space do not make the file
//! longer one by one, which costs the most.
//!
//! To reserve, a file system waits for what is being written to the file and lets nothing begin meanwhile.
//! So it is asked as seldom as can be, and by a writer that has nothing to send before it has answered:
//! what would be sent would wait in threads of the kernel's.

use std::task::Poll;

use super::patience::Patience;
use crate::engine::{AioFile, Engine, Ticket};

/// The first step, in bytes.
const FIRST: u64 = 16 << 20;

/// How much longer each step is than all before it.
const GROWTH: u64 = 3;

/// The longest.
const LONGEST: u64 = 1 << 30;

pub(super) struct Ahead {
    /// Whether space is to be reserved.
    on: bool,
    /// Where the reserved space ends.
    end: u64,
    /// A reservation from there on, and its length.
    pending: Option<(Ticket<()>, u64)>,
}

impl Ahead {
    /// None for a file where it saves nothing, or which has its space.
    pub(super) fn none() -> Self {
        Self { on: false, end: 0, pending: None }
    }

    /// For a file that has its first `end` bytes.
    pub(super) fn of(file: &AioFile, end: u64) -> Self {
        Self { on: file.is_direct(), end, pending: None }
    }

    /// Before a write that ends at `end`: waits for the space that it goes to. A file system that cannot
    /// reserve gets a zero at the end of it instead, which must not come after the write.
    pub(super) fn poll_reach(
        &mut self,
        engine: &Engine,
        file: &AioFile,
        end: u64,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<()> {
        while self.on && end > self.end {
            if self.pending.is_none() {
                let step = self.end.saturating_mul(GROWTH).clamp(FIRST, LONGEST);
                // What there is no room to ask for is not worth waiting for.
                let Ok(ticket) = engine.try_allocate(file, self.end, step) else {
                    return Poll::Ready(());
                };
                self.pending = Some((ticket, step));
            }
            if self.poll_settled(patience).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Waits until nothing is being reserved. What could not be had ends the matter: whether the bytes
    /// themselves find room is seen when they are written.
    pub(super) fn poll_settled(&mut self, patience: &mut Patience<'_, '_>) -> Poll<()> {
        let Some((ticket, step)) = self.pending.take() else {
            return Poll::Ready(());
        };
        match patience.end_of(ticket) {
            Ok(Ok(())) => self.end = self.end.saturating_add(step),
            Ok(Err(_)) => self.on = false,
            Err(ticket) => {
                self.pending = Some((ticket, step));
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Lets a reservation end by itself: if it fails, nobody needs to know.
    pub(super) fn leave(&mut self) {
        if let Some((ticket, _)) = self.pending.take() {
            ticket.on_completion(drop);
        }
    }
}
