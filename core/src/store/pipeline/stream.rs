//! Tensors one after the other, read ahead of who takes them.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    iter::FusedIterator,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use super::MOST_UNDER_WAY;
use crate::{
    buf::AioBuf,
    error::ErrorKind,
    store::{
        StoreError, StoreErrorKind, StoreFailed, StoreOperation, StoreTicket, entry::Entry,
        inner::Inner, read, space::pages,
    },
};

/// Tensors of a store in the order of their names, the next ones being read while the caller has one;
/// see [`OffloadStore::stream`](crate::OffloadStore::stream).
///
/// It is an iterator, whose `next` waits, and awaits with [`TensorStream::next_async`]; with the feature
/// `futures-core` it is a `Stream` of that crate, too. Each tensor comes as a result of its own: after a
/// failed one the next is read.
///
/// It keeps neither the store nor its directory: once the store is closed, all that is left is
/// [`StoreErrorKind::Closed`].
#[must_use = "nothing is read before the first tensor is asked for"]
pub struct TensorStream<I> {
    inner: Arc<Inner>,
    /// None once all have been taken.
    names: Option<I>,
    /// The next one, if it was looked at and has to wait for memory.
    next: Option<Arc<str>>,
    ahead: usize,
    memory: u64,
    /// Bytes of all buffers that the stream has, and of those that it gave, in whole pages.
    used: Arc<AtomicU64>,
    under_way: VecDeque<UnderWay>,
}

struct UnderWay {
    name: Arc<str>,
    read: Read,
}

type Ended = Result<AioBuf, StoreFailed<AioBuf>>;

enum Read {
    Begun { ticket: StoreTicket<AioBuf>, share: Share },
    Failed(StoreError),
}

/// A part of the memory, until it is dropped.
struct Share {
    used: Arc<AtomicU64>,
    bytes: u64,
}

/// A tensor that was read by a [`TensorStream`]: its name, and its bytes as an [`AioBuf`].
pub struct StreamedTensor {
    name: Arc<str>,
    bytes: AioBuf,
    /// Dropped after them.
    share: Share,
}

impl<I> TensorStream<I> {
    pub(in crate::store) fn new(inner: &Arc<Inner>, names: I, ahead: usize) -> Self {
        Self {
            inner: Arc::clone(inner),
            names: Some(names),
            next: None,
            ahead: ahead.min(MOST_UNDER_WAY),
            memory: u64::MAX,
            used: Arc::default(),
            under_way: VecDeque::new(),
        }
    }

    /// Reads no further ahead than so many bytes have room for, each tensor in whole pages of 4096, with
    /// those that the caller has ([`StreamedTensor`]) counted in; as many as are asked for one by one
    /// whatever the caller keeps, so that keeping them is no deadlock. By default the number of tensors
    /// alone is bounded.
    ///
    /// A tensor that is longer than that is [`StoreErrorKind::Full`].
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Bytes of the buffers that are being filled, and of those that the caller has, in whole pages of
    /// 4096.
    #[must_use]
    pub fn memory_in_use(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn share(&self, bytes: u64) -> Share {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Share { used: Arc::clone(&self.used), bytes }
    }
}

impl<I: Iterator<Item: AsRef<str>>> TensorStream<I> {
    /// As [`Iterator::next`], awaiting the tensor instead of waiting for it. Dropped before, it has
    /// taken none.
    pub async fn next_async(&mut self) -> Option<Result<StreamedTensor, StoreError>> {
        poll_fn(|context| self.poll_tensor(context)).await
    }

    fn poll_tensor(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<StreamedTensor, StoreError>>> {
        self.read_ahead(true);
        let read = match self.under_way.front_mut() {
            Some(UnderWay { read: Read::Begun { ticket, .. }, .. }) => {
                Some(ready!(Pin::new(ticket).poll(context)))
            }
            _ => None,
        };
        let first = self.under_way.pop_front();
        Poll::Ready(first.map(|first| self.taken(first, |_| read)))
    }

    /// Begins to read until as many are under way as should be, or memory does not suffice; one in any
    /// case if it `is_asked_for`.
    fn read_ahead(&mut self, is_asked_for: bool) {
        loop {
            let must = self.under_way.is_empty() && is_asked_for;
            if self.under_way.len() >= self.ahead && !must {
                return;
            }
            let Some(name) = self.next_name() else {
                return;
            };
            match self.begin(&name, must) {
                Some(read) => self.under_way.push_back(UnderWay { name, read }),
                None => {
                    self.next = Some(name);
                    return;
                }
            }
        }
    }

    fn next_name(&mut self) -> Option<Arc<str>> {
        if let Some(name) = self.next.take() {
            return Some(name);
        }
        let name = self.names.as_mut()?.next();
        if name.is_none() {
            self.names = None;
        }
        name.map(|name| Arc::from(name.as_ref()))
    }

    /// Begins to read a tensor; none if there is no memory for it now and it can wait.
    fn begin(&self, name: &Arc<str>, must: bool) -> Option<Read> {
        let failed = |error: StoreError| {
            Some(Read::Failed(error.during(StoreOperation::Get).for_tensor(name)))
        };
        let len = match self.inner.readable() {
            Ok(state) => state.tensors.get(name).map(|version| version.len),
            Err(error) => return failed(error),
        };
        let Some(len) = len else {
            return failed(self.inner.error(StoreErrorKind::NotFound));
        };
        let bytes = pages(len);
        if bytes > self.memory {
            let told = format!("{bytes} bytes, and the stream has {}", self.memory);
            return failed(self.inner.error(StoreErrorKind::Full).telling(told));
        }
        if bytes > self.memory.saturating_sub(self.memory_in_use()) && !must {
            return None;
        }
        let share = self.share(bytes);
        let buffer = self.inner.engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX));
        match buffer {
            Ok(buffer) => {
                let ticket = read::get_into(&self.inner, name, buffer, Entry::Bounded);
                Some(Read::Begun { ticket, share })
            }
            // The pool has a limit, and something has yet to come back.
            Err(error) if error.kind() == ErrorKind::PoolExhausted && !must => None,
            Err(error) => failed(self.inner.engine_error(error)),
        }
    }

    /// The first tensor, once it has been read; what comes next is read meanwhile.
    fn taken(
        &mut self,
        first: UnderWay,
        result_of: impl FnOnce(StoreTicket<AioBuf>) -> Option<Ended>,
    ) -> Result<StreamedTensor, StoreError> {
        let UnderWay { name, read } = first;
        let tensor = match read {
            Read::Failed(error) => Err(error),
            Read::Begun { ticket, share } => match result_of(ticket) {
                Some(Ok(bytes)) => Ok(StreamedTensor { name, bytes, share }),
                Some(Err(failed)) => Err(failed.into()),
                None => Err(self.inner.error(StoreErrorKind::ResultTaken)),
            },
        };
        self.read_ahead(false);
        tensor
    }
}

impl<I: Iterator<Item: AsRef<str>>> Iterator for TensorStream<I> {
    type Item = Result<StreamedTensor, StoreError>;

    /// Waits for the next tensor.
    ///
    /// The errors are those of [`OffloadStore::get`](crate::OffloadStore::get);
    /// [`StoreErrorKind::WrongLength`] if the tensor got another length while its reading was begun, and
    /// [`StoreErrorKind::Full`] if it is longer than all memory of the stream.
    fn next(&mut self) -> Option<Self::Item> {
        self.read_ahead(true);
        let first = self.under_way.pop_front()?;
        Some(self.taken(first, |ticket| Some(ticket.wait())))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = self.under_way.len() + usize::from(self.next.is_some());
        let (least, most) = self.names.as_ref().map_or((0, Some(0)), Iterator::size_hint);
        (least.saturating_add(begun), most.and_then(|most| most.checked_add(begun)))
    }
}

impl<I: Iterator<Item: AsRef<str>>> FusedIterator for TensorStream<I> {}

#[cfg(feature = "futures-core")]
impl<I: Iterator<Item: AsRef<str>> + Unpin> futures_core::Stream for TensorStream<I> {
    type Item = Result<StreamedTensor, StoreError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_tensor(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Iterator::size_hint(self)
    }
}

impl<I> fmt::Debug for TensorStream<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TensorStream")
            .field("under_way", &self.under_way.len())
            .field("memory_in_use", &self.memory_in_use())
            .finish_non_exhaustive()
    }
}

impl StreamedTensor {
    /// The tensor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes alone, which from then on are no longer counted among those of the stream.
    #[must_use]
    pub fn into_buffer(self) -> AioBuf {
        let Self { bytes, share, .. } = self;
        drop(share);
        bytes
    }
}

impl Deref for StreamedTensor {
    type Target = AioBuf;

    fn deref(&self) -> &AioBuf {
        &self.bytes
    }
}

impl DerefMut for StreamedTensor {
    fn deref_mut(&mut self) -> &mut AioBuf {
        &mut self.bytes
    }
}

impl fmt::Debug for StreamedTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedTensor")
            .field("name", &self.name)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
