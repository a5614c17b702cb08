//! The requests that move no bytes of the caller's: syncs, flushes and preallocation.

use std::ops::{Bound, RangeBounds};

use crate::{
    engine::{
        AioFile, Engine, Failed, Ticket,
        submit::{Room, Submission},
        user_code,
    },
    error::{Error, ErrorKind, Failures, Operation},
    sys::Direction,
};

/// # Durability and space
impl Engine {
    /// Waits for the requests on `file` that were made before, then makes what was written
    /// durable (`fdatasync`). The name of a new file is durable once its directory is synced, which
    /// this does not do.
    ///
    /// # Errors
    ///
    /// The failures on this file of requests whose tickets were dropped, each reported once, and
    /// that of the sync itself. After a failed sync nothing is known of any write since the last
    /// one that succeeded, and repeating it tells nothing (the system reports such an error once).
    /// [`ErrorKind::WouldDeadlock`] on one of the engine's workers. [`ErrorKind::Forked`] in a
    /// forked child.
    pub fn sync(&self, file: &AioFile) -> Result<(), Failures> {
        if self.ledger.is_forked() {
            let error = Error::new(Operation::Sync, ErrorKind::Forked.into());
            return Err(Failures::one(error.at_path(file.state.open.path())));
        }
        if user_code::is_of(self.id()) {
            let error = Error::new(Operation::Sync, ErrorKind::WouldDeadlock.into());
            return Err(Failures::one(error.at_path(file.state.open.path())));
        }
        let failure = self.fdatasync(file).wait().err().map(Error::from);
        self.ledger.take_abandoned(file.state.id, failure)
    }

    /// Makes durable what the requests on `file` that were made before this one write, and what is
    /// needed to find it: `fdatasync`, once they have ended, as a request of its own. Later requests
    /// do not wait for it.
    ///
    /// Failures of dropped tickets are not its own; [`Engine::sync`] reports them.
    ///
    /// The ticket's errors: [`ErrorKind::Io`], [`ErrorKind::NoSpace`],
    /// [`ErrorKind::QuotaExceeded`] (what an earlier write left to the page cache may fail only
    /// now), [`ErrorKind::InvalidInput`] for what cannot be synced, and those of the engine
    /// as for [`Engine::pread`]. See [`Engine::sync`] for what is known after a failure.
    pub fn fdatasync(&self, file: &AioFile) -> Ticket<()> {
        self.submit(file, Submission::without_buffer(Direction::Sync, 0))
    }

    /// As [`Engine::fdatasync`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`], if `queue_capacity` requests are under way.
    pub fn try_fdatasync(&self, file: &AioFile) -> Result<Ticket<()>, Failed<()>> {
        self.try_submit(file, Submission::without_buffer(Direction::Sync, 0))
    }

    /// As [`Engine::fdatasync`], awaiting room as [`Engine::pread_async`] does.
    pub async fn fdatasync_async(&self, file: &AioFile) -> Ticket<()> {
        self.submit_async(file, Submission::without_buffer(Direction::Sync, 0)).await
    }

    /// As [`Engine::fdatasync`], with all the file's metadata: times and mode too.
    pub fn fsync(&self, file: &AioFile) -> Ticket<()> {
        self.submit(file, Submission::without_buffer(Direction::SyncAll, 0))
    }

    /// As [`Engine::fsync`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`], if `queue_capacity` requests are under way.
    pub fn try_fsync(&self, file: &AioFile) -> Result<Ticket<()>, Failed<()>> {
        self.try_submit(file, Submission::without_buffer(Direction::SyncAll, 0))
    }

    /// As [`Engine::fsync`], awaiting room as [`Engine::pread_async`] does.
    pub async fn fsync_async(&self, file: &AioFile) -> Ticket<()> {
        self.submit_async(file, Submission::without_buffer(Direction::SyncAll, 0)).await
    }

    /// Writes what the page cache holds of a range of `file` to the device, and waits for it:
    /// `sync_file_range`, once the requests on the file that were made before have ended.
    ///
    /// That spreads the work of a later sync. **It makes nothing durable**: neither the metadata
    /// that is needed to find the bytes nor the device's own cache is written. Systems other than
    /// Linux write the whole file's data.
    ///
    /// The ticket's errors are those of [`Engine::fdatasync`], and [`ErrorKind::InvalidRange`].
    pub fn flush(&self, file: &AioFile, range: impl RangeBounds<u64>) -> Ticket<()> {
        self.submit(file, flushing(&range))
    }

    /// What ends once the requests on the file that were made before have, with no room of its own.
    pub(crate) fn barrier(&self, file: &AioFile) -> Ticket<()> {
        self.submit_in(Room::past_the_bound(), file, flushing(&(0..0)))
    }

    /// As [`Engine::flush`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`], if `queue_capacity` requests are under way.
    pub fn try_flush(
        &self,
        file: &AioFile,
        range: impl RangeBounds<u64>,
    ) -> Result<Ticket<()>, Failed<()>> {
        self.try_submit(file, flushing(&range))
    }

    /// As [`Engine::flush`], awaiting room as [`Engine::pread_async`] does.
    pub async fn flush_async(&self, file: &AioFile, range: impl RangeBounds<u64>) -> Ticket<()> {
        self.submit_async(file, flushing(&range)).await
    }

    /// Reserves `len` bytes of `file` from `offset` on: `fallocate`. What was not written there
    /// reads as zeros, and the file is at least `offset + len` bytes long afterwards.
    ///
    /// A file system that cannot reserve gets a sparse file of that length instead, by a zero in the
    /// last byte if the file is shorter: a write of that byte should not be in flight then. See
    /// [`OpenOptions::preallocate`](crate::OpenOptions::preallocate) for what it is good for. A device
    /// has its space: there it does nothing.
    ///
    /// The ticket's errors: [`ErrorKind::NoSpace`], [`ErrorKind::QuotaExceeded`],
    /// [`ErrorKind::FileTooLarge`], [`ErrorKind::WrongAccessMode`], [`ErrorKind::NotSeekable`],
    /// [`ErrorKind::InvalidRange`], and those of the engine as for [`Engine::pread`]. A part of
    /// the space may have been reserved then.
    pub fn allocate(&self, file: &AioFile, offset: u64, len: u64) -> Ticket<()> {
        self.submit(file, Submission::without_buffer(Direction::Allocate(len), offset))
    }

    /// As [`Engine::allocate`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`], if `queue_capacity` requests are under way.
    pub fn try_allocate(
        &self,
        file: &AioFile,
        offset: u64,
        len: u64,
    ) -> Result<Ticket<()>, Failed<()>> {
        self.try_submit(file, Submission::without_buffer(Direction::Allocate(len), offset))
    }

    /// As [`Engine::allocate`], awaiting room as [`Engine::pread_async`] does.
    pub async fn allocate_async(&self, file: &AioFile, offset: u64, len: u64) -> Ticket<()> {
        self.submit_async(file, Submission::without_buffer(Direction::Allocate(len), offset)).await
    }
}

fn flushing(range: &impl RangeBounds<u64>) -> Submission<()> {
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => Some(last.saturating_add(1)),
        Bound::Excluded(&end) => Some(end),
        Bound::Unbounded => None,
    };
    // No file is that long, so one less is out of range as well, and not the unbounded one.
    let len = end.map_or(u64::MAX, |end| end.saturating_sub(start).min(u64::MAX - 1));
    Submission::without_buffer(Direction::Flush(len), start)
}
