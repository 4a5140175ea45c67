//! Asynchronous reading and writing: traits, adaptors, and the tools around them.
//!
//! [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`] are what sources and targets
//! implement; the traits that end in `Ext` have the methods that are used.

mod read_buf;

mod read;

mod buf_read;
mod seek;
mod write;

pub use buf_read::AsyncBufRead;
pub use read::AsyncRead;
pub use read_buf::ReadBuf;
pub use seek::AsyncSeek;
pub use write::AsyncWrite;

#[cfg(feature = "reactor")]
pub use crate::driver::{Interest, Ready};

pub use std::io::{Error, ErrorKind, Result, SeekFrom};
