//! What the integration tests (in `it`) and the processes they start (in `src/bin`) share.

pub mod bytes;
pub mod cache;
pub mod fork;
pub mod generations;
pub mod hooked;
#[cfg(target_os = "linux")]
pub mod mounts;
pub mod process;
pub mod rounds;
#[cfg(target_os = "linux")]
pub mod seccomp;
pub mod settings;
pub mod small_disk;
pub mod store_model;
