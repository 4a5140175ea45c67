//! The end of a pipe that is written.

use std::io::{self, Write};

use mio::unix::pipe as mio_pipe;

use super::end::pipe_end;
use crate::async_io::Interest;
use crate::net::streams::{write_impl, write_methods};
use crate::source::Evented;

/// The end of a pipe that is written; the reader sees the end when it drops.
#[derive(Debug)]
pub struct Sender {
    pub(in crate::net) io: Evented<mio_pipe::Sender>,
}

impl Sender {
    /// Waits until there is room to write, or nobody reads any more.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    write_methods!();

    const fn close(&self) -> io::Result<()> {
        Ok(()) // It closes when it drops.
    }
}

pipe_end!(Sender, mio_pipe::Sender, Interest::WRITABLE, false);
write_impl!(Sender, me => me.io, me.close());
