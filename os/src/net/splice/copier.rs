//! A copy inside the system, by `splice`.
//!
//! Idea        Bytes move from the source into a pipe of our own and from there to the target, by reference where
//!             the system can. The pipe is filled only when it is empty, so that `WouldBlock` always concerns the
//!             other end. An operation on a file may have to wait for a disk, so it is made on the blocking pool.
//! States      empty ─fill→ holding n bytes ─drain→ holding fewer … → empty;
//!             in each of them a step may be on the pool
//! Invariants  I1 the pipe holds `held` bytes, except while a step is on the pool.
//!             I2 `delivered` grows in the poll that moves the bytes to a stream, or that takes the outcome of a
//!                step on the pool: a future that is dropped loses neither bytes nor count.
//! Rejected    To splice from a pipe, or to one, without our own in between: `WouldBlock` then does not say which
//!             end it concerns. `sendfile`: it waits for the disk and for the socket in one call.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use super::ends::{SpliceEnd, SpliceSource, SpliceTarget};
use super::step::{Pipe, Step};
use crate::async_io::Interest;
use crate::blocking::BlockingKind;
use crate::driver::retry_call;
use crate::task::{LibraryJob, spawn_blocking_for};

/// What a step on the pool does.
#[derive(Debug, Clone, Copy)]
enum StepKind {
    FromFile,
    ToFile,
}

/// Copies between sockets, pipes and files inside the system: no byte passes through this process's
/// memory.
///
/// It owns a pipe, through which the bytes go. A copy that is given up half-way loses nothing:
/// [`delivered`](Self::delivered) says how many bytes have reached their targets, and
/// [`held`](Self::held) how many were taken from a stream and are still in the pipe. The next copy
/// begins with those, whatever its ends are; so let a copier that holds something drop, unless it goes
/// on with the same ends.
///
/// A target whose reader is gone raises `SIGPIPE`, which Rust's programs ignore, as with pipes.
/// Linux and Android have this.
///
/// # Cost
/// Two descriptors; 64 KiB of the system's memory while bytes are held. For a chunk of up to so many
/// bytes two system calls, and for a file a hop to the blocking pool.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::{Splice, UnixStream};
///
/// let (mut client, near) = UnixStream::pair()?;
/// let (far, mut server) = UnixStream::pair()?;
/// client.write_all(b"through the system").await?;
/// client.shutdown().await?;
///
/// let mut splice = Splice::new()?;
/// assert_eq!(splice.copy(&near, &far, u64::MAX).await?, 18);
/// drop(far);
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!(text, "through the system");
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Source
/// `splice(2)` and `pipe(7)` of the Linux manual.
///
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::{Splice, UnixStream};
///
/// // A proxy through which the bytes go in the kernel.
/// let (mut client, near) = UnixStream::pair()?;
/// let (far, mut server) = UnixStream::pair()?;
/// let proxy = selkie::spawn(async move {
///     let mut splice = Splice::new()?;
///     splice.copy(&near, &far, u64::MAX).await
/// });
/// client.write_all(b"hello").await?;
/// client.shutdown().await?;
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!((text.as_str(), proxy.await.unwrap()?), ("hello", 5));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "sendfile")]
#[doc(alias = "zero-copy")]
#[derive(Debug)]
pub struct Splice {
    pipe: Arc<Pipe>,
    capacity: usize,
    held: usize,
    delivered: u64,
    on_pool: Option<(StepKind, LibraryJob<Step>)>,
}

impl Splice {
    /// A copier with a pipe as the system makes it: of 64 KiB, or less if this user has very many.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{Splice, UnixStream};
    ///
    /// let (one, two) = UnixStream::pair()?;
    /// one.writable().await?;
    /// one.try_write(b"four")?;
    /// let (three, _four) = UnixStream::pair()?;
    /// // Exactly so many, and not until the end.
    /// assert_eq!(Splice::new()?.copy(&two, &three, 4).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new() -> io::Result<Self> {
        let pipe = Pipe::new()?;
        Ok(Self {
            capacity: pipe.capacity()?,
            pipe: Arc::new(pipe),
            held: 0,
            delivered: 0,
            on_pool: None,
        })
    }

    /// A copier with a pipe of at least `bytes`, which helps where a file is at one end.
    ///
    /// # Errors
    /// What the system reports; that this is more than `/proc/sys/fs/pipe-max-size`, for one, which is
    /// 1 MiB as a rule.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::Splice;
    ///
    /// // A pipe of one page, for a small machine.
    /// assert!(Splice::with_capacity(4096).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn with_capacity(bytes: usize) -> io::Result<Self> {
        let mut new = Self::new()?;
        new.capacity = new.pipe.grow(bytes)?;
        Ok(new)
    }

    /// Bytes that the pipe has room for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes that have reached their targets, in all copies so far.
    ///
    /// After a [`receive_file`](Self::receive_file) that was given up, the write to the file that was
    /// in progress is counted once [`settle`](Self::settle), or the next copy, has waited for it.
    #[inline]
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Bytes that were taken from a source and have not reached a target.
    #[inline]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Copies up to `limit` bytes from `from` to `to`, or up to the end of `from`; returns how many.
    ///
    /// The target is not shut down at the end.
    ///
    /// # Errors
    /// The first of either side; what it had taken stays [`held`](Self::held).
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped: see [`Splice`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
    /// use selkie::net::{Splice, UnixStream};
    ///
    /// let (mut client, near) = UnixStream::pair()?;
    /// let (far, mut server) = UnixStream::pair()?;
    /// client.write_all(b"0123456789").await?;
    /// let mut splice = Splice::new()?;
    /// // Four bytes, and then the others until the end.
    /// assert_eq!(splice.copy(&near, &far, 4).await?, 4);
    /// client.shutdown().await?;
    /// assert_eq!(splice.copy(&near, &far, u64::MAX).await?, 6);
    /// drop(far);
    /// let mut text = String::new();
    /// server.read_to_string(&mut text).await?;
    /// assert_eq!(text, "0123456789");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn copy(
        &mut self,
        from: &impl SpliceSource,
        to: &impl SpliceTarget,
        limit: u64,
    ) -> io::Result<u64> {
        self.settle().await?;
        let (from, to) = (from.end(), to.end());
        let begun = self.delivered;
        loop {
            let left = self.drain(to, limit - (self.delivered - begun)).await?;
            if left == 0 || self.fill(from, left).await? == 0 {
                return Ok(self.delivered - begun);
            }
        }
    }

    /// Copies up to `limit` bytes of `file`, from `offset` on, to `to`, or up to the file's end; returns
    /// how many. The file's own position is neither used nor moved. Bytes that are overwritten in the file
    /// before the peer has them may arrive either way.
    ///
    /// # Errors
    /// The first of either side; `InvalidInput` if the file system cannot splice. The operation that
    /// was in progress when an earlier copy was given up may tell its own error, too.
    ///
    /// # Cancel safety
    /// When the future is dropped [`delivered`](Self::delivered) says how many bytes went: go on from
    /// so much behind `offset`, with another copier, since this one may hold bytes of the file.
    ///
    /// # Cost
    /// Beside the system calls, two to duplicate the descriptor and close the duplicate.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::{Splice, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-send-file-{}", std::process::id()));
    /// std::fs::write(&path, "0123456789")?;
    /// let file = std::fs::File::open(&path)?;
    /// let (near, mut far) = UnixStream::pair()?;
    /// // Five bytes, from the third on.
    /// assert_eq!(Splice::new()?.send_file(&file, 2, &near, 5).await?, 5);
    /// let mut text = [0; 5];
    /// far.read_exact(&mut text).await?;
    /// assert_eq!(&text, b"23456");
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn send_file(
        &mut self,
        file: &impl AsFd,
        offset: u64,
        to: &impl SpliceTarget,
        limit: u64,
    ) -> io::Result<u64> {
        let file = Arc::new(file.as_fd().try_clone_to_owned()?);
        let to = to.end();
        self.settle().await?;
        let begun = self.delivered;
        // What is held came before what is at `offset`.
        let mut at = offset;
        loop {
            let left = self.drain(to, limit - (self.delivered - begun)).await?;
            let room = self.room(left);
            if room == 0 {
                return Ok(self.delivered - begun);
            }
            let (pipe, file) = (Arc::clone(&self.pipe), Arc::clone(&file));
            self.begin(StepKind::FromFile, move || {
                pipe.fill_from_file(&file, at, room)
            });
            self.settle().await?;
            if self.held == 0 {
                return Ok(self.delivered - begun);
            }
            at += self.held as u64;
        }
    }

    /// Copies up to `limit` bytes from `from`, or up to its end, into `file` from `offset` on; returns
    /// how many. The file's own position is neither used nor moved.
    ///
    /// # Errors
    /// The first of either side; `InvalidInput` if the file system cannot splice, or the file was
    /// opened to append. What was taken stays [`held`](Self::held).
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped: see [`Splice`]. A write to the file that was begun
    /// is done, and [`delivered`](Self::delivered) says when it is counted.
    ///
    /// # Cost
    /// Beside the system calls, two to duplicate the descriptor and close the duplicate.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncWriteExt;
    /// use selkie::net::{Splice, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-receive-file-{}", std::process::id()));
    /// let file = std::fs::File::create(&path)?;
    /// let (mut client, server) = UnixStream::pair()?;
    /// client.write_all(b"an upload").await?;
    /// drop(client);
    /// assert_eq!(Splice::new()?.receive_file(&server, &file, 0, u64::MAX).await?, 9);
    /// assert_eq!(std::fs::read_to_string(&path)?, "an upload");
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn receive_file(
        &mut self,
        from: &impl SpliceSource,
        file: &impl AsFd,
        offset: u64,
        limit: u64,
    ) -> io::Result<u64> {
        let file = Arc::new(file.as_fd().try_clone_to_owned()?);
        let from = from.end();
        self.settle().await?;
        let begun = self.delivered;
        loop {
            let done = self.delivered - begun;
            let most = self.held.min(to_usize(limit - done));
            if most > 0 {
                self.write_out(&file, offset + done, most).await?;
                continue;
            }
            if done == limit || self.fill(from, limit - done).await? == 0 {
                return Ok(done);
            }
        }
    }

    /// Waits for the operation on a file that was in progress when a copy was given up.
    ///
    /// # Errors
    /// That operation's.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    #[inline]
    pub async fn settle(&mut self) -> io::Result<()> {
        let Some((kind, task)) = &mut self.on_pool else {
            return Ok(());
        };
        let (kind, joined) = (*kind, task.await);
        self.on_pool = None;
        // A step that the runtime's shutdown kept from running moved nothing.
        let step = joined.map_err(io::Error::other)?;
        match kind {
            StepKind::FromFile => self.held += step.bytes,
            StepKind::ToFile => self.count(step.bytes), // I2
        }
        step.outcome
    }

    /// Gives what is held to `to`, up to `limit` bytes; returns how many of `limit` are left.
    #[inline]
    async fn drain(&mut self, to: SpliceEnd<'_>, limit: u64) -> io::Result<u64> {
        let mut left = limit;
        while self.held > 0 && left > 0 {
            let most = self.held.min(to_usize(left));
            let mut drain = || self.pipe.drain(to.fd, most);
            let n = to
                .registration
                .async_io(Interest::WRITABLE, || retry_call(&mut drain))
                .await?;
            self.count(n); // I2: nothing is awaited in between.
            left -= n as u64;
        }
        Ok(left)
    }

    /// Takes up to `limit` bytes from `from` into the pipe, which is empty; zero is the end.
    #[inline]
    async fn fill(&mut self, from: SpliceEnd<'_>, limit: u64) -> io::Result<usize> {
        let most = self.room(limit);
        let mut fill = || self.pipe.fill(from.fd, most);
        let n = from
            .registration
            .async_io(Interest::READABLE, || retry_call(&mut fill))
            .await?;
        self.held += n; // I1
        Ok(n)
    }

    /// Writes `most` of the bytes that are held to `file` at `offset`.
    #[inline]
    async fn write_out(&mut self, file: &Arc<OwnedFd>, offset: u64, most: usize) -> io::Result<()> {
        let before = self.held;
        let (pipe, file) = (Arc::clone(&self.pipe), Arc::clone(file));
        self.begin(StepKind::ToFile, move || {
            pipe.drain_to_file(&file, offset, most)
        });
        self.settle().await?;
        if self.held == before {
            return Err(io::ErrorKind::WriteZero.into());
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self, kind: StepKind, step: impl FnOnce() -> Step + Send + 'static) {
        let task = spawn_blocking_for(BlockingKind::File, step);
        self.on_pool = Some((kind, task));
    }

    /// Bytes to take next, of `limit`.
    #[inline]
    fn room(&self, limit: u64) -> usize {
        self.capacity.min(to_usize(limit))
    }

    #[inline]
    fn count(&mut self, delivered: usize) {
        self.held -= delivered;
        self.delivered += delivered as u64;
    }
}

/// `bytes`, or as many as fit.
#[inline]
fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
