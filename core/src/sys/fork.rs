//! Whether the process is a forked child of the one that started the engine.

use std::process;

/// Made in one process; tells in another that it came there by `fork`. Takes no lock, since in a
/// child any lock may be held by a thread that does not exist there.
pub(crate) struct ForkMark {
    #[cfg(target_os = "linux")]
    page: Option<wiped::Page>,
    process: u32,
}

impl ForkMark {
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            page: wiped::Page::new(),
            process: process::id(),
        }
    }

    /// Whether this is not the process that the mark was made in.
    pub(crate) fn is_child(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(page) = &self.page {
            return page.is_wiped();
        }
        process::id() != self.process
    }
}

/// A page that the kernel clears in a forked child, which costs a load to look at and no call.
#[cfg(target_os = "linux")]
mod wiped {
    use std::{
        ffi::c_void,
        num::NonZeroUsize,
        ptr::NonNull,
        sync::atomic::{AtomicU8, Ordering},
    };

    use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};

    /// A page on most systems; the kernel rounds up.
    const LEN: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

    pub(super) struct Page(NonNull<c_void>);

    // SAFETY: the page is this value's own and only ever used as an atomic.
    unsafe impl Send for Page {}
    // SAFETY: as for `Send`.
    unsafe impl Sync for Page {}

    impl Page {
        /// None if the kernel (before 4.14) or the system's limits do not give one.
        pub(super) fn new() -> Option<Self> {
            let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
            // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no
            // memory that exists.
            let start =
                unsafe { mmap_anonymous(None, LEN, protection, MapFlags::MAP_PRIVATE) }.ok()?;
            let page = Self(start);
            // SAFETY: the range is the mapping just made, which nothing else uses.
            unsafe { madvise(start, LEN.get(), MmapAdvise::MADV_WIPEONFORK) }.ok()?;
            page.byte().store(1, Ordering::Relaxed);
            Some(page)
        }

        pub(super) fn is_wiped(&self) -> bool {
            self.byte().load(Ordering::Relaxed) == 0
        }

        fn byte(&self) -> &AtomicU8 {
            // SAFETY: the mapping is readable and writable, holds initialized (zeroed by the
            // kernel) bytes, lives as long as `self`, and is accessed through this alone.
            unsafe { self.0.cast::<AtomicU8>().as_ref() }
        }
    }

    impl Drop for Page {
        fn drop(&mut self) {
            // SAFETY: the mapping is this value's own, made by `new` with this length.
            let _ = unsafe { munmap(self.0, LEN.get()) };
        }
    }
}
