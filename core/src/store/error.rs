//! What can go wrong with a store, typed: every error names the operation, the directory, and where
//! there is one the tensor, the file and the block.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::error::Error;

/// What a store was doing when a [`StoreError`] arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOperation {
    /// Opening the store.
    Open,
    /// Storing a tensor.
    Put,
    /// Overwriting a part of a tensor.
    PutRange,
    /// Reading a tensor.
    Get,
    /// Reading a part of a tensor.
    GetRange,
    /// Reading a tensor into memory.
    Prefetch,
    /// Removing a tensor.
    Remove,
    /// Making what was stored durable.
    Commit,
    /// Ending the store.
    Close,
    /// Reading groups of tensors, changing them and writing them back.
    Update,
    /// Waiting for a request.
    Wait,
}

impl fmt::Display for StoreOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Put => "put",
            Self::PutRange => "put_range",
            Self::Get => "get",
            Self::GetRange => "get_range",
            Self::Prefetch => "prefetch",
            Self::Remove => "remove",
            Self::Commit => "commit",
            Self::Close => "close",
            Self::Update => "update",
            Self::Wait => "wait",
        })
    }
}

/// The kind of a [`StoreError`], to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no tensor of that name.
    NotFound,
    /// What the file holds is not what was stored: torn, rotten, exchanged or gone.
    Corrupt,
    /// The last put into the tensor's place failed half way, so that neither its old bytes nor the new
    /// ones are whole.
    Lost,
    /// The buffer is not as long as the tensor.
    WrongLength,
    /// A group of tensors is not what it is taken to be, or cannot be one.
    WrongGroup,
    /// The range is not one of the tensor's: it reaches beyond it, or ends before it begins.
    OutOfBounds,
    /// The capacity does not suffice with all gone that may be evicted, or the memory for what is to be
    /// prefetched, streamed or updated.
    Full,
    /// Another store has the directory open, in this process or another.
    InUse,
    /// The directory holds a store already, and [`Stale::Refuse`](crate::Stale::Refuse) was asked for.
    Exists,
    /// The directory holds a store of the other mode.
    WrongMode,
    /// The index, or a directory's label, is not what a store wrote, or refers to what cannot be.
    CorruptIndex,
    /// The index was written by a later version of this crate.
    UnknownVersion,
    /// A directory of the store was not given, or is not the one that it was: nothing in it says that it
    /// is the store's. Perhaps its device is not mounted.
    MissingDirectory,
    /// A directory was given in the place of another of the same store.
    ExchangedDirectory,
    /// A directory was given twice, or a copy of it with it.
    DuplicateDirectory,
    /// A directory is another store's.
    ForeignDirectory,
    /// The directories depend on the process's rank, and no launcher has set it.
    NoRank,
    /// The directories depend on the process's rank, and the launchers' variables say different ones.
    RanksDisagree,
    /// The file system keeps no promise of durability that this crate knows of: a network or an overlay
    /// file system.
    UnsureFileSystem,
    /// A setting of the builder is outside its range.
    InvalidSetting,
    /// The store is not durable, so there is nothing to commit.
    NotDurable,
    /// Puts failed whose tickets were dropped; [`StoreError::failures`] has them.
    Unreported,
    /// A sync failed before, so that nobody knows what is durable; the store takes no more changes.
    Poisoned,
    /// The directory's owner file is not the one that this store wrote.
    OwnerChanged,
    /// The process is a forked child of the one that opened the store.
    Forked,
    /// The store was closed.
    Closed,
    /// A blocking call was made on one of the engine's own workers, which would wait for itself.
    WouldDeadlock,
    /// The ticket's result was taken before.
    ResultTaken,
    /// The engine or the system failed; [`StoreError::engine_error`] and
    /// [`std::error::Error::source`] say how.
    Io,
}

impl StoreErrorKind {
    fn text(self) -> &'static str {
        match self {
            Self::NotFound => "there is no such tensor",
            Self::Corrupt => "its file does not hold what was stored",
            Self::Lost => "an earlier put failed half way in its place",
            Self::WrongLength => "the buffer is not as long as the tensor",
            Self::WrongGroup => "the group of tensors is another, or cannot be",
            Self::OutOfBounds => "the range is not within the tensor",
            Self::Full => "capacity or memory does not suffice",
            Self::InUse => "the directory is in use by another store",
            Self::Exists => "the directory holds a store already",
            Self::WrongMode => "the directory holds a store of the other mode",
            Self::CorruptIndex => "the index or a label is not what a store wrote",
            Self::UnknownVersion => "the index is of a later version of this crate",
            Self::MissingDirectory => "a directory of the store is missing",
            Self::ExchangedDirectory => "the directory is another one of the store's",
            Self::DuplicateDirectory => "the directory was given twice",
            Self::ForeignDirectory => "the directory is not the store's",
            Self::NoRank => "no launcher tells the rank of this process",
            Self::RanksDisagree => "launchers tell different ranks of this process",
            Self::UnsureFileSystem => "the file system may not keep what it was told to",
            Self::InvalidSetting => "a setting is outside its range",
            Self::NotDurable => "the store is not durable",
            Self::Unreported => "puts failed that nobody waited for",
            Self::Poisoned => "an earlier sync failed",
            Self::OwnerChanged => "the directory has another owner by now",
            Self::Forked => "this is a forked child of the store's process",
            Self::Closed => "the store was closed",
            Self::WouldDeadlock => "waiting on one of the engine's workers would be for ever",
            Self::ResultTaken => "the result was taken before",
            Self::Io => "the system failed",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::NotFound => "check the name",
            Self::Corrupt => "put it again from its source, and look at the device",
            Self::Lost => "put it again",
            Self::WrongLength => "ask for the length first",
            Self::WrongGroup => {
                "give tensors that are there once each, and give back what was given"
            }
            Self::OutOfBounds => "ask for a range from 0 to its length at most",
            Self::Full => "remove or unpin others, or raise it",
            Self::InUse => "close it first, or take another directory",
            Self::Exists => "recover or remove it, or take another directory",
            Self::WrongMode => "open it in its mode, or remove it first",
            Self::CorruptIndex => "restore it from a copy, or remove the store",
            Self::UnknownVersion => "use that version",
            Self::MissingDirectory => "mount it, and give all of the store's directories",
            Self::ExchangedDirectory => "give the directories in their order",
            Self::DuplicateDirectory => "give each directory once",
            Self::ForeignDirectory => "give the store's own directories, or remove what is in it",
            Self::NoRank => "start it by a launcher, or give directories without ranks",
            Self::RanksDisagree => "say by the setting `launcher` which holds",
            Self::UnsureFileSystem => "take a local one, or allow it in the builder",
            Self::InvalidSetting => "take values that it allows",
            Self::NotDurable => "open it as durable",
            Self::Unreported => "put them again",
            Self::Poisoned => "open the store again: it is as of its last commit",
            Self::OwnerChanged => "let one process alone use it",
            Self::Forked => "open another store there",
            Self::Closed => "open it again",
            Self::WouldDeadlock => "wait on another thread",
            Self::ResultTaken => "wait once",
            Self::Io => "see what it says",
        }
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A failed operation of a store: what was asked of which tensor, and why it went no further.
#[derive(Clone)]
pub struct StoreError(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    operation: StoreOperation,
    kind: StoreErrorKind,
    directory: Arc<Path>,
    tensor: Option<Arc<str>>,
    file: Option<PathBuf>,
    block: Option<u64>,
    told: Option<String>,
    failures: Vec<StoreError>,
    engine: Option<Error>,
    system: Option<Arc<io::Error>>,
}

impl StoreError {
    pub(super) fn new(
        operation: StoreOperation,
        kind: StoreErrorKind,
        directory: &Arc<Path>,
    ) -> Self {
        Self(Box::new(Details {
            operation,
            kind,
            directory: Arc::clone(directory),
            tensor: None,
            file: None,
            block: None,
            told: None,
            failures: Vec::new(),
            engine: None,
            system: None,
        }))
    }

    pub(super) fn for_tensor(mut self, name: &Arc<str>) -> Self {
        self.0.tensor = Some(Arc::clone(name));
        self
    }

    pub(super) fn in_file(mut self, file: PathBuf) -> Self {
        self.0.file = Some(file);
        self
    }

    pub(super) fn at_block(mut self, block: u64) -> Self {
        self.0.block = Some(block);
        self
    }

    /// What there is to say besides, in a clause.
    pub(super) fn telling(mut self, what: impl Into<String>) -> Self {
        self.0.told = Some(what.into());
        self
    }

    pub(super) fn with_failures(mut self, failures: Vec<StoreError>) -> Self {
        self.0.failures = failures;
        self
    }

    pub(super) fn because_of(mut self, error: Error) -> Self {
        self.0.engine = Some(error);
        self
    }

    pub(super) fn because_of_system(mut self, error: io::Error) -> Self {
        self.0.system = Some(Arc::new(error));
        self
    }

    pub(super) fn of_kind(mut self, kind: StoreErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(super) fn during(mut self, operation: StoreOperation) -> Self {
        self.0.operation = operation;
        self
    }

    /// The same error of another operation.
    pub(super) fn on_behalf_of(mut self, other: &Self) -> Self {
        self.0.operation = other.0.operation;
        self.0.tensor = other.0.tensor.clone();
        self
    }

    /// What was attempted.
    #[must_use]
    pub fn operation(&self) -> StoreOperation {
        self.0.operation
    }

    /// Why it failed, to match on.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// The store's directory, as it was given to the builder; of several the one in question, or the first.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// The tensor's name; none where the error is of no single tensor.
    #[must_use]
    pub fn tensor(&self) -> Option<&str> {
        self.0.tensor.as_deref()
    }

    /// The file in question, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The number of the first checksum block that is [`StoreErrorKind::Corrupt`], counted from the
    /// tensor's beginning.
    #[must_use]
    pub fn block(&self) -> Option<u64> {
        self.0.block
    }

    /// The failures that nobody had been told of, for [`StoreErrorKind::Unreported`].
    #[must_use]
    pub fn failures(&self) -> &[StoreError] {
        &self.0.failures
    }

    /// What the engine says, where it was the one to fail.
    #[must_use]
    pub fn engine_error(&self) -> Option<&Error> {
        self.0.engine.as_ref()
    }
}

/// As many characters of a name an error shows.
const SHOWN: usize = 100;

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details {
            operation,
            kind,
            directory,
            tensor,
            file,
            block,
            told,
            failures,
            engine,
            system,
        } = &*self.0;
        write!(f, "{operation}")?;
        if let Some(tensor) = tensor {
            let shown: String = tensor.chars().take(SHOWN).collect();
            let more = if shown.len() < tensor.len() { "…" } else { "" };
            write!(f, " `{}{more}`", shown.escape_debug())?;
        }
        write!(f, " in the store {}: {kind}", directory.display())?;
        if let Some(block) = block {
            write!(f, ", block {block}")?;
        }
        if let Some(file) = file {
            write!(f, " ({})", file.display())?;
        }
        if let Some(told) = told {
            write!(f, ": {told}")?;
        }
        if let Some(error) = engine {
            write!(f, ": {error}")?;
        }
        if let Some(error) = system {
            write!(f, ": {error}")?;
        }
        for failure in failures {
            write!(f, "; {failure}")?;
        }
        write!(f, "; {}", kind.advice())
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people; its parts with `{:#?}`.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match (&self.0.engine, &self.0.system) {
            (Some(error), _) => Some(error),
            (None, Some(error)) => Some(&**error),
            (None, None) => None,
        }
    }
}
