//! A file as a reader, a seeker and a writer; its states and invariants stand in `file`.

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::cached;
use super::file::File;
use super::file_buf::FileBuf;
use super::file_state::{Doing, Outcome, State, step_back};
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
        let mut buf = inner.take_buf();
        let unread = buf.discard();
        let n = take(&mut buf);
        inner.begin_write(&self.std, buf, unread);
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
            if limit <= cached::MAX_IN_PLACE_BYTES
                && cached::read_some(cx, &me.std, target, limit, &mut inner.known).is_ok()
            {
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
            let buf = inner.take_buf();
            let std = Arc::clone(&me.std);
            inner.begin(Doing::Read, buf, move |buf| {
                Outcome::Read(buf.fill(&**std, limit).map(drop))
            });
        }
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, mut position: SeekFrom) -> io::Result<()> {
        let me = &mut *self;
        let inner = me.inner.get_mut();
        let State::Idle(buf) = &mut inner.state else {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        };
        let unread = buf.discard();
        if let SeekFrom::Current(offset) = &mut position {
            // I1. Before the start of all files is as far away as any place there.
            *offset = offset.saturating_sub_unsigned(unread as u64);
        }
        if let Some(position) = cached::seek(&me.std, &mut inner.known, position) {
            inner.position = position;
            return Ok(());
        }
        let (std, buf) = (Arc::clone(&me.std), inner.take_buf());
        inner.begin(Doing::Seek, buf, move |_| {
            cached::learn(&std);
            let mut file = &**std;
            Outcome::Seek(file.seek(position).or_else(|error| {
                step_back(&std, unread)?; // I1
                Err(error)
            }))
        });
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let unit = ready!(coop::poll_proceed(cx));
        let inner = self.inner.get_mut();
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
