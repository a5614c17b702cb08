//! What the crate `serde` needs to know: structs as it serializes them.

mod serialize;

pub use serialize::serialize;
