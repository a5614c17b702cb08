//! Models: one file, or several by their index.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    path::{Path, PathBuf},
};

use super::{
    error::{ModelError, ModelErrorKind},
    header::{self, Header},
    index::Index,
    loader::Loader,
    tensor::{Tensor, TensorInfo},
    way::{Way, waited},
};
use crate::engine::{AioFile, Engine};

/// What a model in several files has beside them.
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// What a model in one file is called.
pub(super) const SINGLE: &str = "model.safetensors";

/// A model whose header has been read and checked; `E` is the engine, by reference or in an
/// [`Arc`](std::sync::Arc).
pub struct Model<E: Deref<Target = Engine>> {
    pub(super) engine: E,
    path: PathBuf,
    pub(super) files: Vec<AioFile>,
    /// By file, and in each in file order.
    tensors: Vec<TensorInfo>,
    /// Numbers of `tensors`, by name.
    by_name: Vec<usize>,
    metadata: BTreeMap<String, String>,
}

impl<E: Deref<Target = Engine>> Model<E> {
    /// Opens a file; or the files that an index names (a path that ends in `.json`), which lie beside it;
    /// or what a directory has, `model.safetensors.index.json` or else `model.safetensors`.
    ///
    /// Of files that an index names it has the tensors which the index lists.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Io`] for a file that cannot be opened and read, and every kind that says what is
    /// wrong with a header or an index. What cannot be right is found out before memory is asked for:
    /// nothing is allocated for a length that exceeds the file's.
    pub fn open<P: AsRef<Path>>(engine: E, path: P) -> Result<Self, ModelError> {
        let path = path.as_ref();
        waited(path, Self::opened(engine, path, Way::Wait))
    }

    /// As [`Model::open`], in a task: headers are awaited; the thread that polls opens the files.
    ///
    /// # Errors
    ///
    /// As for [`Model::open`].
    pub async fn open_async<P: AsRef<Path>>(engine: E, path: P) -> Result<Self, ModelError> {
        Self::opened(engine, path.as_ref(), Way::Await).await
    }

    async fn opened(engine: E, path: &Path, way: Way) -> Result<Self, ModelError> {
        let path = chosen(path);
        let is_index = path.extension().is_some_and(|extension| extension == "json");
        let (files, headers) = if is_index {
            open_all(&engine, &path, way).await?
        } else {
            let file = open(&engine, &path)?;
            let header = header::read(&engine, &file, 0, way).await?;
            (vec![file], vec![header])
        };
        let (mut tensors, mut metadata) = (Vec::new(), BTreeMap::new());
        for header in headers {
            tensors.extend(header.tensors);
            for (key, value) in header.metadata {
                metadata.entry(key).or_insert(value);
            }
        }
        let mut by_name: Vec<usize> = (0..tensors.len()).collect();
        by_name.sort_by(|&left, &right| tensors[left].name.cmp(&tensors[right].name));
        Ok(Self { engine, path, files, tensors, by_name, metadata })
    }

    /// The file, or the index of several.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All tensors, in the order in which they lie in the files.
    #[must_use]
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The tensor of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&TensorInfo> {
        let place = |&number: &usize| self.tensors[number].name.as_str().cmp(name);
        let found = self.by_name.binary_search_by(place).ok()?;
        self.tensors.get(*self.by_name.get(found)?)
    }

    /// What the header has besides tensors (`__metadata__`); of several files that of all, and of keys
    /// that come in several the first.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Bytes of all tensors together.
    #[must_use]
    pub fn data_len(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.len as u64).sum()
    }

    /// Loads all tensors; see [`Loader::load`].
    ///
    /// # Errors
    ///
    /// As for [`Loader::load`].
    pub fn load(&self) -> Result<BTreeMap<String, Tensor>, ModelError> {
        self.loader().load()
    }

    /// Begins to load some of the tensors, or in some other way than all at once.
    pub fn loader(&self) -> Loader<'_, E> {
        Loader::new(self)
    }
}

/// The file that a path leads to.
fn chosen(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    let index = path.join(INDEX);
    if index.exists() { index } else { path.join(SINGLE) }
}

type Opened = (Vec<AioFile>, Vec<Header>);

fn open(engine: &Engine, path: &Path) -> Result<AioFile, ModelError> {
    engine.open(path).map_err(ModelError::io(path))
}

/// Opens the files that an index names.
async fn open_all(engine: &Engine, path: &Path, way: Way) -> Result<Opened, ModelError> {
    let mut index = Index::read(engine, &open(engine, path)?, way).await?;
    let names: Vec<String> = index.files().into_iter().map(str::to_owned).collect();
    let (mut files, mut headers) = (Vec::new(), Vec::new());
    for (shard, name) in names.iter().enumerate() {
        let file = open(engine, &header::beside(path, name))?;
        let mut header = header::read(engine, &file, shard, way).await?;
        header.tensors.retain(|tensor| {
            let is_here = index.weights.get(&tensor.name).is_some_and(|file| file == name);
            is_here && index.weights.remove(&tensor.name).is_some()
        });
        files.push(file);
        headers.push(header);
    }
    if index.weights.is_empty() {
        return Ok((files, headers));
    }
    let tensors = index.weights.into_iter().collect();
    Err(ModelError::new(path, ModelErrorKind::NotInShard { tensors }))
}

impl<E: Deref<Target = Engine>> fmt::Debug for Model<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("path", &self.path)
            .field("tensors", &self.tensors.len())
            .finish_non_exhaustive()
    }
}
