//! A file as a reader, a seeker and a writer; for its states and invariants see `file`.

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::detached::HasDetached;
use super::file::File;
use super::file_buf::FileBuf;
use super::file_state::{FileOperation, Outcome, State};
use super::in_place;
use crate::async_io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

impl File {
    /// Accepts a write by `take`, which puts bytes into the buffer and returns how many.
    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(&mut FileBuf) -> usize,
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let inner = self.inner.get_mut();
        ready!(inner.poll_written(cx, &self.std));
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
        ready!(me.std.detached().poll_empty(cx));
        loop {
            if let State::Busy(..) = inner.state {
                match ready!(inner.poll_outcome(cx)) {
                    Some(Outcome::Read(outcome)) => {
                        unit.made_progress();
                        inner.buf().hand_out(target);
                        return Poll::Ready(outcome);
                    }
                    Some(outcome) => inner.record(&outcome),
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
            if in_place::read_some(cx, &me.std, target, limit, &mut inner.position).is_ok() {
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
            if let Some(buf) = &mut inner.saved_input {
                // A file that cannot seek is not read in place.
                unit.made_progress();
                buf.hand_out(target);
                if buf.unread() == 0 {
                    inner.saved_input = None;
                }
                return Poll::Ready(Ok(()));
            }
            let buf = inner.take_buf();
            inner.begin(
                &me.std,
                FileOperation::Read,
                buf,
                move |std, buf, position| {
                    let read = std
                        .run_deferred_seek()
                        .and_then(|()| buf.fill(&**std, limit));
                    Outcome::Read(read.map(|n| position.record_read(std, n)))
                },
            );
        }
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let me = &mut *self;
        let inner = me.inner.get_mut();
        let (State::Idle(_), true) = (&inner.state, me.std.detached().is_empty()) else {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        };
        inner.undo_read_ahead(&me.std); // I1
        inner.buf().discard(); // I2
        if let Some(position) = in_place::seek(&me.std, &mut inner.position, position) {
            inner.sought = position;
            return Ok(());
        }
        let buf = inner.take_buf();
        inner.begin(
            &me.std,
            FileOperation::Seek,
            buf,
            move |std, _buf, file_position| {
                let mut file: &std::fs::File = std;
                let sought = std.run_deferred_seek().and_then(|()| file.seek(position));
                Outcome::Seek(sought.inspect(|&at| file_position.record_seek(at)))
            },
        );
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let unit = ready!(coop::poll_proceed(cx));
        let me = &mut *self;
        let inner = me.inner.get_mut();
        ready!(me.std.detached().poll_empty(cx));
        let outcome = ready!(inner.poll_outcome(cx));
        unit.made_progress();
        match outcome {
            Some(Outcome::Seek(outcome)) => {
                inner.sought = outcome?;
            }
            Some(outcome) => inner.record(&outcome),
            None => {}
        }
        Poll::Ready(Ok(inner.sought))
    }
}

impl AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        source: &[u8],
    ) -> Poll<io::Result<usize>> {
        let limit = self.max_buf_size;
        self.poll_write_by(cx, &mut |buf| buf.take(source, limit))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let limit = self.max_buf_size;
        self.poll_write_by(cx, &mut |buf| buf.take_vectored(sources, limit))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        let me = &mut *self;
        let inner = me.inner.get_mut();
        ready!(inner.poll_written(cx, &me.std));
        unit.made_progress();
        Poll::Ready(inner.failed()) // I2
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
