//! A child process, and the ends of its pipes.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Output};
use std::task::Poll;

use super::child_process::{ChildPipes, ChildProcess};
use super::stdio::{ChildStderr, ChildStdin, ChildStdout};
use crate::async_io::{AsyncRead, AsyncReadExt};

/// A child process; made by [`Command::spawn`](super::command::Command::spawn).
///
/// When it drops the child goes on, unless
/// [`kill_on_drop`](super::command::Command::kill_on_drop) was set.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::process::Stdio;
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::process::{Child, Command};
///
/// /// Has `child` turn a word into upper case.
/// async fn upper(child: &mut Child, word: &str) -> std::io::Result<String> {
///     let mut input = child.stdin.take().expect("a pipe");
///     input.write_all(word.as_bytes()).await?;
///     drop(input);
///     let mut text = String::new();
///     child.stdout.take().expect("a pipe").read_to_string(&mut text).await?;
///     Ok(text)
/// }
///
/// let mut command = Command::new("tr");
/// let mut child = command.args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// assert_eq!(upper(&mut child, "loud").await?, "LOUD");
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    process: Box<dyn ChildProcess>,
    /// The child's input, if it is a pipe; [`wait`](Self::wait) closes it.
    pub stdin: Option<ChildStdin>,
    /// The child's output, if it is a pipe.
    pub stdout: Option<ChildStdout>,
    /// The child's error output, if it is a pipe.
    pub stderr: Option<ChildStderr>,
}

impl Child {
    #[inline]
    pub(super) fn new((process, pipes): (Box<dyn ChildProcess>, ChildPipes)) -> Self {
        let (stdin, stdout, stderr) = pipes;
        Self {
            process,
            stdin,
            stdout,
            stderr,
        }
    }

    /// The process, unless its exit was seen.
    #[cfg(windows)]
    #[inline]
    pub(super) fn running(&self) -> Option<&std::process::Child> {
        self.process.running()
    }

    /// The process identifier (PID); `None` once the exit was seen, since another process may have it then.
    #[inline]
    pub fn id(&self) -> Option<u32> {
        self.process.running().map(std::process::Child::id)
    }

    /// Asks the system to kill the child, and does not wait; nothing happens if the child has ended.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// child.start_kill()?;
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn start_kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// Kills the child and waits for its end.
    ///
    /// # Errors
    /// As for [`start_kill`](Self::start_kill) and [`wait`](Self::wait).
    ///
    /// # Cancel safety
    /// The child is killed even if the future is dropped after its first poll.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// child.kill().await?;
    /// assert!(child.try_wait()?.is_some(), "it has ended");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Closes the child's input, waits for its end and returns its status.
    ///
    /// # Errors
    /// What the system reports; that the runtime shuts down.
    ///
    /// # Cancel safety
    /// Call it again to go on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::Duration;
    /// use selkie::{process::Command, time};
    ///
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// // Cancel safe: the child is still there after a limit.
    /// if time::timeout(Duration::from_millis(5), child.wait()).await.is_err() {
    ///     child.kill().await?;
    /// }
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take()); // A child that waits for more input would not end.
        poll_fn(|cx| self.process.poll_end(cx)).await
    }

    /// The status of the child, if it has ended.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// assert_eq!(child.try_wait()?, None);
    /// child.kill().await?;
    /// assert!(child.try_wait()?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Closes the child's input, reads its outputs to their ends, and waits for its own.
    ///
    /// # Errors
    /// The first of any of the three.
    ///
    /// # Cancel safety
    /// Not cancel safe: what was read is lost, and the child is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    /// use selkie::process::Command;
    ///
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.wait_with_output().await?;
    /// assert!(output.status.success());
    /// assert_eq!(output.stdout, b"hello\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let mut stdout = pin!(read_all(stdout));
        let mut stderr = pin!(read_all(stderr));
        let (mut status, mut out, mut err) = (None, None, None);
        poll_fn(|cx| {
            poll_part(&mut status, || self.process.poll_end(cx))?;
            poll_part(&mut out, || stdout.as_mut().poll(cx))?;
            poll_part(&mut err, || stderr.as_mut().poll(cx))?;
            let is_done = status.is_some() && out.is_some() && err.is_some();
            if is_done {
                Poll::Ready(Ok::<_, io::Error>(()))
            } else {
                Poll::Pending
            }
        })
        .await?;
        let status = status.expect("all three parts are done");
        Ok(Output {
            status,
            stdout: out.unwrap_or_default(),
            stderr: err.unwrap_or_default(),
        })
    }
}

/// Polls one of several parts, unless it is done.
#[inline]
fn poll_part<T>(
    done: &mut Option<T>,
    poll: impl FnOnce() -> Poll<io::Result<T>>,
) -> io::Result<()> {
    if done.is_none() {
        if let Poll::Ready(part) = poll() {
            *done = Some(part?);
        }
    }
    Ok(())
}

#[inline]
async fn read_all<R: AsyncRead + Unpin>(pipe: Option<R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
