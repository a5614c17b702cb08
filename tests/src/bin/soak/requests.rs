//! Requests with any kind of buffer, whose tickets are waited for in any way.

use std::{ops::Range, sync::mpsc::channel, time::Duration};

use bytes::{Bytes, BytesMut};
use ds_aio::{
    AioBuf, AioFile, Engine, Error, ErrorKind, Failed, IoBuf, IoBufExt, IoBufMut, Ticket,
};
use ds_aio_tests::{bytes::Rng, hooked::HookedBuf};

use crate::tally::Tally;

/// What becomes of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Wait,
    WaitBriefly,
    Await,
    Callback,
    Cancel,
}

impl Way {
    pub(crate) fn any(rng: &mut Rng) -> Self {
        rng.pick(&[
            Self::Wait,
            Self::Wait,
            Self::WaitBriefly,
            Self::Await,
            Self::Callback,
            Self::Cancel,
        ])
    }
}

/// The buffer's bytes, if the request failed with its error.
pub(crate) type Outcome = Result<Vec<u8>, (Error, Vec<u8>)>;

/// A request under way; called, it waits.
pub(crate) type UnderWay<'a> = Box<dyn FnOnce() -> Outcome + 'a>;

/// Whoever makes requests on a file.
#[derive(Clone, Copy)]
pub(crate) struct Requests<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) file: &'a AioFile,
    pub(crate) tally: &'a Tally,
}

impl<'a> Requests<'a> {
    /// Reads that range of the file.
    pub(crate) fn read(self, range: Range<usize>, way: Way, rng: &mut Rng) -> UnderWay<'a> {
        let Self { engine, tally, .. } = self;
        let (at, len) = (range.start as u64, range.len());
        match rng.below(7) {
            0 => {
                tally.operation("read, Vec", len);
                self.fill(vec![0; len], at, way, rng, |buffer| buffer)
            }
            1 => {
                tally.operation("read, own buffer", len);
                self.fill(engine.alloc_at(at, len).unwrap(), at, way, rng, |buffer| buffer.to_vec())
            }
            2 => {
                tally.operation("read, own buffer", len);
                let buffer = engine.alloc_for_read(len).unwrap();
                self.fill(buffer, at, way, rng, |buffer: AioBuf| buffer.to_vec())
            }
            3 => {
                tally.operation("read, BytesMut", len);
                self.fill(BytesMut::zeroed(len), at, way, rng, |buffer| buffer.to_vec())
            }
            4 => {
                tally.operation("read, foreign buffer", len);
                let buffer = HookedBuf::new(vec![0; len], || ());
                self.fill(buffer, at, way, rng, |buffer: HookedBuf| buffer.to_vec())
            }
            5 => {
                tally.operation("read, part of a Vec", len);
                let skip = rng.below(5000);
                let buffer = vec![0; skip + len].into_slice(skip..).unwrap();
                self.fill(buffer, at, way, rng, move |buffer| buffer.into_inner().split_off(skip))
            }
            _ => {
                tally.operation("read, vectored", len);
                let buffers =
                    cut(len, 5, rng).into_iter().map(|part| vec![0_u8; part.len()]).collect();
                let ticket = engine.preadv(self.file, buffers, at);
                self.under_way(ticket, way, |buffers: Vec<Vec<u8>>| buffers.concat())
            }
        }
    }

    /// Writes `data` to the file from `at` on.
    pub(crate) fn write(self, data: &[u8], at: usize, way: Way, rng: &mut Rng) -> UnderWay<'a> {
        let Self { engine, tally, .. } = self;
        let (at, len) = (at as u64, data.len());
        match rng.below(6) {
            0 => {
                tally.operation("write, Vec", len);
                self.take(data.to_vec(), at, way, rng, |buffer| buffer)
            }
            1 => {
                tally.operation("write, own buffer", len);
                let mut buffer = engine.alloc_at(at, len).unwrap();
                buffer.copy_from_slice(data);
                self.take(buffer, at, way, rng, |buffer: AioBuf| buffer.to_vec())
            }
            2 => {
                tally.operation("write, Bytes", len);
                self.take(Bytes::copy_from_slice(data), at, way, rng, |buffer| buffer.to_vec())
            }
            3 => {
                tally.operation("write, foreign buffer", len);
                let buffer = HookedBuf::new(data.to_vec(), || ());
                self.take(buffer, at, way, rng, |buffer: HookedBuf| buffer.to_vec())
            }
            4 => {
                tally.operation("write, part of a Vec", len);
                let skip = rng.below(5000);
                let buffer = [&vec![0; skip], data].concat().into_slice(skip..).unwrap();
                self.take(buffer, at, way, rng, move |buffer| buffer.into_inner().split_off(skip))
            }
            _ => {
                tally.operation("write, vectored", len);
                let parts = cut(len, 5, rng).into_iter().map(|part| data[part].to_vec()).collect();
                let ticket = engine.pwritev(self.file, parts, at);
                self.under_way(ticket, way, |buffers: Vec<Vec<u8>>| buffers.concat())
            }
        }
    }

    fn fill<B: IoBufMut>(
        self,
        buffer: B,
        at: u64,
        way: Way,
        rng: &mut Rng,
        bytes_of: impl Fn(B) -> Vec<u8> + 'a,
    ) -> UnderWay<'a> {
        let Self { engine, file, .. } = self;
        let ticket = match rng.below(3) {
            0 => match engine.try_pread(file, buffer, at) {
                Ok(ticket) => ticket,
                Err(failed) => engine.pread(file, self.queue_was_full(failed), at),
            },
            1 => pollster::block_on(engine.pread_async(file, buffer, at)),
            _ => engine.pread(file, buffer, at),
        };
        self.under_way(ticket, way, bytes_of)
    }

    fn take<B: IoBuf>(
        self,
        buffer: B,
        at: u64,
        way: Way,
        rng: &mut Rng,
        bytes_of: impl Fn(B) -> Vec<u8> + 'a,
    ) -> UnderWay<'a> {
        let Self { engine, file, .. } = self;
        let ticket = match rng.below(3) {
            0 => match engine.try_pwrite(file, buffer, at) {
                Ok(ticket) => ticket,
                Err(failed) => engine.pwrite(file, self.queue_was_full(failed), at),
            },
            1 => pollster::block_on(engine.pwrite_async(file, buffer, at)),
            _ => engine.pwrite(file, buffer, at),
        };
        self.under_way(ticket, way, bytes_of)
    }

    fn queue_was_full<B>(self, failed: Failed<B>) -> B {
        let (error, buffer) = failed.into_parts();
        assert_eq!(error.kind(), ErrorKind::QueueFull, "{error}");
        self.tally.error(error.kind());
        buffer.expect("the buffer of a request that was not made")
    }

    fn under_way<B: Send + 'static>(
        self,
        ticket: Ticket<B>,
        way: Way,
        bytes_of: impl Fn(B) -> Vec<u8> + 'a,
    ) -> UnderWay<'a> {
        let waits = settled(ticket, way, self.tally);
        Box::new(move || match waits() {
            Ok(buffer) => Ok(bytes_of(buffer)),
            Err(failed) => {
                let (error, buffer) = failed.into_parts();
                Err((error, bytes_of(buffer.expect("the buffer of a request that has ended"))))
            }
        })
    }
}

fn settled<'a, B: Send + 'static>(
    ticket: Ticket<B>,
    way: Way,
    tally: &'a Tally,
) -> Box<dyn FnOnce() -> Result<B, Failed<B>> + 'a> {
    match way {
        Way::Wait => Box::new(|| ticket.wait()),
        Way::WaitBriefly => Box::new(move || wait_briefly(ticket, tally)),
        Way::Await => Box::new(|| pollster::block_on(ticket)),
        Way::Callback => {
            let (told, result) = channel();
            ticket.on_completion(move |result| drop(told.send(result)));
            Box::new(move || result.recv().unwrap())
        }
        Way::Cancel => {
            tally.operation("cancel", 0);
            ticket.cancel();
            Box::new(|| ticket.wait())
        }
    }
}

fn wait_briefly<B>(mut ticket: Ticket<B>, tally: &Tally) -> Result<B, Failed<B>> {
    let mut timeout = Duration::from_micros(20);
    loop {
        match ticket.wait_timeout(timeout) {
            Ok(result) => return result,
            Err(still) => ticket = still,
        }
        tally.operation("wait that timed out", 0);
        timeout *= 2;
    }
}

/// `0..len` in up to so many parts of any length.
pub(crate) fn cut(len: usize, most: usize, rng: &mut Rng) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> = (0..rng.below(most)).map(|_| rng.below(len + 1)).collect();
    ends.push(len);
    ends.sort_unstable();
    let begins = [0].into_iter().chain(ends.clone());
    begins.zip(ends).map(|(begin, end)| begin..end).collect()
}
