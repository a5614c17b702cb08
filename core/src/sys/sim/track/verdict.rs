//! What must become of a request after all that it did.

use nix::errno::Errno;

use super::Track;
use crate::error::ErrorKind;

/// What has happened to the whole engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Excuses {
    /// A lane has panicked.
    pub(crate) poisoned: bool,
    /// The engine no longer waits for what is in flight.
    pub(crate) shut_down: bool,
}

impl Track {
    /// Whether this is what had to become of the request: the kind of its error, the system's
    /// number and the bytes done, or success.
    pub(crate) fn explains(
        &self,
        result: Result<(), (ErrorKind, Option<i32>, usize)>,
        excuses: Excuses,
    ) -> Result<(), String> {
        let Excuses { poisoned, shut_down } = excuses;
        let known = self.contiguous();
        let first = self.failures.iter().min_by_key(|(position, _)| *position).copied();
        let wrong = |what: &str| {
            Err(format!(
                "{what}: {result:?}; known good {known} of {}, failures {:?}, cancelled {}, still \
                 to come {:?}, begun {:?}",
                self.len(),
                self.failures,
                self.is_cancelled(),
                self.next,
                self.begun,
            ))
        };
        if !self.next.is_empty() && excuses == Excuses::default() {
            return wrong("ended with blocks half way");
        }
        let within = |done| self.begun.iter().any(|block| block.start < done && done < block.end);
        match result {
            Ok(()) if first.is_some() => wrong("an error was lost"),
            Ok(()) if known < self.len() => wrong("success without all bytes"),
            Ok(()) if self.over == 0 => wrong("success without a call"),
            Ok(()) => Ok(()),
            Err((ErrorKind::Poisoned, _, 0))
                if poisoned && (known < self.len() || self.over == 0) =>
            {
                Ok(())
            }
            Err((ErrorKind::Poisoned, ..)) => wrong("poisoned, with no panic or with bytes done"),
            Err((_, _, done)) if done > known => wrong("claims bytes that were not moved"),
            Err((_, _, done)) if first.is_some_and(|(position, _)| position < done) => {
                wrong("not the first error in file order")
            }
            Err((ErrorKind::Cancelled, None, _)) if !self.is_cancelled() => {
                wrong("nobody cancelled it")
            }
            Err((ErrorKind::Cancelled, None, _)) if !self.has_failed() => {
                wrong("cancelled, and yet all of it was done")
            }
            Err((ErrorKind::ShutDown | ErrorKind::Closed, ..)) if !shut_down => {
                wrong("nobody has ended the engine")
            }
            Err((ErrorKind::Closed, None, done)) if done > 0 || !self.begun.is_empty() => {
                wrong("refused, and yet begun")
            }
            Err((ErrorKind::Closed, None, _)) => Ok(()),
            Err((ErrorKind::Cancelled | ErrorKind::ShutDown, None, done)) => {
                if done > 0 && done >= self.len() || within(done) {
                    wrong("given up within a block")
                } else {
                    Ok(())
                }
            }
            Err((kind, errno, done)) => {
                let matches = self.failures.iter().any(|&(position, cause)| {
                    let same = match cause {
                        None => (kind, errno) == (ErrorKind::UnexpectedEof, None),
                        Some(cause) => errno == Some(cause as i32) && kind == kind_of(cause),
                    };
                    position == done && same
                });
                if matches { Ok(()) } else { wrong("an error that nothing caused") }
            }
        }
    }
}

/// The kinds of the errors that are injected.
fn kind_of(errno: Errno) -> ErrorKind {
    match errno {
        Errno::ENOSPC => ErrorKind::NoSpace,
        Errno::EDQUOT => ErrorKind::QuotaExceeded,
        Errno::EFBIG => ErrorKind::FileTooLarge,
        Errno::EINVAL => ErrorKind::InvalidInput,
        // EAGAIN among them: repeating the call would be a busy loop.
        _ => ErrorKind::Io,
    }
}
