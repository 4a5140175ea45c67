//! The end of a pipe that is written.

use std::io::{self, Write};

use mio::unix::pipe as mio_pipe;

use super::end::pipe_end;
use crate::async_io::Interest;
use crate::net::streams::{write_impl, write_methods};
use crate::source::Evented;

/// The end of a pipe that is written; the reader sees the end when it drops.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::unix::pipe::{Sender, pipe};
///
/// async fn produce(mut sender: Sender) -> std::io::Result<()> {
///     for line in ["one\n", "two\n"] {
///         sender.write_all(line.as_bytes()).await?;
///     }
///     Ok(())
/// }
///
/// let (sender, mut receiver) = pipe()?;
/// let producer = selkie::spawn(produce(sender));
/// let mut text = String::new();
/// // Until the sender is dropped.
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "one\ntwo\n");
/// producer.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::unix::pipe::pipe;
    ///
    /// let (sender, _receiver) = pipe()?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    write_methods!("let (client, server) = selkie::net::unix::pipe::pipe()?;");

    const fn close(&self) -> io::Result<()> {
        Ok(()) // It closes when it drops.
    }
}

pipe_end!(Sender, mio_pipe::Sender, Interest::WRITABLE, false, sender);
write_impl!(Sender, me => me.io, me.close());
