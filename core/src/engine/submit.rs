//! Submitting: from a call to an accepted request, with the bound on how many there are.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use crate::{
    buf::{self, Filled, IoBuf, IoBufMut, Memory},
    engine::{
        AioFile, Engine,
        admission::{Entering, Permit},
        ledger::Ledger,
        plan::{Block, Plan},
        request::{Asked, Delivery, Request, operation, wanted},
        ticket::{Failed, Ticket, TicketState},
        user_code,
    },
    error::{Cause, Error, ErrorKind, NotDirect},
    sys::Direction,
};

/// A request to be made.
pub(crate) struct Submission<B> {
    pub(crate) direction: Direction,
    pub(crate) buffer: B,
    pub(crate) offset: u64,
    /// Whether the file is to end where the request does.
    pub(crate) to_end: bool,
    pub(crate) memory_of: fn(&mut B) -> Memory,
    pub(crate) filled: Option<Filled<B>>,
}

/// What came of asking for room for a request.
pub(crate) struct Room(Result<Option<Permit>, ErrorKind>);

impl Room {
    /// For a request whose number is bounded elsewhere.
    pub(crate) fn past_the_bound() -> Self {
        Self(Ok(None))
    }
}

#[cfg(feature = "store")]
impl AioFile {
    /// Why a write of so many bytes from `offset` on would be refused before any of them is written, if it
    /// would.
    pub(crate) fn write_refusal(&self, offset: u64, len: usize) -> Option<Error> {
        let reason = self.state.open.ways().refusal(true, offset, len)?;
        let error = Error::new(operation(Direction::Write), reason.into());
        Some(error.at_path(self.state.open.path()).for_range(offset, len, 0))
    }
}

impl<B> Submission<B> {
    fn new(
        direction: Direction,
        buffer: B,
        offset: u64,
        memory_of: fn(&mut B) -> Memory,
        filled: Option<Filled<B>>,
    ) -> Self {
        Self { direction, buffer, offset, to_end: false, memory_of, filled }
    }
}

impl<B: IoBufMut> Submission<B> {
    pub(crate) fn read(buffer: B, offset: u64) -> Self {
        Self::new(Direction::Read, buffer, offset, Memory::of_mut, Some(buf::filled()))
    }
}

impl<B: IoBufMut> Submission<Vec<B>> {
    pub(crate) fn read_all(buffers: Vec<B>, offset: u64) -> Self {
        let memory_of = |buffers: &mut Vec<B>| Memory::of_all_mut(buffers);
        Self::new(Direction::Read, buffers, offset, memory_of, Some(buf::filled_all()))
    }
}

impl<B: IoBuf> Submission<B> {
    pub(crate) fn write(buffer: B, offset: u64) -> Self {
        Self::new(Direction::Write, buffer, offset, Memory::of, None)
    }

    pub(crate) fn write_whole(buffer: B) -> Self {
        Self { to_end: true, ..Self::write(buffer, 0) }
    }
}

impl<B: IoBuf> Submission<Vec<B>> {
    pub(crate) fn write_all(buffers: Vec<B>, offset: u64) -> Self {
        let memory_of = |buffers: &mut Vec<B>| Memory::of_all(buffers);
        Self::new(Direction::Write, buffers, offset, memory_of, None)
    }
}

impl Submission<()> {
    /// A request that moves no bytes of the caller's.
    pub(crate) fn without_buffer(direction: Direction, offset: u64) -> Self {
        Self::new(direction, (), offset, |()| Memory::EMPTY, None)
    }
}

impl Engine {
    /// Makes a request, waiting for room if there is none.
    pub(crate) fn submit<B>(&self, file: &AioFile, submission: Submission<B>) -> Ticket<B>
    where
        B: Send + 'static,
    {
        self.submit_in(self.room(), file, submission)
    }

    /// Makes a request if there is room, and gives the buffer back if not.
    pub(crate) fn try_submit<B>(
        &self,
        file: &AioFile,
        submission: Submission<B>,
    ) -> Result<Ticket<B>, Failed<B>>
    where
        B: Send + 'static,
    {
        let permit = if self.ledger.is_forked() {
            Err(ErrorKind::Forked)
        } else {
            self.admission.try_enter().map(Some).ok_or(ErrorKind::QueueFull)
        };
        self.make(file, submission, permit, &self.ledger, TicketState::delivery)
    }

    /// Makes a request, awaiting room if there is none.
    pub(crate) async fn submit_async<B>(
        &self,
        file: &AioFile,
        submission: Submission<B>,
    ) -> Ticket<B>
    where
        B: Send + 'static,
    {
        let permit = match self.enter_now() {
            Some(permit) => permit,
            None => self.admission.entered(self.ledger.process()).await.map(Some),
        };
        self.submit_in(Room(permit), file, submission)
    }

    /// Room for a request of a stream, waited for.
    pub(crate) fn room(&self) -> Room {
        Room(self.enter())
    }

    /// Room for a request of a stream, awaited; `entering` keeps its turn from one poll to the next.
    pub(crate) fn poll_room(
        &self,
        entering: &mut Option<Entering>,
        context: &mut Context<'_>,
    ) -> Poll<Room> {
        if entering.is_none()
            && let Some(permit) = self.enter_now()
        {
            return Poll::Ready(Room(permit));
        }
        let turn = entering.get_or_insert_with(|| self.admission.entered(self.ledger.process()));
        let entered = ready!(Pin::new(turn).poll(context));
        *entering = None;
        Poll::Ready(Room(entered.map(Some)))
    }

    /// Makes a request with the room there is for it.
    pub(crate) fn submit_in<B>(
        &self,
        room: Room,
        file: &AioFile,
        submission: Submission<B>,
    ) -> Ticket<B>
    where
        B: Send + 'static,
    {
        self.make(file, submission, room.0, &self.ledger, TicketState::delivery)
            .unwrap_or_else(Ticket::refused)
    }

    /// Room for a request, waited for if need be; none on a worker, which must not wait for itself, nor
    /// for another engine's worker that waits for this one, and is let past the bound.
    pub(crate) fn enter(&self) -> Result<Option<Permit>, ErrorKind> {
        self.enter_now().unwrap_or_else(|| Ok(Some(self.admission.enter())))
    }

    /// As `enter`; none if it would have to wait.
    fn enter_now(&self) -> Option<Result<Option<Permit>, ErrorKind>> {
        if self.ledger.is_forked() {
            return Some(Err(ErrorKind::Forked));
        }
        let permit = self.admission.try_enter();
        (permit.is_some() || user_code::is_workers()).then_some(Ok(permit))
    }

    /// Makes a request with that room, or gives the buffer back if there is none. Its failure is
    /// kept in `ledger`, and `delivery_of` says who is told besides its ticket.
    pub(crate) fn make<B>(
        &self,
        file: &AioFile,
        submission: Submission<B>,
        permit: Result<Option<Permit>, ErrorKind>,
        ledger: &Arc<Ledger>,
        delivery_of: impl FnOnce(Arc<TicketState<B>>) -> Arc<dyn Delivery>,
    ) -> Result<Ticket<B>, Failed<B>> {
        let Submission { direction, buffer, offset, to_end, memory_of, filled } = submission;
        let ledger = Arc::clone(ledger);
        let (state, memory) = TicketState::new(buffer, ledger, file.state.id, memory_of, filled);
        match permit {
            Ok(permit) => {
                let delivery = delivery_of(Arc::clone(&state));
                let asked = self.ask(file, direction, memory, offset, to_end);
                Ok(Ticket::new(state, self.accept(file, asked, permit, delivery)))
            }
            Err(reason) => {
                let error = Error::new(operation(direction), reason.into())
                    .at_path(file.state.open.path())
                    .for_range(offset, wanted(direction, memory.len()), 0);
                Err(Failed::new(error, state.take_back()))
            }
        }
    }

    pub(crate) fn ask(
        &self,
        file: &AioFile,
        direction: Direction,
        memory: Memory,
        offset: u64,
        to_end: bool,
    ) -> Asked {
        let open = &file.state.open;
        let plan = Plan::new(
            direction == Direction::Write,
            offset,
            memory.len(),
            self.settings.asked.block_size,
            open.ways(),
        );
        let copied = open.not_direct() == Some(NotDirect::InMemory);
        let direct = plan.first_direct().zip(plan.needs()).is_some_and(
            |(Block { start, len, .. }, needs)| {
                memory.is_aligned(start, len, needs.memory, needs.unit)
            },
        );
        Asked { direction, memory, offset, plan, priority: file.priority, to_end, copied, direct }
    }

    /// Accepts a request and queues its blocks; whatever is wrong with it is delivered.
    fn accept(
        &self,
        file: &AioFile,
        asked: Asked,
        permit: Option<Permit>,
        delivery: Arc<dyn Delivery>,
    ) -> Arc<Request> {
        let len = match asked.direction {
            Direction::Allocate(len) => len,
            Direction::Flush(len) if len != u64::MAX => len,
            _ => asked.memory.len() as u64,
        };
        let end = asked.offset.checked_add(len);
        let fits = end.is_some_and(|end| i64::try_from(end).is_ok());
        let is_foreign = file.state.engine != self.id();
        let refusal = if is_foreign {
            Some(ErrorKind::ForeignFile.into())
        } else if !fits || asked.memory.len() == usize::MAX {
            Some(ErrorKind::InvalidRange.into())
        } else {
            let writes = asked.direction == Direction::Write;
            let ways = file.state.open.ways();
            ways.refusal(writes, asked.offset, asked.memory.len()).map(Cause::from)
        };
        let flights = if is_foreign {
            // The other engine's are none of its business, and after a fork locked for ever perhaps.
            Arc::default()
        } else {
            Arc::clone(&file.state.flights)
        };
        let host = Arc::clone(&self.crew) as _;
        let request = Request::accept(asked, &file.state.open, flights, host, permit, delivery);
        match refusal {
            Some(reason) => request.refuse(reason),
            None => self.crew.submit(&request),
        }
        request
    }
}
