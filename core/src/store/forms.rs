//! Other forms of a store's operations: those that await room in the engine's queue where the plain ones
//! wait for it, and those of several tensors at once.

use std::ops::RangeBounds;

use crate::{
    buf::{AioBuf, IoBuf, IoBufMut},
    store::{OffloadStore, StoreBatch, StoreTicket, entry::Entry, put, range, read},
};

/// # Awaiting room
///
/// Each of these futures gives the ticket, which is to be awaited in turn. It is one of the engine's
/// `queue_capacity` requests, however many it is made of; while it waits for an earlier operation on its
/// tensor, or for its turn in memory, and from then on, it is none of them. Dropped before, it has made no
/// request and drops the buffer. Once it was polled, poll it when it wakes its task or drop it: until then
/// it keeps its place before others that wait.
impl OffloadStore {
    /// As [`OffloadStore::put`], awaiting room.
    ///
    /// ```
    /// # use ds_aio::{OffloadStore, StoreError};
    /// async fn increment(store: &OffloadStore, name: &str) -> Result<(), StoreError> {
    ///     let mut tensor = store.get_async(name).await.await?;
    ///     tensor.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
    ///     store.put_async(name, tensor).await.await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn put_async<B: IoBuf>(&self, name: &str, buffer: B) -> StoreTicket<B> {
        let entry = Entry::awaited(&self.inner.engine).await;
        put::put(&self.inner, name, buffer, entry)
    }

    /// As [`OffloadStore::put_range`], awaiting room.
    pub async fn put_range_async<B: IoBuf>(
        &self,
        name: &str,
        offset: u64,
        buffer: B,
    ) -> StoreTicket<B> {
        let entry = Entry::awaited(&self.inner.engine).await;
        range::put_range(&self.inner, name, offset, buffer, entry)
    }

    /// As [`OffloadStore::get`], awaiting room.
    pub async fn get_async(&self, name: &str) -> StoreTicket<AioBuf> {
        read::get(&self.inner, name, Entry::awaited(&self.inner.engine).await)
    }

    /// As [`OffloadStore::get_into`], awaiting room.
    pub async fn get_into_async<B: IoBufMut>(&self, name: &str, buffer: B) -> StoreTicket<B> {
        let entry = Entry::awaited(&self.inner.engine).await;
        read::get_into(&self.inner, name, buffer, entry)
    }

    /// As [`OffloadStore::get_range`], awaiting room.
    pub async fn get_range_async(
        &self,
        name: &str,
        range: impl RangeBounds<u64>,
    ) -> StoreTicket<AioBuf> {
        let entry = Entry::awaited(&self.inner.engine).await;
        read::get_range(&self.inner, name, range, entry)
    }

    /// As [`OffloadStore::get_range_into`], awaiting room.
    pub async fn get_range_into_async<B: IoBufMut>(
        &self,
        name: &str,
        offset: u64,
        buffer: B,
    ) -> StoreTicket<B> {
        let entry = Entry::awaited(&self.inner.engine).await;
        read::get_range_into(&self.inner, name, offset, buffer, entry)
    }

    /// As [`OffloadStore::prefetch`], awaiting room in the queue. The future does not wait for the
    /// turn in memory, the ticket does.
    pub async fn prefetch_async(&self, name: &str) -> StoreTicket<()> {
        read::prefetch(&self.inner, name, Entry::awaited(&self.inner.engine).await)
    }
}

/// # Several at once
impl OffloadStore {
    /// Stores each buffer's bytes under its name, as [`OffloadStore::put`] does one after the other.
    ///
    /// Each has a result of its own: that one fails does not touch the others.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ds_aio::{Engine, EngineSettings, OffloadStore};
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = Arc::new(Engine::new(&EngineSettings::default())?);
    /// # let store = OffloadStore::builder(dir.path().join("store")).open(&engine)?;
    /// let puts = store.put_many([("a", vec![1; 100]), ("b", vec![2; 200])]);
    /// let buffers = puts.wait().into_iter().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(buffers[1].len(), 200);
    /// let results = store.get_many(["b", "c"]).wait();
    /// assert_eq!(results[0].as_ref().unwrap()[..], [2; 200]);
    /// assert_eq!(results[1].as_ref().unwrap_err().error().tensor(), Some("c"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put_many<N: AsRef<str>, B: IoBuf>(
        &self,
        tensors: impl IntoIterator<Item = (N, B)>,
    ) -> StoreBatch<B> {
        let tensors = tensors.into_iter();
        StoreBatch::of(tensors.map(|(name, buffer)| self.put(name.as_ref(), buffer)))
    }

    /// The bytes of the tensors of these names, each as by [`OffloadStore::get`].
    pub fn get_many<N: AsRef<str>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> StoreBatch<AioBuf> {
        StoreBatch::of(names.into_iter().map(|name| self.get(name.as_ref())))
    }

    /// The bytes of tensors, each in the buffer beside its name as by [`OffloadStore::get_into`].
    pub fn get_many_into<N: AsRef<str>, B: IoBufMut>(
        &self,
        tensors: impl IntoIterator<Item = (N, B)>,
    ) -> StoreBatch<B> {
        let tensors = tensors.into_iter();
        StoreBatch::of(tensors.map(|(name, buffer)| self.get_into(name.as_ref(), buffer)))
    }
}
