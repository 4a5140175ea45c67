//! The part of [`io`](crate::io) that needs no driver: the traits of readers and writers, adaptors, copies.

mod read_buf;
#[cfg(feature = "reactor")]
mod ready;

#[cfg(feature = "reactor")]
mod interest;

#[cfg(all(
    any(target_os = "freebsd", all(test, target_os = "linux")),
    feature = "net"
))]
mod bsd_interest;
mod read;

mod buf_read;
mod seek;
mod write;

#[cfg(feature = "io-util")]
mod interrupted;

#[cfg(feature = "io-util")]
mod split;

#[cfg(feature = "io-util")]
mod adaptors;
#[cfg(feature = "io-util")]
mod buffered;
#[cfg(feature = "io-util")]
mod copy;
#[cfg(feature = "io-util")]
mod memory;

#[cfg(feature = "io-util")]
mod ext;

#[cfg(feature = "io-util")]
pub use adaptors::{Chain, Empty, Join, Repeat, Sink, Take, empty, join, repeat, sink};
pub use buf_read::AsyncBufRead;
#[cfg(feature = "io-util")]
pub use buffered::{BufReader, BufStream, BufWriter};
#[cfg(feature = "io-util")]
pub use copy::{copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf};
#[cfg(feature = "io-util")]
pub use ext::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, Lines, Split};
#[cfg(feature = "reactor")]
pub use interest::Interest;
#[cfg(feature = "io-util")]
pub use memory::{DuplexStream, SimplexStream, duplex, simplex};
pub use read::AsyncRead;
pub use read_buf::ReadBuf;
#[cfg(feature = "reactor")]
pub use ready::Ready;
pub use seek::AsyncSeek;
#[cfg(feature = "io-util")]
pub use split::{ReadHalf, WriteHalf, split};
pub use write::AsyncWrite;
#[cfg(feature = "reactor")]
pub(crate) use write::total_len;
