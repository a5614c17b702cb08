//! Backends for tests, which keep the contract of [`crate::sys`] and record what reaches them. What
//! they let through happens on the real file.

mod arena;
mod disk;
mod faults;
mod journal;
mod random;
mod recording;
mod seeded;
mod track;
mod watcher;

pub(crate) use arena::{Arena, Counted, Drops};
#[cfg(any(feature = "store", feature = "safetensors"))]
pub(crate) use disk::make;
pub(crate) use disk::{Allowed, Step, replay};
pub(crate) use faults::Faults;
pub(crate) use journal::{Change, Journal};
pub(crate) use random::{Random, mix};
pub(crate) use recording::{Call, Event, Fault, Sim};
pub(crate) use seeded::{Order, Seeded, Totals};
pub(crate) use track::{Excuses, Track, Watched};
pub(crate) use watcher::Watcher;
