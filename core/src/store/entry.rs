//! How a store's requests get into the engine's queue.

use std::future::poll_fn;

use crate::{
    buf::{IoBuf, IoBufMut},
    engine::{AioFile, Engine, Room, Submission, Ticket},
};

/// What an operation does for the room that its requests need.
pub(super) enum Entry {
    /// It waits for it, request by request.
    Waits,
    /// It has room, which is kept until it has ended or has to wait for other operations, and all its
    /// requests go past the queue's bound.
    Awaited { _room: Room },
    /// Its caller bounds how many there are.
    Bounded,
}

impl Entry {
    /// Of an operation that has to wait for others: they may need the room that it has, which is to be
    /// dropped with no lock held, and it goes past the bound from then on.
    pub(super) fn give_back(&mut self) -> Option<Self> {
        let is_awaited = matches!(self, Self::Awaited { .. });
        is_awaited.then(|| std::mem::replace(self, Self::Bounded))
    }

    /// Room for an operation, awaited.
    pub(super) async fn awaited(engine: &Engine) -> Self {
        let mut entering = None;
        let room = poll_fn(|context| engine.poll_room(&mut entering, context)).await;
        Self::Awaited { _room: room }
    }

    pub(super) fn pread<B: IoBufMut>(
        &self,
        engine: &Engine,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Ticket<B> {
        match self {
            Self::Waits => engine.pread(file, buffer, offset),
            Self::Awaited { .. } | Self::Bounded => {
                engine.submit_in(Room::past_the_bound(), file, Submission::read(buffer, offset))
            }
        }
    }

    pub(super) fn pwrite<B: IoBuf>(
        &self,
        engine: &Engine,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Ticket<B> {
        match self {
            Self::Waits => engine.pwrite(file, buffer, offset),
            Self::Awaited { .. } | Self::Bounded => {
                engine.submit_in(Room::past_the_bound(), file, Submission::write(buffer, offset))
            }
        }
    }
}
