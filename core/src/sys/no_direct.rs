//! In the place of `direct` on systems without O_DIRECT: no file has a second descriptor.

use std::{fs::File, os::fd::BorrowedFd};

use crate::engine::plan::Alignment;

/// No file has O_DIRECT.
pub(crate) fn least_alignment() -> Option<Alignment> {
    None
}

#[derive(Debug)]
pub(crate) enum Direct {}

impl Direct {
    pub(crate) fn of(_buffered: &File, _writes: bool) -> Option<Self> {
        None
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        match *self {}
    }

    pub(crate) fn alignment(&self) -> Alignment {
        match *self {}
    }
}
