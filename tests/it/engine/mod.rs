//! The engine: what a request does to files and memory, what its ticket tells, and how an engine
//! begins and ends.

mod end_of_file;
mod errors;
mod failures;
mod limits;
mod matrix;
mod model;
mod ranges;
mod scope;
mod storm;
mod tickets;
mod wakers;

mod capabilities;
mod support;
mod told;
