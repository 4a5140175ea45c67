//! Asynchronous reading and writing: [`selkie::io`], each part behind the feature that Tokio puts it behind.

pub use selkie::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
pub use selkie::io::{Error, ErrorKind, Result, SeekFrom};

#[cfg(feature = "io-util")]
pub use selkie::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Join, Lines, ReadHalf, Repeat, SimplexStream, Sink, Split, Take,
    WriteHalf, copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty,
    join, repeat, simplex, sink, split,
};

#[cfg(feature = "io-std")]
pub use selkie::io::{Stderr, Stdin, Stdout, stderr, stdin, stdout};

#[cfg(any(
    feature = "net",
    all(unix, any(feature = "process", feature = "signal"))
))]
pub use selkie::io::{Interest, Ready};

#[cfg(all(target_os = "freebsd", feature = "net"))]
pub use selkie::io::bsd;
#[cfg(all(unix, feature = "net"))]
pub use selkie::io::unix;
