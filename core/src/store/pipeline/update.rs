//! Updates: groups of tensors that are read, computed with by the user's code, and written back.

use std::{
    error::Error,
    fmt,
    future::{Future, poll_fn},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    group::{TensorGroup, UpdateGroup},
    report::{UpdateCause, UpdateError, Updated},
    work::{Turn, Work},
};
use crate::store::{StoreError, StoreErrorKind, StoreOperation, inner::Inner, lives::may_wait};

/// Groups of tensors to be read, computed with and written back, which nothing has been done about as
/// yet; see [`OffloadStore::update`](crate::OffloadStore::update).
#[must_use = "run it"]
pub struct Update {
    inner: Arc<Inner>,
    groups: Vec<UpdateGroup>,
    memory: u64,
}

/// What the user's code returns of a group.
type Computed<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl Update {
    pub(in crate::store) fn new(inner: &Arc<Inner>, groups: Vec<UpdateGroup>, memory: u64) -> Self {
        Self { inner: Arc::clone(inner), groups, memory }
    }

    /// Calls `compute` with each group in turn, on this thread, while the next ones are read and those
    /// before are written.
    ///
    /// A panic in `compute` is that of `run`: nothing more is begun then, and what was being written ends
    /// by itself, as if its ticket had been dropped.
    ///
    /// # Errors
    ///
    /// Nothing is read or written if a tensor is not there ([`StoreErrorKind::NotFound`]), is in a group
    /// twice or a group is empty ([`StoreErrorKind::WrongGroup`]), or if a group alone needs more than the
    /// memory ([`StoreErrorKind::Full`]): the error has all of these. As it has
    /// [`StoreErrorKind::WouldDeadlock`] in a callback, and [`StoreErrorKind::Closed`],
    /// [`StoreErrorKind::Poisoned`], [`StoreErrorKind::Forked`] of the store.
    ///
    /// Later the first failure ends it: of `compute`, of a read (as for
    /// [`OffloadStore::get`](crate::OffloadStore::get), and [`StoreErrorKind::WrongLength`] if somebody
    /// put the tensor with another length meanwhile) or of a write (as for
    /// [`OffloadStore::put`](crate::OffloadStore::put)). Groups that were computed are still written, and
    /// all requests have ended. The error tells of every tensor whether it was written. That the engine's
    /// pool has no buffer is an error only if none of the update's own will come back to it.
    pub fn run(
        self,
        mut compute: impl FnMut(&mut TensorGroup) -> Computed<()>,
    ) -> Result<Updated, UpdateError> {
        let may_wait = may_wait(&self.inner.engines);
        let mut running = self.begin(may_wait.err())?;
        loop {
            match running.wait() {
                Turn::Ended => return running.work.finish(running.waited),
                Turn::Compute(mut group) => {
                    let number = group.number();
                    let computed = compute(&mut group).map(|()| group);
                    running.go_on(number, computed)?;
                }
            }
        }
    }

    /// As [`Update::run`], with futures: `compute` is given each group, to be returned by its future, so that
    /// it may be computed with on another thread (`spawn_blocking`, say).
    ///
    /// Dropped before its end, it begins nothing more, and what was being written ends by itself, as if
    /// its ticket had been dropped.
    ///
    /// # Errors
    ///
    /// As for [`Update::run`], and [`StoreErrorKind::WrongGroup`] if another group is returned than the one
    /// that was given.
    pub async fn run_async<F>(
        self,
        mut compute: impl FnMut(TensorGroup) -> F,
    ) -> Result<Updated, UpdateError>
    where
        F: Future<Output = Computed<TensorGroup>>,
    {
        let mut running = self.begin(None)?;
        loop {
            match running.awaited().await {
                Turn::Ended => return running.work.finish(running.waited),
                Turn::Compute(group) => {
                    let number = group.number();
                    let computed = compute(group).await;
                    running.go_on(number, computed)?;
                }
            }
        }
    }

    fn begin(self, refusal: Option<StoreErrorKind>) -> Result<Running, UpdateError> {
        let Self { inner, groups, memory } = self;
        if inner.process.is_child() {
            return Err(forked(&inner));
        }
        let refused = match refusal {
            Some(kind) => Some(inner.error(kind)),
            None => inner.changeable().err(),
        };
        let refused = refused.map(|error| error.during(StoreOperation::Update));
        let work = Work::new(&inner, groups, memory, refused)?;
        work.advance();
        Ok(Running { work, waited: Duration::ZERO })
    }
}

/// In a forked child any lock may be held for ever, and what is known of the tensors is the parent's.
fn forked(inner: &Inner) -> UpdateError {
    let error: StoreError = inner.error(StoreErrorKind::Forked).during(StoreOperation::Update);
    UpdateError::new(UpdateCause::Store(error), Vec::new(), Vec::new())
}

/// An update under way, which is stopped when this is dropped.
struct Running {
    work: Arc<Work>,
    waited: Duration,
}

impl Running {
    fn wait(&mut self) -> Turn {
        let began = Instant::now();
        let turn = self.work.wait_for_turn();
        self.waited += began.elapsed();
        turn
    }

    async fn awaited(&mut self) -> Turn {
        let began = Instant::now();
        let turn = poll_fn(|context| self.work.poll_turn(context)).await;
        self.waited += began.elapsed();
        turn
    }

    /// A group was computed, or was not.
    fn go_on(&self, group: usize, computed: Computed<TensorGroup>) -> Result<(), UpdateError> {
        if self.work.inner.process.is_child() {
            return Err(forked(&self.work.inner));
        }
        match computed {
            Ok(group) => self.work.write_back(group),
            Err(error) => self.work.fail(UpdateCause::Compute { group, error }),
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.work.inner.process.is_child() {
            self.work.abandon();
        }
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("groups", &self.groups.len())
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
