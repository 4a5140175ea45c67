//! Reads and writes at an offset, independent of the position of the file.
//!
//! Idea        The operation owns the buffer while it is in progress, and gives it back with its outcome: nothing
//!             is copied, and if the future is dropped the memory stays with the operation.
//! Invariants  I1 the buffer is either with the operation or in the `SharedBuffer`.
//!             I2 later reads find what was written at an offset: what was read ahead is undone.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::detached::Effect;
use super::file::File;
use super::offload::offload;
use super::{detached, in_place, ring_io};

/// Holds a buffer whose operation has not begun, or is done.
struct SharedBuffer<B>(Arc<Mutex<Option<B>>>);

impl<B> SharedBuffer<B> {
    #[inline]
    fn take(&self) -> Option<B> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    #[inline]
    fn put(&self, buf: B) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(buf);
    }
}

/// Runs `operation` on the pool, with `file` and `buf`; the buffer comes back whatever happens.
#[inline]
async fn with_buffer<B, R, F>(
    file: &File,
    buf: B,
    effect: Effect,
    operation: F,
) -> (io::Result<R>, B)
where
    B: Send + 'static,
    R: Send + 'static,
    F: FnOnce(&std::fs::File, &mut B) -> io::Result<R> + Send + 'static,
{
    file.idle().await;
    let std = Arc::clone(&file.std);
    let shared = SharedBuffer(Arc::new(Mutex::new(Some(buf))));
    let theirs = SharedBuffer(Arc::clone(&shared.0));
    let (_waiter, guard) = detached::begin_with(effect, &file.std);
    let outcome = offload(move || {
        std.classify();
        let mut buf = theirs.take().expect("only the operation takes it");
        let outcome = operation(&std, &mut buf);
        theirs.put(buf);
        drop(guard);
        outcome
    })
    .await;
    let buf = shared.take().expect("the buffer's own code panicked");
    (outcome, buf)
}

impl File {
    /// Reads once at `offset` bytes from the start, up to the length of `buf`, and gives `buf` back
    /// with how many bytes were read; the file's position stays.
    ///
    /// # Errors
    /// What the system reports. The buffer comes back all the same.
    ///
    /// # Panics
    /// If the buffer's own code does.
    ///
    /// # Cancel safety
    /// Nothing of the file changes; the buffer is lost with the future.
    ///
    /// # Cost
    /// A system call where the task runs for at most 64 KiB that are cached, else one for the ring (both
    /// on Linux), else a hop to the blocking pool; no copy.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-doc-at-{}", std::process::id()));
    /// let file = File::options().read(true).write(true).create(true).open(&path).await?;
    /// let (written, _) = file.write_all_at(b"ebb and flow", 0).await;
    /// written?;
    /// let (read, buf) = file.read_at(vec![0; 4], 8).await;
    /// assert_eq!((read?, &buf[..]), (4, &b"flow"[..]));
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[inline]
    pub async fn read_at<B>(&self, mut buf: B, offset: u64) -> (io::Result<usize>, B)
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.idle().await;
        if let Some(n) = in_place::read_at(&self.std, buf.as_mut(), offset).await {
            return (Ok(n), buf);
        }
        let buf = match ring_io::read_at(&self.std, buf, offset).await {
            Ok(done) => return done,
            Err(buf) => buf,
        };
        with_buffer(self, buf, Effect::Reads, move |file, buf| {
            retry_interrupted(|| positioned::read(file, buf.as_mut(), offset))
        })
        .await
    }

    /// Reads at `offset` until `buf` is full, and gives `buf` back; the file's position stays.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before; what the system reports otherwise. What the buffer then
    /// holds is not said.
    ///
    /// # Panics
    /// If the buffer's own code does.
    ///
    /// # Cancel safety
    /// As for [`read_at`](Self::read_at).
    ///
    /// # Cost
    /// A hop to the blocking pool.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-read-exact-at-{}", std::process::id()));
    /// fs::write(&path, "0123456789").await?;
    /// let file = File::open(&path).await?;
    /// let (outcome, buffer) = file.read_exact_at(vec![0; 3], 4).await;
    /// outcome?;
    /// assert_eq!(buffer, b"456");
    /// // The buffer comes back from a failure, too.
    /// let (outcome, buffer) = file.read_exact_at(buffer, 9).await;
    /// assert!(outcome.is_err() && buffer.len() == 3);
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn read_exact_at<B>(&self, buf: B, offset: u64) -> (io::Result<()>, B)
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        with_buffer(self, buf, Effect::Reads, move |file, buf| {
            let (buf, mut done) = (buf.as_mut(), 0);
            while done < buf.len() {
                match retry_interrupted(|| {
                    positioned::read(file, &mut buf[done..], offset + done as u64)
                })? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    n => done += n,
                }
            }
            Ok(())
        })
        .await
    }

    /// Writes once at `offset` bytes from the start, and gives `buf` back with how many of its bytes
    /// were written; the file's position stays.
    ///
    /// The write is done when the future is, unlike those of `AsyncWrite`.
    ///
    /// # Errors
    /// What the system reports. The buffer comes back all the same.
    ///
    /// # Panics
    /// If the buffer's own code does.
    ///
    /// # Cancel safety
    /// A write that has begun is done, and keeps the file busy until then: what is asked of the file later waits
    /// for it. The buffer is lost with the future.
    ///
    /// # Cost
    /// A system call for the ring of a runtime with I/O (on Linux), else a hop to the blocking pool; no
    /// copy.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-write-at-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let (written, _buffer) = file.write_at("second", 6).await;
    /// assert_eq!(written?, 6);
    /// let (written, _buffer) = file.write_at("first ", 0).await;
    /// written?;
    /// assert_eq!(fs::read_to_string(&path).await?, "first second");
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn write_at<B>(&self, buf: B, offset: u64) -> (io::Result<usize>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.idle().await;
        self.undo_read_ahead(); // I2
        let buf = match ring_io::write_at(&self.std, buf, 0, offset).await {
            Ok(done) => return done,
            Err(buf) => buf,
        };
        with_buffer(self, buf, Effect::Changes, move |file, buf| {
            retry_interrupted(|| positioned::write(file, buf.as_ref(), offset))
        })
        .await
    }

    /// Writes all of `buf` at `offset`, and gives `buf` back; the file's position stays.
    ///
    /// # Errors
    /// `WriteZero` if the system takes no more; what it says otherwise. A part may be written then.
    ///
    /// # Panics
    /// If the buffer's own code does.
    ///
    /// # Cancel safety
    /// As for [`write_at`](Self::write_at).
    ///
    /// # Cost
    /// As for [`write_at`](Self::write_at), as a rule once.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-write-all-at-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// // Several writers of one file, each at its own place.
    /// let (one, two) = selkie::join!(file.write_all_at("ab", 0), file.write_all_at("cd", 2));
    /// one.0.and(two.0)?;
    /// assert_eq!(fs::read_to_string(&path).await?, "abcd");
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn write_all_at<B>(&self, buf: B, offset: u64) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.idle().await;
        self.undo_read_ahead(); // I2
        let (mut done, mut buf) = (0, buf);
        while done < buf.as_ref().len() {
            let written = ring_io::write_at(&self.std, buf, done, offset + done as u64).await;
            buf = match written {
                Ok((Ok(0), buf)) => return (Err(io::ErrorKind::WriteZero.into()), buf),
                Ok((Ok(n), buf)) => {
                    done += n;
                    buf
                }
                Ok((Err(error), buf)) => return (Err(error), buf),
                Err(buf) => {
                    let written = with_buffer(self, buf, Effect::Changes, move |file, buf| {
                        write_rest(file, buf.as_ref(), done, offset)
                    });
                    return written.await;
                }
            };
        }
        (Ok(()), buf)
    }
}

/// Writes `buf` from the byte `done` on; all of `buf` belongs at `offset`.
#[inline]
fn write_rest(file: &std::fs::File, buf: &[u8], mut done: usize, offset: u64) -> io::Result<()> {
    while done < buf.len() {
        match retry_interrupted(|| positioned::write(file, &buf[done..], offset + done as u64))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => done += n,
        }
    }
    Ok(())
}

/// Calls `f` again as long as a signal interrupts it.
#[inline]
fn retry_interrupted(mut f: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match f() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(unix)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;

    #[inline]
    pub(super) fn read(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buf, offset)
    }

    #[inline]
    pub(super) fn write(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(buf, offset)
    }
}

/// On Windows these also move the position.
#[cfg(windows)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt;

    #[inline]
    pub(super) fn read(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buf, offset)
    }

    #[inline]
    pub(super) fn write(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(buf, offset)
    }
}
