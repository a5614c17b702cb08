//! The engine: what a request does to files and memory, what its ticket tells, and how an engine
//! begins and ends.

#[cfg(target_os = "linux")]
mod adopt;
mod backends;
mod completion;
#[cfg(target_os = "linux")]
mod direct;
mod durability;
mod end_of_file;
mod errors;
mod executors;
mod failures;
#[cfg(target_os = "linux")]
mod injected;
mod killed;
mod lifecycle;
mod limits;
mod matrix;
mod messages;
mod model;
#[cfg(target_os = "linux")]
mod modes;
#[cfg(target_os = "linux")]
mod neighbours;
mod options;
mod processes;
mod ranges;
mod room;
mod scope;
#[cfg(target_os = "linux")]
mod sectors;
mod stats;
mod storm;
mod tickets;
mod truncated;
mod vectored;
mod wakers;
mod whole_file;

#[cfg(target_os = "linux")]
mod page_cache;
pub(crate) mod support;
mod told;
