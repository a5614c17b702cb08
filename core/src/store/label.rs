//! What tells the directories of a store from each other and from those of other stores: a label in
//! each, if there are several.
//!
//! Labels are written before the first index, in the order of the directories, and removed in the other
//! order after it: so a store without an index may lack the last of them, and no other.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::store::{
    Mode, StoreError, StoreErrorKind, checksum,
    commit::{sync_names, write_new},
    files::{LABEL, NEW_LABEL},
    inner::Inner,
};

/// The label of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// The store's number.
    pub(super) store: u64,
    /// The directory's, from 0.
    pub(super) number: usize,
    /// How many directories the store has.
    pub(super) of: usize,
}

impl Label {
    /// As it is in the file, for people too.
    fn text(self) -> String {
        let Self { store, number, of } = self;
        let text = format!("ds-aio store {store:016x}\ndirectory {} of {of}\n", number + 1);
        let sum = checksum::of_text(&text);
        format!("{text}checksum {sum:016x}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let store = lines.next()?.strip_prefix("ds-aio store ")?;
        let (number, of) = lines.next()?.strip_prefix("directory ")?.split_once(" of ")?;
        let label = Self {
            store: u64::from_str_radix(store, 16).ok()?,
            number: number.parse::<usize>().ok()?.checked_sub(1)?,
            of: of.parse().ok()?,
        };
        (label.text() == text).then_some(label)
    }

    /// The label of a directory that has one; none inside if it is not what a store wrote.
    pub(super) fn of(directory: &Path) -> io::Result<Option<Self>> {
        let mut text = Vec::new();
        // None is that long.
        File::open(directory.join(LABEL))?.take(1000).read_to_end(&mut text)?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }
}

/// Labels the store's directories, if there are several that have none.
pub(super) fn write(inner: &Inner) -> Result<(), StoreError> {
    let of = inner.directories.len();
    if of == 1 {
        return Ok(());
    }
    for (number, directory) in inner.directories.iter().enumerate() {
        let label = Label { store: inner.store, number, of };
        write_new(inner, directory, NEW_LABEL, label.text().into_bytes())?;
        let (new, path) = (directory.path.join(NEW_LABEL), directory.path.join(LABEL));
        let renamed = inner.names.rename(&new, &path);
        renamed.map_err(|error| inner.system_error(&path, error))?;
        if inner.options.mode == Mode::Durable {
            sync_names(inner, number).inspect_err(|error| inner.poison(error))?;
        }
    }
    Ok(())
}

/// What is wrong with the directories that were given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The number of the one in question.
    pub(super) directory: usize,
    pub(super) kind: StoreErrorKind,
    pub(super) told: String,
}

/// The number of the store that directories with these labels are of, if a label tells. `indexed` is
/// the number of the store of the index in the first of them, and of its directories.
pub(super) fn check(
    labels: &[Option<Label>],
    indexed: Option<(u64, usize)>,
) -> Result<Option<u64>, Wrong> {
    let wrong = |directory, kind, told| Err(Wrong { directory, kind, told });
    let given = labels.len();
    let count = indexed.map(|(_, of)| of).or(labels.iter().flatten().map(|label| label.of).next());
    let told = |of| format!("the store has {of}, and {given} were given");
    match count {
        Some(of) if of > given => {
            return wrong(0, StoreErrorKind::MissingDirectory, told(of));
        }
        Some(of) if of < given => {
            return wrong(of, StoreErrorKind::ForeignDirectory, told(of));
        }
        _ => {}
    }
    if given == 1 {
        return Ok(None);
    }
    let store = indexed.map(|(store, _)| store);
    let store = store.or(labels.iter().flatten().map(|label| label.store).next());
    for (at, label) in labels.iter().enumerate() {
        let Some(label) = label else {
            if indexed.is_some() || labels[at..].iter().any(Option::is_some) {
                let told = format!("directory {} of {given} has no label", at + 1);
                return wrong(at, StoreErrorKind::MissingDirectory, told);
            }
            continue;
        };
        let Label { store: of_store, number, of } = *label;
        if Some(of_store) != store || of != given {
            let told = format!("it is directory {} of {of} of store {of_store:016x}", number + 1);
            return wrong(at, StoreErrorKind::ForeignDirectory, told);
        }
        if number != at {
            let mut others = labels.iter().enumerate().filter(|(other, _)| *other != at);
            let is_twice = others.any(|(_, other)| *other == Some(*label));
            let kind = if is_twice {
                StoreErrorKind::DuplicateDirectory
            } else {
                StoreErrorKind::ExchangedDirectory
            };
            let told = format!("it is directory {} and was given as {}", number + 1, at + 1);
            return wrong(at, kind, told);
        }
    }
    Ok(store.filter(|_| labels.iter().any(Option::is_some)))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn label(store: u64, number: usize, of: usize) -> Option<Label> {
        Some(Label { store, number, of })
    }

    #[test]
    fn a_label_is_read_as_it_was_written_and_no_other_way() {
        let label = Label { store: 0xfe, number: 2, of: 3 };
        let text = label.text();
        assert_eq!(Label::parse(&text), Some(label));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            assert_eq!(Label::parse(&String::from_utf8_lossy(&other)), None, "byte {at}");
            assert_eq!(Label::parse(&text[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn directories_are_told_apart() {
        use StoreErrorKind::{
            DuplicateDirectory, ExchangedDirectory, ForeignDirectory, MissingDirectory,
        };

        let kind = |labels: &[_], indexed| {
            check(labels, indexed).map_err(|wrong| (wrong.kind, wrong.directory))
        };
        let both = [label(7, 0, 2), label(7, 1, 2)];
        assert_eq!(kind(&both, Some((7, 2))), Ok(Some(7)));
        assert_eq!(kind(&both, None), Ok(Some(7)));
        assert_eq!(kind(&[None, None], None), Ok(None));
        // As an interrupted first commit leaves it.
        assert_eq!(kind(&[both[0], None], None), Ok(Some(7)));
        assert_eq!(kind(&[both[0], None], Some((7, 2))), Err((MissingDirectory, 1)));
        assert_eq!(kind(&[None, both[1]], None), Err((MissingDirectory, 0)));
        assert_eq!(kind(&[both[1], both[0]], None), Err((ExchangedDirectory, 0)));
        assert_eq!(kind(&[both[0], both[0]], Some((7, 2))), Err((DuplicateDirectory, 1)));
        assert_eq!(kind(&[both[1], both[1]], None), Err((DuplicateDirectory, 0)));
        assert_eq!(kind(&[both[0], label(8, 1, 2)], Some((7, 2))), Err((ForeignDirectory, 1)));
        assert_eq!(kind(&[both[0]], Some((7, 2))), Err((MissingDirectory, 0)));
        assert_eq!(kind(&[both[1]], None), Err((MissingDirectory, 0)));
        assert_eq!(kind(&[both[0], both[1], None], Some((7, 2))), Err((ForeignDirectory, 2)));
        assert_eq!(kind(&[None, None], Some((7, 1))), Err((ForeignDirectory, 1)));
        assert_eq!(kind(&[None], Some((7, 1))), Ok(None));
    }
}
