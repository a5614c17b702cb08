//! Stores: named tensors in the files of a directory, or of several on as many devices.
//!
//! The data's way: an operation (put, read, range) becomes requests of the engine on places of data
//! files, and callbacks on the engine's workers see to the checksums. Everything here is built on what
//! the engine offers to anybody.
//!
//! - put.rs, read.rs, range.rs: the operations; pieces.rs: how they are cut into requests; change.rs,
//!   reading.rs: from the requests to the end; entry.rs: what they do for room; forms.rs, batch.rs: awaited,
//!   and several at once
//! - pipeline/: tensors that are read ahead of computations, and written behind them
//! - tensor.rs: a tensor's versions and who waits for them; catalog.rs, pin.rs: which tensors there are;
//!   memory.rs: which of them are in memory besides
//! - place.rs: how a tensor lies in one directory or several; space.rs: free extents of data files,
//!   without touching one; directory.rs, handles.rs, files.rs, names.rs: directories and files
//! - checksum.rs, index.rs, label.rs, commit.rs: what is compared, written down, and made durable
//! - builder.rs, ranks.rs, opening.rs, owner.rs, ending.rs: how a store begins and ends, and that it is
//!   alone
//! - ticket.rs, helpers.rs, lives.rs: who waits, which threads compute, what is under way
//!
//! What it rests on:
//!
//! - A tensor's bytes are a [`tensor::Record`], and whoever has the record may read its place: a place
//!   is written to by its only owner. What a commit refers to has an owner in [`commit::Committed`].
//! - The lock of [`inner::State`] orders operations. No file is touched and no code of others runs
//!   under it.
//! - In a forked child no lock is taken.

mod batch;
mod builder;
mod catalog;
mod change;
mod checksum;
mod commit;
mod directory;
mod ending;
mod entry;
mod error;
mod file_system;
mod files;
mod forms;
mod handles;
mod helpers;
mod index;
mod inner;
mod label;
mod lives;
mod memory;
mod names;
mod opening;
mod owner;
mod pieces;
mod pin;
mod pipeline;
mod place;
mod put;
mod range;
mod ranks;
mod read;
mod reading;
mod space;
mod tensor;
#[cfg(all(test, not(loom)))]
mod tests;
mod ticket;

use std::{
    fmt,
    ops::RangeBounds,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    buf::{AioBuf, IoBuf, IoBufMut},
    config::{EnvSource, StoreConfig},
    engine::Engine,
};
use builder::Spread;
use entry::Entry;
use inner::Inner;

pub use batch::StoreBatch;
pub use builder::{Stale, StoreBuilder};
pub use commit::Commit;
pub use error::{StoreError, StoreErrorKind, StoreOperation};
pub use pin::Pin;
pub use pipeline::{
    GroupArrays, StreamedTensor, TensorGroup, TensorStream, TensorUpdate, Update, UpdateCause,
    UpdateError, UpdateGroup, UpdateOutcome, Updated,
};
pub use ticket::{StoreFailed, StoreTicket};

/// What a store promises to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Ephemeral,
    Durable,
}

/// Named tensors of bytes in a directory, moved by an [`Engine`](crate::Engine).
///
/// Names are any text, tensors of any length. Small tensors share files; the checksums of all bytes are
/// kept apart from them, in memory and in the index of a durable store, and compared on every read:
/// what is not what was put is [`StoreErrorKind::Corrupt`], never data.
///
/// Operations on one name take effect in the order in which they are made: a get after a put sees what
/// was put, whether or not that has ended, and none sees a part of it. A put that fails leaves the
/// tensor as it was; if it had begun to overwrite the tensor in place, the tensor is
/// [`StoreErrorKind::Lost`] until the next put.
///
/// An ephemeral store (the default) is for swapping: it overwrites in place, syncs nothing, and its
/// files go with it. A durable one keeps what was committed. Either way one store at a time has the
/// directory, which may hold other files as well.
///
/// It is shared by reference or in an `Arc`. Dropping it waits for its requests, as
/// [`OffloadStore::close`] does, but tells of no failure. In a forked child of the process everything
/// fails with [`StoreErrorKind::Forked`], and there seem to be no tensors.
///
/// ```
/// use std::sync::Arc;
///
/// use ds_aio::{Engine, EngineSettings, OffloadStore};
///
/// # let dir = tempfile::tempdir()?;
/// # let directory = dir.path().join("optimizer");
/// let engine = Arc::new(Engine::new(&EngineSettings::default())?);
/// let store = OffloadStore::builder(&directory).open(&engine)?;
/// let mut momentum = engine.alloc(3 << 20)?;
/// momentum.fill(7);
///
/// let momentum = store.put("layers/0/momentum", momentum).wait()?;
/// let back = store.get("layers/0/momentum").wait()?;
/// assert_eq!(back[..], momentum[..]);
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OffloadStore {
    inner: Arc<Inner>,
}

/// A tensor of a store; see [`OffloadStore::tensors`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its length in bytes.
    pub len: u64,
}

impl OffloadStore {
    /// Begins to open a store in that directory.
    pub fn builder(directory: impl Into<PathBuf>) -> StoreBuilder {
        StoreBuilder::new(vec![directory.into()], Spread::Hashed)
    }

    /// Begins to open a store where a configuration says, in one directory or several; `environment` is
    /// where launchers have left the rank of the process, such as
    /// [`ProcessEnv`](crate::config::ProcessEnv).
    ///
    /// With several directories a tensor is in one or in all, as
    /// [`StoreConfig::placement`](crate::StoreConfig) says, and each device has an engine of its own
    /// ([`StoreBuilder::device_engine`]). The index is in the first directory, and a label in each tells
    /// which one it is. A process that has the directories alone names its rank in them, or shares none
    /// by [`Placement::Rank`](crate::Placement).
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use ds_aio::{AioConfig, Engine, OffloadStore, StoreConfig};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dirs = format!("{0}/nvme0/{{rank}},{0}/nvme1/{{rank}}", dir.path().display());
    /// // As a job script and torchrun set them; `ProcessEnv` are those of this process.
    /// let environment = [("DS_AIO_DIRS", &*dirs), ("RANK", "3"), ("LOCAL_RANK", "3")];
    /// let config = StoreConfig::loader().env_from(&environment).load()?.value;
    /// let engine = Arc::new(Engine::new(&AioConfig::from_env()?)?);
    /// let store = OffloadStore::configured(&config, &environment)?.open(&engine)?;
    /// assert!(store.directories().all(|directory| directory.ends_with("3")));
    /// store.put("weights", vec![7; 1000]).wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::InvalidSetting`] with every path that is no such path,
    /// [`StoreErrorKind::NoRank`] and [`StoreErrorKind::RanksDisagree`] if the directories depend on a
    /// rank that nobody, or not everybody, tells.
    pub fn configured(
        config: &StoreConfig,
        environment: &(impl EnvSource + ?Sized),
    ) -> Result<StoreBuilder, StoreError> {
        StoreBuilder::configured(config, environment)
    }

    /// Stores the buffer's bytes under that name, in the place of what it stood for.
    ///
    /// It waits for room in the engine's queue as [`Engine::pwrite`](crate::Engine::pwrite) does.
    ///
    /// The ticket's errors: [`StoreErrorKind::Io`] for what the system or the engine answers,
    /// [`StoreErrorKind::Full`] if there is a capacity and room cannot be made,
    /// [`StoreErrorKind::Poisoned`], [`StoreErrorKind::Forked`]. What the name stands for is then as
    /// [`OffloadStore`] says.
    pub fn put<B: IoBuf>(&self, name: &str, buffer: B) -> StoreTicket<B> {
        put::put(&self.inner, name, buffer, Entry::Waits)
    }

    /// Overwrites the bytes of a tensor from `offset` on with the buffer's.
    ///
    /// Blocks that it overwrites only in part are read before anything is written, and compared: if they
    /// cannot be, the tensor stays as it was. Where others still need the tensor as it is (a get under way,
    /// the last commit), all of it is copied.
    ///
    /// The ticket's errors are those of [`OffloadStore::put`], [`StoreErrorKind::NotFound`],
    /// [`StoreErrorKind::OutOfBounds`], [`StoreErrorKind::Lost`], and [`StoreErrorKind::Corrupt`] for
    /// the blocks that are read.
    pub fn put_range<B: IoBuf>(&self, name: &str, offset: u64, buffer: B) -> StoreTicket<B> {
        range::put_range(&self.inner, name, offset, buffer, Entry::Waits)
    }

    /// The tensor's bytes, in a buffer of the engine's ([`Engine::alloc_for_read`](crate::Engine::alloc_for_read)).
    ///
    /// The ticket's errors: [`StoreErrorKind::NotFound`], [`StoreErrorKind::Corrupt`] with the block,
    /// [`StoreErrorKind::Lost`], [`StoreErrorKind::Io`], [`StoreErrorKind::Forked`].
    pub fn get(&self, name: &str) -> StoreTicket<AioBuf> {
        read::get(&self.inner, name, Entry::Waits)
    }

    /// The tensor's bytes, in a buffer that is exactly as long.
    ///
    /// The ticket's errors are those of [`OffloadStore::get`], and [`StoreErrorKind::WrongLength`].
    pub fn get_into<B: IoBufMut>(&self, name: &str, buffer: B) -> StoreTicket<B> {
        read::get_into(&self.inner, name, buffer, Entry::Waits)
    }

    /// A range of the tensor's bytes, in a buffer of the engine's. The blocks at its ends are read whole,
    /// and compared.
    ///
    /// The ticket's errors are those of [`OffloadStore::get`], and [`StoreErrorKind::OutOfBounds`].
    pub fn get_range(&self, name: &str, range: impl RangeBounds<u64>) -> StoreTicket<AioBuf> {
        read::get_range(&self.inner, name, range, Entry::Waits)
    }

    /// Fills the buffer with the tensor's bytes from `offset` on; otherwise as
    /// [`OffloadStore::get_range`].
    pub fn get_range_into<B: IoBufMut>(
        &self,
        name: &str,
        offset: u64,
        buffer: B,
    ) -> StoreTicket<B> {
        read::get_range_into(&self.inner, name, offset, buffer, Entry::Waits)
    }

    /// Reads the tensor into memory, so that gets of it and of its ranges are copies, until it is put again
    /// or makes room for others that are prefetched.
    ///
    /// The memory is that of [`StoreBuilder::memory`]; those make room that were prefetched or got least
    /// recently. Where others are on their way into it, this one waits for its turn, which comes
    /// when they are there; the call itself does not wait for that.
    ///
    /// The ticket's errors are those of [`OffloadStore::get`], and [`StoreErrorKind::Full`] at once if the
    /// tensor is longer than all of the memory, or the system has no thread to see to those that wait.
    pub fn prefetch(&self, name: &str) -> StoreTicket<()> {
        read::prefetch(&self.inner, name, Entry::Waits)
    }

    /// As [`OffloadStore::prefetch`], without waiting for a turn.
    ///
    /// The ticket's errors are those of [`OffloadStore::get`], and [`StoreErrorKind::Full`] if the memory
    /// does not suffice, since it is too little or others are on their way into it.
    pub fn try_prefetch(&self, name: &str) -> StoreTicket<()> {
        read::try_prefetch(&self.inner, name)
    }

    /// Bytes of memory that prefetched tensors take, and those on their way: whole pages of 4096.
    #[must_use]
    pub fn memory_in_use(&self) -> u64 {
        self.inner.memory.used()
    }

    /// Removes a tensor, and tells whether there was one. Reads of it that are under way go on.
    ///
    /// Its space is used again. Files that hold nothing are kept for that as far as they have no more than
    /// what is in use and a slab; those give way when the file system is full.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Poisoned`], [`StoreErrorKind::Forked`].
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let mut state = self
            .inner
            .changeable()
            .map_err(|error| error.during(StoreOperation::Remove).for_tensor(&Arc::from(name)))?;
        let removed = state.tensors.remove(name);
        drop(state);
        let was_there = removed.is_some();
        drop(removed);
        self.inner.trim();
        Ok(was_there)
    }

    /// Keeps the tensor of that name, this one or a later one, from being evicted for others
    /// ([`StoreBuilder::capacity`]) while the pin lives. It may be removed all the same.
    pub fn pin(&self, name: &str) -> Pin {
        Pin::new(&self.inner, name)
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.tensor_len(name).is_some()
    }

    /// The length in bytes of the tensor of that name; none if there is none.
    #[must_use]
    pub fn tensor_len(&self, name: &str) -> Option<u64> {
        let state = self.inner.readable().ok()?;
        state.tensors.get(name).map(|version| version.len)
    }

    /// How many tensors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.readable().map_or(0, |state| state.tensors.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensors that there are now, by name.
    pub fn tensors(&self) -> impl Iterator<Item = TensorInfo> + use<> {
        let info = |version: &Arc<tensor::Version>| TensorInfo {
            name: Arc::clone(&version.name),
            len: version.len,
        };
        let state = self.inner.readable();
        let tensors: Vec<_> =
            state.map_or(Vec::new(), |state| state.tensors.versions().map(info).collect());
        tensors.into_iter()
    }

    /// Makes durable what the tensors are once every change that was made before has ended: from then
    /// on, whatever happens, a store that is opened here is as of this commit or of a later one.
    ///
    /// Changes made meanwhile do not wait for it, and are of the next commit. One commit waits for
    /// another.
    ///
    /// # Errors
    ///
    /// - [`StoreErrorKind::NotDurable`] for an ephemeral store.
    /// - [`StoreErrorKind::Unreported`] with the failures of puts whose tickets were dropped, each once;
    ///   [`StoreErrorKind::Lost`] if a tensor is that. Nothing was committed, the earlier commit stands.
    /// - [`StoreErrorKind::Io`] if the new index cannot be written: as above. If a sync fails nobody
    ///   knows what is durable, and the store takes no more changes
    ///   ([`StoreErrorKind::Poisoned`]); it still reads. What a store finds that is opened anew is this
    ///   commit or the one before.
    /// - [`StoreErrorKind::OwnerChanged`] if somebody else took the directory (removed the owner's
    ///   file).
    /// - [`StoreErrorKind::WouldDeadlock`] in a callback, [`StoreErrorKind::Forked`].
    pub fn commit(&self) -> Result<Commit, StoreError> {
        commit::commit(&self.inner).map_err(|error| error.during(StoreOperation::Commit))
    }

    /// As [`OffloadStore::commit`], as a request of its own: it makes durable what the tensors are once
    /// every change that was made before this call has ended. It may be made in a callback, and commits
    /// take effect in the order in which they are begun.
    ///
    /// The ticket's errors are those of [`OffloadStore::commit`], but for
    /// [`StoreErrorKind::WouldDeadlock`]. If the ticket is dropped, the next commit or
    /// [`OffloadStore::close`] tells of them.
    pub fn begin_commit(&self) -> StoreTicket<Commit> {
        commit::begin(&self.inner)
    }

    /// Whether it was opened as a durable one.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.inner.options.mode == Mode::Durable
    }

    /// The store's directories, as they were given to the builder.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.inner.directories.iter().map(|directory| &*directory.path)
    }

    /// The engine of each directory, in their order: one for all on a device.
    pub fn engines(&self) -> impl Iterator<Item = &Arc<Engine>> {
        self.inner.directories.iter().map(|directory| &directory.engine)
    }

    /// The store's directory, as it was given to the builder; the first, if there are several.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// Waits for all requests and ends the store. Of a durable one the last commit stays, what was put
    /// since is lost; of an ephemeral one nothing stays, unless [`StoreBuilder::keep`] says so.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unreported`] with the failures of puts whose tickets were dropped;
    /// [`StoreErrorKind::Io`] if files cannot be removed, or kept. The store has ended all the same.
    /// [`StoreErrorKind::WouldDeadlock`] in a callback: it ends with its last request, and nothing is kept
    /// of an ephemeral one.
    /// [`StoreErrorKind::Forked`].
    pub fn close(self) -> Result<(), StoreError> {
        self.inner.close().map_err(|error| error.during(StoreOperation::Close))
    }
}

impl Drop for OffloadStore {
    fn drop(&mut self) {
        // What it is told of is told by `close`; on a worker, the last request ends the store.
        let _ = self.inner.close();
    }
}

impl fmt::Debug for OffloadStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OffloadStore")
            .field("directory", &self.directory())
            .field("durable", &self.is_durable())
            .finish_non_exhaustive()
    }
}
