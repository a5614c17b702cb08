//! The engine: what a request does to files and memory, what its ticket tells, and how an engine
//! begins and ends.

mod matrix;
mod model;

mod scope;
mod support;
