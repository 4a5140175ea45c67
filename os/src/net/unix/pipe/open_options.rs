//! How a pipe is made, or a named pipe (FIFO) is opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use mio::unix::pipe as mio_pipe;

use super::check::ensure_pipe;
use super::receiver::Receiver;
use super::sender::Sender;

/// A pipe without a name: what is written to the sender is read from the receiver.
///
/// # Errors
/// What the system reports, for example being out of descriptors.
///
/// # Panics
/// Outside of a runtime with I/O enabled.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::process::Command;
/// use selkie::io::AsyncReadExt;
/// use selkie::net::unix::pipe::pipe;
///
/// let (sender, mut receiver) = pipe()?;
/// // Both outputs of a child process, in the order in which they come.
/// let sender = sender.into_blocking_fd()?;
/// let mut child = Command::new("sh")
///     .args(["-c", "echo out; echo error >&2"])
///     .stdout(sender.try_clone()?)
///     .stderr(sender)
///     .spawn()?;
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// child.wait()?;
/// assert_eq!(text, "out\nerror\n");
/// # Ok(())
/// # }
/// ```
#[track_caller]
#[inline]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio_pipe::new()?;
    Ok((Sender::from_mio(sender)?, Receiver::from_mio(receiver)?))
}

/// How a pipe that has a name is opened.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::unix::pipe;
///
/// let path = std::env::temp_dir().join(format!("selkie-fifo-{}", std::process::id()));
/// assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
/// // The reader first: a sender is refused while nobody reads.
/// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
/// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
/// sender.write_all(b"through the file system").await?;
/// drop(sender);
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "through the file system");
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Options of which none is set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::unix::pipe;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-no-pipe-{}", std::process::id()));
    /// std::fs::write(&path, "")?;
    /// // A plain file is no pipe.
    /// assert!(pipe::OpenOptions::new().open_receiver(&path).is_err());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Whether either end is opened for both: a receiver then sees no end when the last sender
    /// drops, and a sender can be opened before there is a receiver.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::unix::pipe;
    ///
    /// # if cfg!(target_os = "linux") {
    /// let path = std::env::temp_dir().join(format!("selkie-fifo-both-{}", std::process::id()));
    /// assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // Nobody reads yet, and the sender can be opened all the same.
    /// assert!(pipe::OpenOptions::new().open_sender(&path).is_err());
    /// assert!(pipe::OpenOptions::new().read_write(true).open_sender(&path).is_ok());
    /// std::fs::remove_file(&path)?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Whether the check is left out that the file is a pipe.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::unix::pipe;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-fifo-unchecked-{}", std::process::id()));
    /// assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // We know what it is: one system call less.
    /// assert!(pipe::OpenOptions::new().unchecked(true).open_receiver(&path).is_ok());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the end of the pipe at `path` that is read.
    ///
    /// # Errors
    /// If it is no pipe; what the system reports otherwise.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::unix::pipe;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-fifo-receiver-{}", std::process::id()));
    /// assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let mut child = std::process::Command::new("sh")
    ///     .args(["-c", "echo hello > \"$0\""])
    ///     .arg(&path)
    ///     .spawn()?;
    /// let mut line = [0; 6];
    /// receiver.read_exact(&mut line).await?;
    /// child.wait()?;
    /// assert_eq!(&line, b"hello\n");
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        Receiver::from_file_unchecked(self.open(path.as_ref(), true)?)
    }

    /// Opens the end of the pipe at `path` that is written.
    ///
    /// # Errors
    /// If nobody has the other end open (`ENXIO`); if it is no pipe; what the system says
    /// otherwise.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
    /// use selkie::net::unix::pipe;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-fifo-sender-{}", std::process::id()));
    /// assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    /// sender.write_u8(5).await?;
    /// assert_eq!(receiver.read_u8().await?, 5);
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        Sender::from_file_unchecked(self.open(path.as_ref(), false)?)
    }

    #[inline]
    fn open(&self, path: &Path, to_read: bool) -> io::Result<File> {
        let mut options = std::fs::OpenOptions::new();
        options
            .read(to_read)
            .write(!to_read)
            .custom_flags(libc::O_NONBLOCK);
        if self.read_write {
            options.read(true).write(true);
        }
        let file = options.open(path)?;
        if !self.unchecked {
            ensure_pipe(&file)?;
        }
        Ok(file)
    }
}
