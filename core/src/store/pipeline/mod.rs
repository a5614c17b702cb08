//! Pipelines: tensors that pass through memory one after the other, read ahead of those who compute
//! with them and written behind them.
//!
//! - stream.rs: tensors to read, driven by who takes them
//! - update.rs: groups of tensors to read, change and write back, with the user's code in between;
//!   plan.rs: what it is to do; work.rs, state.rs: what drives it, which is each request that ends;
//!   group.rs, report.rs: what it is given and what it tells
//!
//! Memory is counted before it is taken and after it is given back, and a tensor is read when all before
//! it have been begun: so the first that is not whole always gets the memory that it lacks, once those
//! before it have passed.

mod group;
mod plan;
mod report;
mod state;
mod stream;
mod update;
mod work;

pub use group::{GroupArrays, TensorGroup, UpdateGroup};
pub use report::{TensorUpdate, UpdateCause, UpdateError, UpdateOutcome, Updated};
pub use stream::{StreamedTensor, TensorStream};
pub use update::Update;

use super::OffloadStore;

/// # Pipelines
impl OffloadStore {
    /// The tensors of these names one after the other, up to `ahead` of them being read (256 at most)
    /// while the caller has one. Reading begins when the first is asked for.
    ///
    /// So no more than `ahead` + 1 buffers are in use at a time if the caller drops each before it takes
    /// the next, and they come from the engine's pool, which has them again for those that follow.
    /// [`TensorStream::memory`] bounds bytes instead of numbers.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ds_aio::{Engine, EngineSettings, OffloadStore};
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = Arc::new(Engine::new(&EngineSettings::default())?);
    /// # let store = OffloadStore::builder(dir.path().join("store")).open(&engine)?;
    /// let names: Vec<_> = (0..10).map(|layer| format!("layers/{layer}")).collect();
    /// for result in store.put_many(names.iter().map(|name| (name, vec![1; 100_000]))).wait() {
    ///     result?;
    /// }
    /// let mut sum = 0;
    /// for layer in store.stream(&names, 2) {
    ///     sum += layer?.iter().map(|&byte| usize::from(byte)).sum::<usize>();
    /// }
    /// assert_eq!(sum, 1_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream<I>(&self, names: I, ahead: usize) -> TensorStream<I::IntoIter>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        TensorStream::new(&self.inner, names.into_iter(), ahead)
    }

    /// Groups of tensors to be read, computed with, and written back, as an optimizer's step over more
    /// than fits in memory: while one group is computed with, those before it are being written and those
    /// after it read, in buffers of `memory` bytes together, each tensor in whole pages of 4096. (What the
    /// engine's pool keeps idle besides is its own, [`BufferPoolBuilder::idle_limit`](crate::BufferPoolBuilder::idle_limit).)
    ///
    /// Memory for three groups lets all three go on at once; with less it takes longer, and one group must
    /// fit. The result is as if each group were read, computed and written before the next: where two
    /// groups have a tensor in common, the second waits for it. Tensors of a cache that make room for what
    /// is written back ([`StoreBuilder::on_evict`](crate::StoreBuilder::on_evict)) may be told of on
    /// threads of the engine's or the store's.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ds_aio::{Engine, EngineSettings, OffloadStore};
    /// use ds_aio::UpdateGroup;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = Arc::new(Engine::new(&EngineSettings::default())?);
    /// # let store = OffloadStore::builder(dir.path().join("store")).open(&engine)?;
    /// let name = |kind: &str, layer| format!("layers/{layer}/{kind}");
    /// for layer in 0..10 {
    ///     store.put(&name("weight", layer), vec![7; 50_000]).wait()?;
    ///     store.put(&name("gradient", layer), vec![layer; 50_000]).wait()?;
    /// }
    /// let groups = (0..10).map(|layer| {
    ///     UpdateGroup::new([name("weight", layer)]).reading([name("gradient", layer)])
    /// });
    /// let updated = store.update(groups, 1 << 20).run(|group| {
    ///     let ([weight], [gradient]) = group.arrays()?;
    ///     weight.iter_mut().zip(gradient).for_each(|(weight, gradient)| *weight += gradient);
    ///     Ok(())
    /// })?;
    /// assert_eq!(updated.bytes_written, 500_000);
    /// assert_eq!(store.get("layers/3/weight").wait()?[..], [10; 50_000]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(&self, groups: impl IntoIterator<Item = UpdateGroup>, memory: u64) -> Update {
        Update::new(&self.inner, groups.into_iter().collect(), memory)
    }
}

/// Tensors that are under way at a time, at most: as many requests keep any device busy.
const MOST_UNDER_WAY: usize = 256;
