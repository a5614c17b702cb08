//! Makes requests.

use std::{
    ops::Range,
    panic::resume_unwind,
    sync::{Arc, Weak, mpsc::channel},
    task::{Context, Poll, Waker},
    thread,
};

use super::{
    drive::{Asked, Called, Drive, Made},
    promise::{Later, Outcome, Promise, Submitted, submit},
    scenario::{Ask, Cancel, Fate, Memory, Then, Way},
    wakes::{Wakes, all_of},
};
use crate::{
    engine::{AioFile, Engine, Priority, plan::Alignment},
    error::ErrorKind,
    sys::{
        Direction,
        sim::{Counted, Drops, Random, Seeded, Watched},
    },
};

/// What the backend has to know of each request.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) sim: Seeded,
    alignment: Option<Alignment>,
    block_size: usize,
}

impl Watch {
    /// The number of a request that is about to be made.
    pub(super) fn of(
        &self,
        key: u64,
        file: &AioFile,
        direction: Direction,
        offset: usize,
        memory: Vec<Range<usize>>,
        drops: Vec<Drops>,
    ) -> usize {
        self.sim.watch(Watched {
            key,
            file: Arc::as_ptr(&file.state.open).addr(),
            direction,
            offset: offset as u64,
            memory,
            drops,
            alignment: self.alignment,
            block_size: self.block_size,
        })
    }

    fn buffers(&self, key: u64, file: &AioFile, asked: &Asked, buffers: &[Counted]) -> usize {
        let reads = asked.direction == Direction::Read;
        let memory = buffers.iter().map(|buffer| buffer.memory(reads));
        let memory = memory.filter(|memory| !memory.is_empty()).collect();
        let drops = buffers.iter().map(|buffer| buffer.drops().clone()).collect();
        self.of(key, file, asked.direction, asked.offset, memory, drops)
    }
}

impl Made {
    pub(super) fn new(number: usize, file: &AioFile, asked: Asked, buffers: &[Counted]) -> Self {
        Self {
            number,
            path: file.path().to_path_buf(),
            asked,
            ticket: None,
            called: None,
            drops: buffers.iter().map(|buffer| buffer.drops().clone()).collect(),
            waker: Arc::new(Wakes::new()),
            stale_waker: None,
            untold: true,
            forgotten: false,
        }
    }
}

impl Drive<'_> {
    pub(super) fn watch(&self) -> Watch {
        Watch {
            sim: self.sim.clone(),
            alignment: self.scenario.alignment,
            block_size: self.scenario.settings.block_size,
        }
    }

    pub(super) fn make(&mut self, ask: &Ask) {
        let key = self.next_key();
        let asked = self.asked(ask, key);
        let full = self.held && !self.has_room();
        let mut ask = ask.clone();
        if full && ask.way == Way::Waiting {
            // It would never return.
            ask.way = Way::Try;
        }
        let buffers = self.buffers(&ask, &asked.bytes);
        let mut file = self.files[ask.file].clone();
        if ask.background {
            file = file.with_priority(Priority::Background);
        }
        let number = self.watch().buffers(key, &file, &asked, &buffers);
        let mut made = Made::new(number, &file, asked, &buffers);
        let submitted = submit(self.engine(), file, &ask, buffers);
        let there_was_none = self.held && !full;
        match submitted {
            Submitted::Accepted(ticket) => made.ticket = Some(ticket),
            Submitted::Full(outcome) => return self.found_no_room(&made, outcome, there_was_none),
            Submitted::Later(later) => match self.first_poll(later, &made, ask.way, there_was_none)
            {
                Some(Ok(ticket)) => made.ticket = Some(ticket),
                Some(Err(later)) => self.late.push((self.made.len(), later)),
                None => return,
            },
        }
        // After a panic requests are given up meanwhile.
        if full && made.ticket.is_some() && !self.sim.excuses().poisoned {
            self.wrong.push(format!("{}: accepted beyond the capacity", made.described()));
        }
        self.made.push(made);
        self.begin_fate(self.made.len() - 1);
    }

    /// Whether one more request finds room while nothing completes: as long as fewer are in flight
    /// than may be. What ended last may be about to make room still.
    fn has_room(&self) -> bool {
        let capacity = self.scenario.settings.queue_capacity as u64;
        loop {
            let room = self.engine().admission.try_enter().is_some();
            if room == (self.engine().stats().in_flight < capacity) {
                return room;
            }
            thread::yield_now();
        }
    }

    pub(super) fn asked(&self, ask: &Ask, key: u64) -> Asked {
        let &Ask { direction, ref range, whole, fate, cancel, .. } = ask;
        let bytes = match direction {
            Direction::Write => Random::of(&[self.seed, key, 3]).bytes(range.len()),
            // What lies beyond the end reads as zeros if another request extends the file first.
            Direction::Read => {
                range.clone().map(|at| self.model.get(at).copied().unwrap_or(0)).collect()
            }
            _ => Vec::new(),
        };
        let wanted = match direction {
            Direction::Flush(u64::MAX) => usize::MAX,
            _ => range.len(),
        };
        let lens = ask.buffers.iter().map(|&(len, memory)| (len, memory == Memory::ForRead));
        let (lens, offset) = (lens.collect(), range.start);
        Asked { direction, offset, lens, wanted, whole, fate, cancel, bytes }
    }

    fn buffers(&mut self, ask: &Ask, bytes: &[u8]) -> Vec<Counted> {
        let pool = self.engine().pool().clone();
        let mut at = 0;
        let mut buffers = Vec::with_capacity(ask.buffers.len());
        for &(len, memory) in &ask.buffers {
            let filled = match ask.direction {
                Direction::Write => bytes[at..at + len].to_vec(),
                _ => vec![0xee; len],
            };
            at += len;
            buffers.push(match memory {
                Memory::Skewed(skew) => self.arena.buffer(&filled, skew),
                Memory::Vec => Counted::vec(&filled),
                Memory::Pool => {
                    let owned = pool.alloc(len).expect("memory for a test");
                    if owned.iter().any(|&byte| byte != 0) {
                        self.wrong.push("a buffer of the pool is not zeroed".into());
                    }
                    Counted::aio(owned, &filled)
                }
                Memory::ForRead => {
                    Counted::for_read(pool.alloc_for_read(len).expect("memory for a test"))
                }
            });
        }
        buffers
    }

    /// A request that found no room gives everything back.
    fn found_no_room(&mut self, made: &Made, outcome: Outcome, there_was_some: bool) {
        self.sim.resolve(made.number);
        let mut wrong = Vec::new();
        let Outcome { told, buffers } = outcome;
        let known = told.as_ref().err().filter(|error| error.kind() == ErrorKind::QueueFull);
        let capacity = self.scenario.settings.queue_capacity;
        if known.is_none_or(|error| error.done() > 0 || !made.is_named_by(error)) {
            wrong.push(format!("refused for want of room: {told:?}"));
        }
        if there_was_some || self.made.len() < capacity {
            wrong.push("refused for want of room where there is some".into());
        }
        if buffers.as_ref().is_none_or(|buffers| buffers.len() != made.asked.lens.len()) {
            wrong.push("refused, and the buffers are missing".into());
        }
        drop(buffers);
        self.all_wrong_with(made, wrong);
    }

    /// The request's ticket, or what gives it later; none if it is not to be made.
    fn first_poll(
        &mut self,
        mut later: Later,
        made: &Made,
        way: Way,
        there_is_room: bool,
    ) -> Option<Result<Box<dyn Promise>, Later>> {
        let waker = Waker::from(Arc::clone(&made.waker));
        if let Poll::Ready(ticket) = later.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(Ok(ticket));
        }
        let mut wrong = Vec::new();
        if there_is_room || self.made.len() < self.scenario.settings.queue_capacity {
            wrong.push("awaits room, and there is some".into());
        }
        let ticket = if way == Way::AsyncDropped {
            drop(later);
            self.sim.resolve(made.number);
            if made.drops.iter().any(|drops| drops.count() != 1) {
                wrong.push("not made after all, and the buffers are not dropped".into());
            }
            None
        } else if self.held {
            self.sim.unordered(made.number);
            Some(Err(later))
        } else {
            all_of(vec![((), later)]).pop().map(|((), ticket)| Ok(ticket))
        };
        self.all_wrong_with(made, wrong);
        ticket
    }

    pub(super) fn all_wrong_with(&mut self, made: &Made, wrong: Vec<String>) {
        let asked = made.described();
        self.wrong.extend(wrong.into_iter().map(|what| format!("{asked}: {what}")));
    }

    /// What happens to the ticket as soon as it is there.
    pub(super) fn begin_fate(&mut self, at: usize) {
        self.cancel(at, Cancel::AtOnce);
        match self.made[at].asked.fate {
            Fate::DropAtOnce => drop(self.made[at].ticket.take()),
            Fate::Callback(then) => self.call(at, then),
            Fate::Await => self.poll_once(at),
            _ => {}
        }
    }

    fn call(&mut self, at: usize, then: Then) {
        let made = &mut self.made[at];
        let Some(ticket) = made.ticket.take() else {
            return;
        };
        let (tell, called) = channel();
        made.called = Some(called);
        let follow = Follow {
            watch: self.watch(),
            engine: Arc::downgrade(self.engine()),
            file: self.files.iter().find(|file| file.path() == self.made[at].path).cloned(),
            asked: self.made[at].asked.clone(),
            key: (1 << 32) + self.asked,
        };
        ticket.on_completion(Box::new(move |outcome| {
            let next = if then == Then::Ask { follow.up(&outcome) } else { None };
            // Nobody listens any more if the test has failed.
            let _ = tell.send(Called { outcome, next });
            if then == Then::Panic {
                resume_unwind(Box::new("a panic of a callback"));
            }
        }));
    }
}

/// What a callback needs to make another request.
struct Follow {
    watch: Watch,
    engine: Weak<Engine>,
    file: Option<AioFile>,
    asked: Asked,
    key: u64,
}

impl Follow {
    /// Reads again what was read or written; writes again what could not be.
    fn up(self, outcome: &Outcome) -> Option<Made> {
        let Self { watch, engine, file, mut asked, key } = self;
        let (engine, file) = (engine.upgrade()?, file?);
        let moves = matches!(asked.direction, Direction::Read | Direction::Write);
        // What is in flight may be of a request that the engine does not wait for.
        let lost = outcome.told.as_ref().is_err_and(|error| error.kind() == ErrorKind::ShutDown);
        if !moves || asked.whole || lost {
            return None;
        }
        // Another one that reads no bytes there could not be told apart.
        if outcome.told.is_ok() && !asked.bytes.is_empty() {
            asked.direction = Direction::Read;
        }
        let filled = match asked.direction {
            Direction::Write => asked.bytes.clone(),
            _ => vec![0xee; asked.bytes.len()],
        };
        asked.lens = vec![(filled.len(), false)];
        (asked.fate, asked.cancel) = (Fate::Wait, None);
        let buffer = Counted::vec(&filled);
        let number = watch.buffers(key, &file, &asked, std::slice::from_ref(&buffer));
        watch.sim.unordered(number);
        let (offset, reads) = (asked.offset as u64, asked.direction == Direction::Read);
        let mut made = Made::new(number, &file, asked, std::slice::from_ref(&buffer));
        made.ticket = Some(if reads {
            Box::new(engine.pread(&file, buffer, offset))
        } else {
            Box::new(engine.pwrite(&file, buffer, offset))
        });
        Some(made)
    }
}
