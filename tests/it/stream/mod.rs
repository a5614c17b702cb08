//! Files as streams.

mod dropped;
mod failures;
mod killed;
mod memory;
mod model;
mod ranges;
mod reader;
mod serializers;
mod tasks;
mod writer;
