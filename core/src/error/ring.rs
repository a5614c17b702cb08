//! Why an engine cannot use io_uring.

use std::fmt;

use nix::errno::Errno;

/// Why an engine cannot use io_uring.
///
/// With the setting `backend` = `auto` it uses threads then, and
/// [`EffectiveSettings::ring_unavailable`](crate::EffectiveSettings::ring_unavailable) tells this; with
/// `io_uring` it does not start, and [`StartError::Ring`](crate::StartError::Ring) does. `Display`
/// says it in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RingUnavailable {
    /// The crate was built without the feature `io-uring`, or for a system or processor that it has
    /// no io_uring for.
    NotBuilt,
    /// The kernel has none (ENOSYS): it is older than Linux 5.1, built without, or a sandbox hides
    /// it.
    NoSystemCall,
    /// The process may not use it (EPERM, EACCES): a container's seccomp filter, as Docker's default
    /// one, or the system's setting `kernel.io_uring_disabled`.
    Forbidden,
    /// The kernel has no memory for the rings, or the process may lock no more (ENOMEM).
    NoMemory,
    /// The process has no descriptors left for the rings (EMFILE), or the system (ENFILE).
    NoDescriptors,
    /// The kernel's lacks something that the engine needs.
    Lacks {
        /// What that is.
        missing: &'static str,
    },
    /// The system's error was another one.
    Failed {
        /// The system's error number.
        errno: i32,
    },
}

impl RingUnavailable {
    #[cfg_attr(not(feature = "io-uring"), allow(dead_code, reason = "for rings"))]
    pub(crate) fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::ENOSYS => Self::NoSystemCall,
            Errno::EPERM | Errno::EACCES => Self::Forbidden,
            Errno::ENOMEM => Self::NoMemory,
            Errno::EMFILE | Errno::ENFILE => Self::NoDescriptors,
            other => Self::Failed { errno: other as i32 },
        }
    }
}

impl fmt::Display for RingUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt => f.write_str("this program was built without it"),
            Self::NoSystemCall => f.write_str("the kernel has none"),
            Self::Forbidden => f.write_str(
                "the process may not use it (a container's seccomp filter, or the system's setting \
                 kernel.io_uring_disabled)",
            ),
            Self::NoMemory => f.write_str(
                "there is no memory for its rings: a lower queue_depth or a higher ulimit -l may do",
            ),
            Self::NoDescriptors => f.write_str(
                "there are no descriptors left for its rings: raise ulimit -n, or close files",
            ),
            Self::Lacks { missing } => write!(f, "the kernel's lacks {missing}"),
            Self::Failed { errno } => {
                write!(f, "{:?} (os error {errno})", Errno::from_raw(*errno))
            }
        }
    }
}

impl std::error::Error for RingUnavailable {}
