//! A file as a reader, a seeker and a writer; its states and invariants stand in `file`.

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::file::File;
use super::file_buf::FileBuf;
use super::file_state::{Doing, Outcome, State};
use super::in_flight::Flown;
use super::in_place;
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

impl File {
    /// Takes a write by `take`, which puts bytes into the buffer and says how many.
    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut FileBuf) -> usize,
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let inner = self.inner.get_mut();
        ready!(inner.poll_settled(cx, &self.std));
        unit.made_progress();
        let failed = inner.failed();
        if failed.is_err() {
            if !inner.has_unwritten() {
                inner.write_error = None; // I2
            }
            return Poll::Ready(failed.map(|()| 0));
        }
        inner.undo_read_ahead(&self.std);
        let mut buf = inner.take_buf();
        let n = take(&mut buf);
        inner.begin_write(&self.std, buf);
        Poll::Ready(Ok(n))
    }
}

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        let me = &mut *self;
        let inner = me.inner.get_mut();
        ready!(me.std.given_up().poll_none(cx));
        loop {
            if let State::Busy(..) = inner.state {
                match ready!(inner.poll_outcome(cx)) {
                    Some(Outcome::Read(outcome)) => {
                        unit.made_progress();
                        inner.buf().hand_out(target);
                        return Poll::Ready(outcome);
                    }
                    Some(outcome) => inner.remember(&outcome),
                    None => {}
                }
            }
            let buf = inner.buf();
            if buf.unread() > 0 || target.remaining() == 0 {
                unit.made_progress();
                buf.hand_out(target);
                return Poll::Ready(Ok(()));
            }
            if buf.is_unwritten() {
                buf.discard(); // I2
            }
            let limit = target.remaining().min(me.max_buf_size);
            if in_place::read_some(cx, &me.std, target, limit, &mut inner.place).is_ok() {
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
            if let Some(buf) = &mut inner.set_aside {
                // Nothing of such a file is read in place.
                unit.made_progress();
                buf.hand_out(target);
                if buf.unread() == 0 {
                    inner.set_aside = None;
                }
                return Poll::Ready(Ok(()));
            }
            let buf = inner.take_buf();
            inner.begin(&me.std, Doing::Read, buf, move |std, buf, place| {
                let read = std
                    .run_deferred_seek()
                    .and_then(|()| buf.fill(&**std, limit));
                Outcome::Read(read.map(|n| place.has_read(std, n)))
            });
        }
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let me = &mut *self;
        let inner = me.inner.get_mut();
        let (State::Idle(_), true) = (&inner.state, me.std.given_up().is_none()) else {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        };
        inner.undo_read_ahead(&me.std); // I1
        inner.buf().discard(); // I2
        if let Some(position) = in_place::seek(&me.std, &mut inner.place, position) {
            inner.position = position;
            return Ok(());
        }
        let buf = inner.take_buf();
        inner.begin(&me.std, Doing::Seek, buf, move |std, _buf, place| {
            let mut file: &std::fs::File = std;
            let sought = std.run_deferred_seek().and_then(|()| file.seek(position));
            Outcome::Seek(sought.inspect(|&at| place.stands(at)))
        });
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let unit = ready!(coop::poll_proceed(cx));
        let me = &mut *self;
        let inner = me.inner.get_mut();
        ready!(me.std.given_up().poll_none(cx));
        let outcome = ready!(inner.poll_outcome(cx));
        unit.made_progress();
        match outcome {
            Some(Outcome::Seek(outcome)) => {
                inner.position = outcome?;
            }
            Some(outcome) => inner.remember(&outcome),
            None => {}
        }
        Poll::Ready(Ok(inner.position))
    }
}

impl AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        source: &[u8],
    ) -> Poll<io::Result<usize>> {
        let limit = self.max_buf_size;
        self.poll_write_by(cx, |buf| buf.take(source, limit))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let limit = self.max_buf_size;
        self.poll_write_by(cx, |buf| buf.take_vectored(sources, limit))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        let me = &mut *self;
        let inner = me.inner.get_mut();
        ready!(inner.poll_settled(cx, &me.std));
        unit.made_progress();
        Poll::Ready(inner.failed()) // I2
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
