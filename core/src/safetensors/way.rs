//! Waiting on the caller's thread or in its task: one course of things for both.

use std::{
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::error::ModelError;
use crate::{
    buf::AioBuf,
    engine::{AioFile, Engine},
    error::{Error, ErrorKind, Operation},
};

/// What to do until a read has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Block the thread: what is awaited is there at once.
    Wait,
    Await,
}

impl Way {
    /// The first `len` bytes of a file.
    pub(super) async fn beginning(
        self,
        engine: &Engine,
        file: &AioFile,
        len: u64,
    ) -> Result<AioBuf, Error> {
        let buffer = engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX))?;
        Ok(match self {
            Self::Wait => engine.pread(file, buffer, 0).wait(),
            Self::Await => engine.pread_async(file, buffer, 0).await.await,
        }?)
    }
}

/// What a course that waits comes to.
pub(super) fn waited<T>(
    path: &Path,
    course: impl Future<Output = Result<T, ModelError>>,
) -> Result<T, ModelError> {
    match pin!(course).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(would_deadlock(path)),
    }
}

/// That the wait would be for this very thread.
pub(super) fn would_deadlock(path: &Path) -> ModelError {
    ModelError::io(path)(Error::new(Operation::Wait, ErrorKind::WouldDeadlock.into()))
}
