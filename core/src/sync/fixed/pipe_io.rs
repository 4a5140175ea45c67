//! The pipe as the byte streams of embedded-io-async, for drivers and parsers that are written against those.
//!
//! Reads and writes cannot fail, and there is no end: a pipe never closes.

use core::convert::Infallible;

use embedded_io_async::{BufRead, ErrorType, Read, ReadReady, Write, WriteReady};

use super::pipe::FixedPipe;
use super::pipe_ends::{PipeReader, PipeWriter};

impl<const N: usize> ErrorType for FixedPipe<N> {
    type Error = Infallible;
}

impl<const N: usize> ErrorType for &FixedPipe<N> {
    type Error = Infallible;
}

impl<const N: usize> ErrorType for PipeReader<'_, N> {
    type Error = Infallible;
}

impl<const N: usize> ErrorType for PipeWriter<'_, N> {
    type Error = Infallible;
}

/// Cancel safe.
impl<const N: usize> Read for &FixedPipe<N> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(FixedPipe::read(self, buffer).await)
    }
}

/// Cancel safe. Nothing stands between the pipe and its readers, so a flush has nothing to do.
impl<const N: usize> Write for &FixedPipe<N> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(FixedPipe::write(self, bytes).await)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<const N: usize> ReadReady for &FixedPipe<N> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.is_empty())
    }
}

impl<const N: usize> WriteReady for &FixedPipe<N> {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.len() < N)
    }
}

/// Cancel safe.
impl<const N: usize> Read for PipeReader<'_, N> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(PipeReader::read(self, buffer).await)
    }
}

impl<const N: usize> BufRead for PipeReader<'_, N> {
    async fn fill_buf(&mut self) -> Result<&[u8], Infallible> {
        Ok(PipeReader::fill_buf(self).await)
    }

    fn consume(&mut self, count: usize) {
        PipeReader::consume(self, count);
    }
}

impl<const N: usize> ReadReady for PipeReader<'_, N> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.is_filled())
    }
}

/// Cancel safe. A flush has nothing to do.
impl<const N: usize> Write for PipeWriter<'_, N> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(PipeWriter::write(self, bytes).await)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<const N: usize> WriteReady for PipeWriter<'_, N> {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.has_room())
    }
}
