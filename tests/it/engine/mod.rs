//! The engine: what a request does to files and memory, what its ticket tells, and how an engine
//! begins and ends.

mod completion;
#[cfg(target_os = "linux")]
mod direct;
mod end_of_file;
mod errors;
mod executors;
mod failures;
mod lifecycle;
mod limits;
mod matrix;
mod model;
mod options;
mod ranges;
mod scope;
mod storm;
mod tickets;
mod wakers;

#[cfg(target_os = "linux")]
mod page_cache;
mod support;
mod told;
