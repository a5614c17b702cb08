//! The traits of `futures-io`, with the feature of that name.

use std::{
    io,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

use super::{FileReader, FileWriter, patience::Patience};
use crate::engine::Engine;

impl<E: Deref<Target = Engine> + Unpin> AsyncWrite for FileWriter<E> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.get_mut().poll_write(bytes, &mut Patience::Await(context));
        written.map_err(io::Error::from)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_flush(&mut Patience::Await(context)).map_err(io::Error::from)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_finish(&mut Patience::Await(context)))?;
        Poll::Ready(Ok(()))
    }
}

impl<E: Deref<Target = Engine> + Unpin> AsyncRead for FileReader<E> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = self.get_mut().poll_read(bytes, &mut Patience::Await(context));
        read.map_err(io::Error::from)
    }
}

impl<E: Deref<Target = Engine> + Unpin> AsyncBufRead for FileReader<E> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_fill(&mut Patience::Await(context)).map_err(io::Error::from)
    }

    fn consume(self: Pin<&mut Self>, bytes: usize) {
        self.get_mut().skip(bytes);
    }
}

impl<E: Deref<Target = Engine> + Unpin> AsyncSeek for FileReader<E> {
    fn poll_seek(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        to: io::SeekFrom,
    ) -> Poll<io::Result<u64>> {
        Poll::Ready(self.get_mut().seek_to(to).map_err(io::Error::from))
    }
}
