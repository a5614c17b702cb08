//! What an error has to tell, and the check that it does.

use std::{fmt::Debug, path::Path};

use ds_aio::{Error, ErrorKind, Failed, Operation};
use nix::errno::Errno;

/// What an error of a read or write has to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) operation: Operation,
    pub(super) kind: ErrorKind,
    pub(super) errno: Option<Errno>,
    pub(super) offset: u64,
    pub(super) wanted: usize,
    pub(super) done: usize,
}

/// Checks the error in all its parts, and gives the buffer, which has to be there.
#[track_caller]
pub(super) fn buffer_after<B: Debug>(result: Result<B, Failed<B>>, path: &Path, told: &Told) -> B {
    let failed = result.expect_err("a request that fails");
    let (error, buffer) = failed.into_parts();
    assert_tells(&error, path, told);
    buffer.expect("the buffer")
}

#[track_caller]
pub(super) fn assert_tells(error: &Error, path: &Path, told: &Told) {
    let found = Told {
        operation: error.operation(),
        kind: error.kind(),
        errno: error.errno().map(Errno::from_raw),
        offset: error.offset(),
        wanted: error.wanted(),
        done: error.done(),
    };
    assert_eq!(&found, told);
    assert_eq!(error.path(), Some(path));

    let text = error.to_string();
    let (what, advice) = text.rsplit_once("; ").expect("advice after a semicolon");
    let mut parts = vec![told.operation.to_string(), path.display().to_string()];
    if matches!(told.operation, Operation::Read | Operation::Write) {
        parts.push(format!("offset {}", told.offset));
        parts.push(format!("{} of {} bytes", told.done, told.wanted));
    }
    if let Some(errno) = told.errno {
        parts.push(format!("{errno:?}"));
        parts.push(format!("os error {}", errno as i32));
    }
    for part in parts {
        assert!(what.contains(&part), "{part:?} in {text:?}");
    }
    assert!(advice.len() > 10, "advice in {text:?}");
}

pub(super) fn refused(operation: Operation, kind: ErrorKind, errno: Errno, wanted: usize) -> Told {
    Told { operation, kind, errno: Some(errno), offset: 0, wanted, done: 0 }
}

pub(super) fn end_of_file(offset: u64, wanted: usize, done: usize) -> Told {
    Told {
        operation: Operation::Read,
        kind: ErrorKind::UnexpectedEof,
        errno: None,
        offset,
        wanted,
        done,
    }
}
