//! Asynchronous reading and writing: traits, adaptors, and the tools around them.
//!
//! [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`] are what sources and targets implement: sockets, files, pipes, standard streams,
//! and connections in memory. The methods that one calls are in the traits whose names end in `Ext`; import them.
//!
//! ```
//! use selkie::io::{self, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let (mut client, server) = io::duplex(64);
//! client.write_all(b"two lines\nand a rest").await?;
//! client.shutdown().await?;
//!
//! let mut reader = BufReader::new(server);
//! let mut line = String::new();
//! reader.read_line(&mut line).await?;
//! assert_eq!(line, "two lines\n");
//! let mut rest = Vec::new();
//! reader.read_to_end(&mut rest).await?;
//! assert_eq!(rest, b"and a rest");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Choices
//!
//! | to | use |
//! |---|---|
//! | read what is there | `read`; `Ok(0)` is the end |
//! | read so many bytes, or all | `read_exact`, `read_to_end`, `read_to_string` |
//! | read numbers | `read_u32` and its kin, big-endian; `_le` for little-endian |
//! | read lines, or up to a byte | [`BufReader`] with `lines`, `read_line`, `read_until`, `split` |
//! | write all of something | `write_all`; `write_all_buf` for a buffer that keeps its place |
//! | write many small pieces | [`BufWriter`], and `flush` before it is dropped |
//! | copy one into the other | [`copy`], [`copy_buf`], [`copy_bidirectional`] |
//! | read and write at once | [`split`](fn@split), or the socket's own halves |
//! | join or limit readers | `chain`, `take` |
//! | test without a network | [`duplex`], [`simplex`], slices, `Vec<u8>`, [`empty`], [`sink`], [`repeat`] |
//! | use what has an operating system's descriptor of its own | [`unix::AsyncFd`] |
//!
//! # Rules
//!
//! - **`flush`.** A writer may keep bytes: a [`BufWriter`] until its buffer is full, a file until the blocking pool has written them. What was not
//!   flushed when it is dropped may be lost, and its error with it.
//! - **`shutdown`** flushes, and tells the other side of a connection that no more will come. Dropping a socket closes it without waiting.
//! - **Cancel safety.** `read`, `write` and their kin of one step lose nothing when their future is dropped; those of several steps (`read_exact`,
//!   `write_all`, [`copy`]) may have done a part. Each says so.
//! - **Interrupted.** A reader or writer that says `Interrupted` is asked again, as std does.
//! - Operations take a unit of the task's budget (see [`task::coop`](crate::task::coop)), so that a loop over a fast source does not keep others waiting.

pub use crate::async_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
#[cfg(feature = "io-util")]
pub use crate::async_io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Join, Lines, ReadHalf, Repeat, SimplexStream, Sink, Split, Take,
    WriteHalf, copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty,
    join, repeat, simplex, sink, split,
};
#[cfg(feature = "reactor")]
pub use crate::async_io::{Interest, Ready};

#[cfg(feature = "io-std")]
pub use crate::stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};

#[cfg(all(
    any(target_os = "freebsd", all(test, target_os = "linux")),
    feature = "net"
))]
pub use crate::source::bsd;
#[cfg(all(unix, feature = "net"))]
pub use crate::source::unix;

pub use std::io::{Error, ErrorKind, Result, SeekFrom};
