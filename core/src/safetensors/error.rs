//! What can be wrong with a model's files.

use std::{error, fmt, path::Path, sync::Arc};

use crate::error::Error;

/// Why a model could not be read or saved: the file and the reason.
pub struct ModelError {
    path: Arc<Path>,
    kind: ModelErrorKind,
}

/// The reason of a [`ModelError`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// The file could not be opened, read or written.
    Io(Error),
    /// The file is too short to say how long its header is.
    TooShort {
        /// Its length in bytes.
        len: u64,
    },
    /// The header is said to be longer than the file has room for, or than the format allows
    /// (100,000,000 bytes).
    HeaderLength {
        /// The length it is said to have, in bytes.
        stated: u64,
        /// The greatest it could have.
        most: u64,
    },
    /// The header is not the JSON that the format asks for, with dtypes that are known; the source
    /// tells the place.
    Json(Box<dyn error::Error + Send + Sync>),
    /// The index of a model in several files is not the JSON that it has to be, or longer than a header may
    /// be; the source tells.
    Index(Box<dyn error::Error + Send + Sync>),
    /// Two tensors have one name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// A tensor to be saved has a name that the format keeps for something else.
    ReservedName {
        /// The name.
        name: String,
    },
    /// Tensors overlap or leave gaps, or a shape does not make up the bytes that a tensor has; the
    /// source tells which.
    Layout(Box<dyn error::Error + Send + Sync>),
    /// The file is shorter or longer than its header says.
    DataLength {
        /// The length that the header makes up, in bytes.
        stated: u64,
        /// The length that the file has.
        found: u64,
    },
    /// The index names a file that is not beside it.
    ShardName {
        /// The name, which has to be that of a file alone.
        name: String,
    },
    /// The index says of tensors that they are in files which do not have them.
    NotInShard {
        /// Each with the file.
        tensors: Vec<(String, String)>,
    },
    /// The model has no such tensors.
    Unknown {
        /// All the names that were asked for in vain.
        names: Vec<String>,
    },
    /// A tensor to be saved gives another number of bytes than it said.
    TensorLength {
        /// Its name.
        name: String,
        /// Bytes that it said it has.
        stated: usize,
        /// Bytes that it gave.
        found: usize,
    },
    /// The caller's code, which pieces are given to, wanted no more of them.
    Stopped(Box<dyn error::Error + Send + Sync>),
}

impl ModelError {
    pub(super) fn new(path: &Path, kind: ModelErrorKind) -> Self {
        Self { path: Arc::from(path), kind }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(Error) -> Self {
        move |error| Self::new(path, ModelErrorKind::Io(error))
    }

    /// The file, or the index of several.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, to match on.
    #[must_use]
    pub fn kind(&self) -> &ModelErrorKind {
        &self.kind
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors of the engine name the file themselves.
        if let ModelErrorKind::Io(error) = &self.kind {
            return error.fmt(f);
        }
        write!(f, "{}: {}", self.path.display(), self.kind)
    }
}

impl fmt::Display for ModelErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::TooShort { len } => {
                write!(f, "{len} bytes are no safetensors file; check that it was copied whole")
            }
            Self::HeaderLength { stated, most } => write!(
                f,
                "the header is said to have {stated} bytes and could have {most}; check that this is \
                 a safetensors file, copied whole"
            ),
            Self::Json(error) => write!(
                f,
                "the header is not one of safetensors: {error}; check that this is such a file, copied whole"
            ),
            Self::Index(error) => write!(
                f,
                "the index is not one of a model in several files: {error}; check that it was copied whole"
            ),
            Self::Duplicate { name } => {
                write!(f, "two tensors are called `{name}`; save the model with a name for each")
            }
            Self::ReservedName { name } => {
                write!(f, "no tensor can be called `{name}`, which is the metadata's; rename it")
            }
            Self::Layout(error) => write!(
                f,
                "the tensors do not fit together: {error}; correct their shapes and save the model again"
            ),
            Self::DataLength { stated, found } => write!(
                f,
                "{found} bytes where the header makes up {stated}; check that it was copied whole"
            ),
            Self::ShardName { name } => {
                write!(
                    f,
                    "the index names `{name}`, which is not the name of a file beside it; put all files into \
                     one directory and correct the index"
                )
            }
            Self::NotInShard { tensors } => {
                write!(f, "the index names tensors that are not there:")?;
                tensors.iter().try_for_each(|(name, file)| write!(f, " `{name}` in {file}"))?;
                f.write_str("; check that index and files are of one version of the model")
            }
            Self::Unknown { names } => {
                write!(f, "there are no such tensors:")?;
                names.iter().try_for_each(|name| write!(f, " `{name}`"))?;
                f.write_str("; `Model::tensors` has those there are")
            }
            Self::TensorLength { name, stated, found } => {
                write!(
                    f,
                    "tensor `{name}` has {found} bytes and said it has {stated}; correct one of them"
                )
            }
            Self::Stopped(error) => error.fmt(f),
        }
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people.
impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for ModelError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            ModelErrorKind::Io(error) => Some(error),
            ModelErrorKind::Json(error)
            | ModelErrorKind::Index(error)
            | ModelErrorKind::Layout(error)
            | ModelErrorKind::Stopped(error) => Some(&**error),
            _ => None,
        }
    }
}
