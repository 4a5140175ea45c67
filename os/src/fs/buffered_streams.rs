//! What a file does as a reader, a seeker and a writer, with a buffer; for the states and invariants see `file`.

use std::io::{self, Seek, SeekFrom};
use std::panic::RefUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::detached::HasDetached;
use super::file_buf::FileBuf;
use super::file_state::{FileOperation, FileState, Outcome, State};
use super::in_place;
use super::open_file::OpenFile;
use crate::async_io::ReadBuf;

/// What a file does as a reader, a seeker and a writer.
///
/// A file gets it where it is opened, so that a program which opens none has none of it. `state` is the file's.
pub(super) trait FileStreams: Sync + RefUnwindSafe {
    fn poll_read(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
        max_buf_size: usize,
    ) -> Poll<io::Result<()>>;

    fn start_seek(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        position: SeekFrom,
    ) -> io::Result<()>;

    fn poll_complete(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<u64>>;

    /// Accepts a write by `take`, which puts bytes into the buffer and returns how many.
    fn poll_write(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(&mut FileBuf) -> usize,
    ) -> Poll<io::Result<usize>>;

    fn poll_flush(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>>;
}

/// Streams with a buffer that goes to the pool and back.
pub(super) struct BufferedStreams;

impl FileStreams for BufferedStreams {
    #[inline]
    fn poll_read(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
        max_buf_size: usize,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(std.detached().poll_empty(cx));
        loop {
            if let State::Busy(..) = state.state {
                match ready!(state.poll_outcome(cx)) {
                    Some(Outcome::Read(outcome)) => {
                        unit.made_progress();
                        state.buf().hand_out(target);
                        return Poll::Ready(outcome);
                    }
                    Some(outcome) => state.record(&outcome),
                    None => {}
                }
            }
            let buf = state.buf();
            if buf.unread() > 0 || target.remaining() == 0 {
                unit.made_progress();
                buf.hand_out(target);
                return Poll::Ready(Ok(()));
            }
            if buf.is_unwritten() {
                buf.discard(); // I2
            }
            let limit = target.remaining().min(max_buf_size);
            if in_place::read_some(cx, std, target, limit, &mut state.position).is_ok() {
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
            if let Some(buf) = &mut state.saved_input {
                // A file that cannot seek is not read in place.
                unit.made_progress();
                buf.hand_out(target);
                if buf.unread() == 0 {
                    state.saved_input = None;
                }
                return Poll::Ready(Ok(()));
            }
            let buf = state.take_buf();
            state.begin(std, FileOperation::Read, buf, move |std, buf, position| {
                let read = std
                    .run_deferred_seek()
                    .and_then(|()| buf.fill(&**std, limit));
                Outcome::Read(read.map(|n| position.record_read(std, n)))
            });
        }
    }

    #[inline]
    fn start_seek(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        position: SeekFrom,
    ) -> io::Result<()> {
        let (State::Idle(_), true) = (&state.state, std.detached().is_empty()) else {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        };
        state.undo_read_ahead(std); // I1
        state.buf().discard(); // I2
        if let Some(position) = in_place::seek(std, &mut state.position, position) {
            state.sought = position;
            return Ok(());
        }
        let buf = state.take_buf();
        state.begin(
            std,
            FileOperation::Seek,
            buf,
            move |std, _buf, file_position| {
                let mut std_file: &std::fs::File = std;
                let sought = std
                    .run_deferred_seek()
                    .and_then(|()| std_file.seek(position));
                Outcome::Seek(sought.inspect(|&at| file_position.record_seek(at)))
            },
        );
        Ok(())
    }

    #[inline]
    fn poll_complete(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<u64>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(std.detached().poll_empty(cx));
        let outcome = ready!(state.poll_outcome(cx));
        unit.made_progress();
        match outcome {
            Some(Outcome::Seek(outcome)) => {
                state.sought = outcome?;
            }
            Some(outcome) => state.record(&outcome),
            None => {}
        }
        Poll::Ready(Ok(state.sought))
    }

    #[inline]
    fn poll_write(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(&mut FileBuf) -> usize,
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(state.poll_written(cx, std));
        unit.made_progress();
        let failed = state.failed();
        if failed.is_err() {
            if !state.has_unwritten() {
                state.write_error = None; // I2
            }
            return Poll::Ready(failed.map(|()| 0));
        }
        state.undo_read_ahead(std);
        let mut buf = state.take_buf();
        let n = take(&mut buf);
        state.begin_write(std, buf);
        Poll::Ready(Ok(n))
    }

    #[inline]
    fn poll_flush(
        &self,
        std: &Arc<OpenFile>,
        state: &mut FileState,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(state.poll_written(cx, std));
        unit.made_progress();
        Poll::Ready(state.failed()) // I2
    }
}
