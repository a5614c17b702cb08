//! Files as streams: what any serializer writes to, and any parser reads from, moved by the engine in
//! large aligned blocks, several of them in flight.

mod ahead;
mod buffers;
#[cfg(feature = "futures-io")]
mod futures_io;
mod incoming;
mod options;
mod outgoing;
mod patience;
mod place;
mod reader;
#[cfg(all(test, not(loom)))]
pub(crate) mod tests;
#[cfg(feature = "tokio")]
mod tokio;
mod writer;

pub use options::WriterOptions;
pub use reader::FileReader;
pub use writer::FileWriter;
#[cfg(feature = "safetensors")]
pub(crate) use writer::was_named;
