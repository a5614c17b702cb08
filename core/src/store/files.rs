//! The files of a store's directory, by their names.

use std::{ffi::OsStr, fs, io, path::Path};

use crate::store::space::FileNumber;

pub(super) const OWNER: &str = "owner.dsaio";
pub(super) const INDEX: &str = "index.dsaio";
/// The next index, until it takes the name of the index.
pub(super) const NEW_INDEX: &str = "index.new.dsaio";
/// What tells a directory from others of the store.
pub(super) const LABEL: &str = "directory.dsaio";
pub(super) const NEW_LABEL: &str = "directory.new.dsaio";

const PREFIX: &str = "tensors-";
const SUFFIX: &str = ".dsaio";

/// No file has this number or a larger one: as many are never made.
pub(super) const FIRST_UNUSED: FileNumber = 1 << 63;

/// The name of a data file.
pub(super) fn data_name(number: FileNumber) -> String {
    format!("{PREFIX}{number:016x}{SUFFIX}")
}

/// What a file of that name is to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Index,
    NewIndex,
    Label,
    NewLabel,
    Data(FileNumber),
}

fn kind_of(name: &OsStr) -> Option<Kind> {
    let name = name.to_str()?;
    match name {
        INDEX => Some(Kind::Index),
        NEW_INDEX => Some(Kind::NewIndex),
        LABEL => Some(Kind::Label),
        NEW_LABEL => Some(Kind::NewLabel),
        _ => {
            let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
            let number = FileNumber::from_str_radix(digits, 16).ok()?;
            // As it is written, not another way to write the number.
            let is_one = number < FIRST_UNUSED && data_name(number) == name;
            is_one.then_some(Kind::Data(number))
        }
    }
}

/// The files in a directory that a store has made, but for that of its owner. What is not a regular
/// file no store has made.
pub(super) fn list(directory: &Path) -> io::Result<Vec<Kind>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(kind) = kind_of(&entry.file_name())
            && entry.file_type()?.is_file()
        {
            found.push(kind);
        }
    }
    Ok(found)
}
