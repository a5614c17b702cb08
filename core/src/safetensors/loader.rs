//! Loading tensors: at once, or piece by piece.

use std::{
    collections::{BTreeMap, VecDeque},
    error, fmt,
    io::BufRead,
    ops::Deref,
    time::Duration,
};

use super::{
    error::{ModelError, ModelErrorKind},
    model::Model,
    save::wrapped,
    tensor::{Tensor, TensorInfo},
    way::{Way, waited, would_deadlock},
};
use crate::{
    buf::AioBuf,
    engine::{AioFile, Engine, Failed, Priority, Progress, Ticket},
    error::{Error, ErrorKind, Operation},
    stream::FileReader,
};

/// How often progress is told of while nothing is finished.
const INTERVAL: Duration = Duration::from_millis(100);

/// Loads tensors of a [`Model`]: all of them unless it is told which.
#[must_use = "nothing is loaded before `load` or `stream`"]
pub struct Loader<'a, E: Deref<Target = Engine>> {
    model: &'a Model<E>,
    names: Option<Vec<String>>,
    filter: Option<Filter<'a>>,
    progress: Option<Told<'a>>,
    memory: Option<usize>,
    priority: Priority,
}

type Filter<'a> = Box<dyn FnMut(&TensorInfo) -> bool + 'a>;
type Told<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

/// A piece of a tensor, as [`Loader::stream`] gives it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Piece<'a> {
    /// The tensor.
    pub tensor: &'a TensorInfo,
    /// Where in the tensor the piece begins, in bytes.
    pub offset: usize,
    /// The bytes; none of a tensor without elements.
    pub bytes: &'a [u8],
}

impl<'a, E: Deref<Target = Engine>> Loader<'a, E> {
    pub(super) fn new(model: &'a Model<E>) -> Self {
        let priority = Priority::Normal;
        Self { model, names: None, filter: None, progress: None, memory: None, priority }
    }

    /// Only the tensors of these names.
    pub fn names<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Only those for which `filter` returns `true`, of the given names if there are some.
    pub fn filter(mut self, filter: impl FnMut(&TensorInfo) -> bool + 'a) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Calls `progress` on the loading thread with the bytes read so far and those to be read: as tensors
    /// are finished, ten times a second meanwhile, and at last with all of them.
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// As many bytes as [`Loader::stream`] may have in memory; 64 MiB by default, and two pages at least.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// The priority of the reads; [`Priority::Normal`] by default.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Has the tensors read, all at the same time, and gives them by name.
    ///
    /// Memory comes from the engine's pool: that of the tensors, each in whole pages. Tensors that begin
    /// or end within a page have that page copied, all else goes direct.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Unknown`] with all the names that the model has not. [`ModelErrorKind::Io`] for
    /// what could not be read, or if there is no memory for it; what was read is dropped then.
    pub fn load(mut self) -> Result<BTreeMap<String, Tensor>, ModelError> {
        let path = self.model.path();
        if self.model.engine.is_on_worker() {
            return Err(would_deadlock(path));
        }
        let selected = self.select()?;
        waited(path, loaded(self.model, selected, self.progress, self.priority, Way::Wait))
    }

    /// As [`Loader::load`], in a task. Progress is told of as tensors are finished. Dropping the future
    /// gives the reads up.
    ///
    /// The thread that polls obtains the memory, which takes about as long as to write over it.
    ///
    /// ```
    /// # async fn load(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use std::sync::Arc;
    ///
    /// use ds_aio::{Engine, EngineSettings, safetensors::Model};
    ///
    /// let engine = Arc::new(Engine::new(&EngineSettings::default())?);
    /// let model = Model::open_async(engine, path).await?;
    /// let norms = model.loader().filter(|tensor| tensor.name().ends_with("norm.weight"));
    /// for (name, tensor) in norms.load_async().await? {
    ///     println!("{name} {:?}", tensor.shape());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Loader::load`].
    pub fn load_async(
        mut self,
    ) -> impl Future<Output = Result<BTreeMap<String, Tensor>, ModelError>> {
        // Neither the future nor whoever sends it to another thread need have the filter.
        let selected = self.select();
        let Self { model, progress, priority, .. } = self;
        async move { loaded(model, selected?, progress, priority, Way::Await).await }
    }

    /// Gives the tensors to `take` piece by piece, in the order in which they lie in the files, while the
    /// next pieces are being read: each tensor's from its beginning on, one without elements as one empty
    /// piece.
    ///
    /// Pieces begin and end anywhere; within an element only if the file has its data at an odd place.
    ///
    /// # Errors
    ///
    /// As for [`Loader::load`], and [`ModelErrorKind::Stopped`] with the error that `take` returned;
    /// nothing more is given then.
    pub fn stream<F>(mut self, mut take: F) -> Result<(), ModelError>
    where
        F: FnMut(Piece<'_>) -> Result<(), Box<dyn error::Error + Send + Sync>>,
    {
        let selected = self.select()?;
        let Self { model, progress, memory, priority, .. } = self;
        let mut counted = Counted::new(&selected, progress);
        let follows = |left: &&TensorInfo, right: &&TensorInfo| {
            left.shard == right.shard && left.end() == right.offset
        };
        for run in selected.chunk_by(follows) {
            stream_run(model, run, (memory, priority), &mut counted, &mut take)?;
        }
        Ok(())
    }

    /// The tensors to be loaded, in file order.
    fn select(&mut self) -> Result<Vec<&'a TensorInfo>, ModelError> {
        let model = self.model;
        let mut selected: Vec<&TensorInfo> = match &self.names {
            None => model.tensors().iter().collect(),
            Some(names) => {
                let unknown = names.iter().filter(|name| model.get(name).is_none());
                let unknown: Vec<String> = unknown.cloned().collect();
                if !unknown.is_empty() {
                    let kind = ModelErrorKind::Unknown { names: unknown };
                    return Err(ModelError::new(model.path(), kind));
                }
                names.iter().filter_map(|name| model.get(name)).collect()
            }
        };
        selected.sort_by_key(|tensor| (tensor.shard, tensor.offset, tensor.len, &tensor.name));
        selected.dedup_by(|left, right| left.name == right.name);
        if let Some(filter) = &mut self.filter {
            selected.retain(|tensor| filter(tensor));
        }
        Ok(selected)
    }
}

/// Reads tensors, all at the same time.
async fn loaded<'a, E: Deref<Target = Engine>>(
    model: &'a Model<E>,
    selected: Vec<&'a TensorInfo>,
    progress: Option<Told<'a>>,
    priority: Priority,
    way: Way,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let engine = &*model.engine;
    let mut counted = Counted::new(&selected, progress);
    let files: Vec<AioFile> = model.files.iter().map(|file| file.with_priority(priority)).collect();
    let mut reads = Reads(VecDeque::with_capacity(selected.len()));
    for tensor in selected {
        let file = &files[tensor.shard];
        let buffer = engine.pool().alloc_for_read_at(tensor.offset, tensor.len);
        let buffer = buffer.map_err(ModelError::io(file.path()))?;
        let ticket = match way {
            Way::Wait => engine.pread(file, buffer, tensor.offset),
            Way::Await => engine.pread_async(file, buffer, tensor.offset).await,
        };
        reads.0.push_back((tensor, ticket));
    }
    let mut loaded = BTreeMap::new();
    loop {
        let read = match way {
            Way::Wait => {
                reads.0.pop_front().map(|(tensor, ticket)| (tensor, counted.wait(ticket, &reads)))
            }
            Way::Await => reads.next().await,
        };
        let Some((tensor, read)) = read else {
            return Ok(loaded);
        };
        let path = files[tensor.shard].path();
        let data = read.map_err(Error::from).map_err(ModelError::io(path))?;
        counted.add(tensor.len);
        let TensorInfo { name, dtype, shape, .. } = tensor.clone();
        loaded.insert(name, Tensor { dtype, shape, data });
    }
}

/// Tensors that lie side by side in one file.
fn stream_run<E, F>(
    model: &Model<E>,
    run: &[&TensorInfo],
    (memory, priority): (Option<usize>, Priority),
    counted: &mut Counted<'_>,
    take: &mut F,
) -> Result<(), ModelError>
where
    E: Deref<Target = Engine>,
    F: FnMut(Piece<'_>) -> Result<(), Box<dyn error::Error + Send + Sync>>,
{
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return Ok(());
    };
    let file = model.files[first.shard].with_priority(priority);
    let path = file.path();
    let mut reader = FileReader::range(&*model.engine, &file, first.offset..last.end())
        .map_err(ModelError::io(path))?;
    if let Some(memory) = memory {
        reader = reader.with_memory(memory);
    }
    for tensor in run {
        let mut offset = 0;
        loop {
            let left = tensor.len - offset;
            let found: &[u8] = if left == 0 {
                &[]
            } else {
                reader
                    .fill_buf()
                    .map_err(|error| ModelError::new(path, wrapped(error, Operation::Read)))?
            };
            if found.is_empty() && left > 0 {
                let error = Error::new(Operation::Read, ErrorKind::UnexpectedEof.into())
                    .at_path(file.state.open.path())
                    .for_range(tensor.offset, tensor.len, offset);
                return Err(ModelError::io(path)(error));
            }
            let bytes = &found[..found.len().min(left)];
            let taken = take(Piece { tensor, offset, bytes });
            taken.map_err(|error| ModelError::new(path, ModelErrorKind::Stopped(error)))?;
            let count = bytes.len();
            reader.consume(count);
            counted.add(count);
            offset += count;
            if offset == tensor.len {
                break;
            }
        }
    }
    Ok(())
}

/// Requests that read tensors. Those left over are given up: nobody wants their failures.
struct Reads<'a>(VecDeque<(&'a TensorInfo, Ticket<AioBuf>)>);

/// A tensor's read that has ended.
type Ended<'a> = (&'a TensorInfo, Result<AioBuf, Failed<AioBuf>>);

impl<'a> Reads<'a> {
    /// Awaits the first one, which is given up with the others if the task is dropped meanwhile.
    async fn next(&mut self) -> Option<Ended<'a>> {
        let (tensor, ticket) = self.0.front_mut()?;
        let ended = (*tensor, ticket.await);
        self.0.pop_front();
        Some(ended)
    }
}

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        for (_, ticket) in self.0.drain(..) {
            ticket.cancel();
            ticket.on_completion(drop);
        }
    }
}

/// Bytes read, and who wants to know.
struct Counted<'a> {
    done: usize,
    wanted: usize,
    told: Option<Told<'a>>,
}

impl<'a> Counted<'a> {
    fn new(tensors: &[&TensorInfo], told: Option<Told<'a>>) -> Self {
        let lens = tensors.iter().map(|tensor| tensor.len);
        Self { done: 0, wanted: lens.fold(0, usize::saturating_add), told }
    }

    fn add(&mut self, bytes: usize) {
        self.done = self.done.saturating_add(bytes);
        self.tell(0);
    }

    /// Tells of the bytes done and `more`.
    fn tell(&mut self, more: usize) {
        let done = self.done.saturating_add(more).min(self.wanted);
        if let Some(told) = &mut self.told {
            told(Progress { done, wanted: self.wanted });
        }
    }

    /// Waits for a read, and tells how far it and those after it are meanwhile.
    fn wait(
        &mut self,
        mut ticket: Ticket<AioBuf>,
        others: &Reads<'_>,
    ) -> Result<AioBuf, Failed<AioBuf>> {
        while self.told.is_some() {
            match ticket.wait_timeout(INTERVAL) {
                Ok(result) => return result,
                Err(again) => ticket = again,
            }
            let others = others.0.iter().map(|(_, other)| other.progress().done);
            self.tell(others.fold(ticket.progress().done, usize::saturating_add));
        }
        ticket.wait()
    }
}

impl<E: Deref<Target = Engine>> fmt::Debug for Loader<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("model", &self.model).finish_non_exhaustive()
    }
}
