//! A file as a reader, a seeker and a writer.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::buffered_streams::FileStreams;
use super::file::File;
use super::file_buf::FileBuf;
use super::file_state::FileState;
use super::open_file::OpenFile;
use crate::async_io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

impl File {
    /// What its streams are made of, and the most bytes of one operation.
    #[inline]
    fn parts(
        &mut self,
    ) -> (
        &'static dyn FileStreams,
        &Arc<OpenFile>,
        &mut FileState,
        usize,
    ) {
        let state = self.inner.get_mut();
        (self.streams, &self.std, state, self.max_buf_size)
    }
}

impl AsyncRead for File {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (streams, std, state, max) = self.parts();
        streams.poll_read(std, state, cx, target, max)
    }
}

impl AsyncSeek for File {
    #[inline]
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let (streams, std, state, _) = self.parts();
        streams.start_seek(std, state, position)
    }

    #[inline]
    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (streams, std, state, _) = self.parts();
        streams.poll_complete(std, state, cx)
    }
}

impl AsyncWrite for File {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        source: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (streams, std, state, limit) = self.parts();
        let mut take = |buf: &mut FileBuf| buf.take(source, limit);
        streams.poll_write(std, state, cx, &mut take)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (streams, std, state, limit) = self.parts();
        let mut take = |buf: &mut FileBuf| buf.take_vectored(sources, limit);
        streams.poll_write(std, state, cx, &mut take)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (streams, std, state, _) = self.parts();
        streams.poll_flush(std, state, cx)
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
