//! Asynchronous reading and writing: traits, adaptors, and the tools around them.
//!
//! [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`] are what sources and targets
//! implement; the traits that end in `Ext` have the methods that are used.

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
