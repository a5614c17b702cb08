//! Memory: pools and their buffers, and the buffers of others.

mod allocator;
mod at_offset;
mod for_read;
mod kinds;
mod pool;
mod processes;
mod reuse;
mod views;
