//! In the place of `direct` on systems without O_DIRECT: no file has a second descriptor.

use std::{fs::File, io, os::fd::BorrowedFd};

use crate::{
    config::DirectMode,
    engine::plan::{Alignment, Ways},
    error::NotDirect,
    sys::file::{Access, Policy},
};

/// No file has O_DIRECT.
pub(crate) fn least_alignment() -> Option<Alignment> {
    None
}

#[derive(Debug)]
pub(crate) enum Direct {}

impl Direct {
    pub(crate) fn of(
        _buffered: &File,
        _given: Option<&File>,
        _access: Access,
        policy: Policy,
    ) -> io::Result<Result<Self, NotDirect>> {
        Ok(Err(match policy.mode {
            DirectMode::Never => NotDirect::Never,
            _ => NotDirect::NoSystemSupport,
        }))
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        match *self {}
    }

    pub(crate) fn alignment(&self) -> Alignment {
        match *self {}
    }

    pub(crate) fn ways(&self) -> Ways {
        match *self {}
    }

    pub(crate) fn is_resident(&self, _buffered: &File, _offset: u64, _len: usize) -> bool {
        match *self {}
    }
}
