//! The builder of a child process.

use std::ffi::OsStr;
use std::future::Future;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::{fmt, io};

use super::child::Child;
use super::child_process::{ListenFunction, listen};
use crate::context;

/// How a child process is made: std's builder, whose children can be awaited.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::process::Command;
///
/// let output = Command::new("echo").arg("ahoy").output().await?;
/// assert!(output.status.success());
/// assert_eq!(output.stdout, b"ahoy\n");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct Command {
    std: std::process::Command,
    kill_on_drop: bool,
    /// Named where a command is made, so that other programs do not have it.
    listen: ListenFunction,
}

impl fmt::Debug for Command {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("std", &self.std)
            .field("kill_on_drop", &self.kill_on_drop)
            .finish()
    }
}

impl Command {
    /// A command that runs `program`, without arguments, in this environment and directory.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let status = Command::new("true").status().await?;
    /// assert!(status.success());
    /// // A program that there is not is an error of the spawn.
    /// let error = Command::new("selkie-has-no-such-program").spawn().unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Self::from(std::process::Command::new(program))
    }

    /// The command as std's.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut command = Command::new("echo");
    /// command.arg("hello");
    /// assert_eq!(command.as_std().get_program(), "echo");
    /// assert_eq!(command.as_std().get_args().count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn as_std(&self) -> &std::process::Command {
        &self.std
    }

    /// The command as std's, to change.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// /// A function that knows std's command only.
    /// fn quiet(command: &mut std::process::Command) {
    ///     command.stdout(std::process::Stdio::null());
    /// }
    ///
    /// let mut command = Command::new("echo");
    /// quiet(command.arg("unseen").as_std_mut());
    /// assert!(command.status().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.std
    }

    /// The command as std's; whether to kill the child is forgotten.
    ///
    /// # Examples
    /// ```
    /// use selkie::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "exit 3"]);
    /// assert_eq!(command.into_std().status()?.code(), Some(3));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn into_std(self) -> std::process::Command {
        self.std
    }

    /// Adds an argument.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// // Each is one argument, whatever it contains: there is no shell.
    /// let output = Command::new("echo").arg("-n").arg("two words; $PATH").output().await?;
    /// assert_eq!(output.stdout, b"two words; $PATH");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("echo").args(["one", "two"]).output().await?;
    /// assert_eq!(output.stdout, b"one two\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets a variable of the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo $GREETING"]).env("GREETING", "hello").output().await?;
    /// assert_eq!(output.stdout, b"hello\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("sh")
    ///     .args(["-c", "echo $A$B"])
    ///     .envs([("A", "one"), ("B", "two")])
    ///     .output()
    ///     .await?;
    /// assert_eq!(output.stdout, b"onetwo\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Removes a variable from the child's environment.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("sh")
    ///     .args(["-c", "echo ${SECRET-unset}"])
    ///     .env("SECRET", "s3")
    ///     .env_remove("SECRET")
    ///     .output()
    ///     .await?;
    /// assert_eq!(output.stdout, b"unset\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Makes the child's environment empty.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// // The child sees what it is given, and nothing else.
    /// let output = Command::new("/usr/bin/env").env_clear().env("ONLY", "this").output().await?;
    /// assert_eq!(output.stdout, b"ONLY=this\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// Sets the directory that the child starts in.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("pwd").current_dir("/").output().await?;
    /// assert_eq!(output.stdout, b"/\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Sets the child's input; this process's own if never set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    /// use selkie::io::AsyncWriteExt;
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut input = child.stdin.take().unwrap();
    /// input.write_all(b"b\na\n").await?;
    /// // The child sees the end.
    /// drop(input);
    /// assert_eq!(child.wait_with_output().await?.stdout, b"a\nb\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdin(cfg);
        self
    }

    /// Sets the child's output; this process's own if never set, a pipe for
    /// [`output`](Self::output).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    /// use selkie::io::{AsyncBufReadExt, BufReader};
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sh").args(["-c", "echo one; echo two"]).stdout(Stdio::piped()).spawn()?;
    /// let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    /// // As they come, while the child goes on.
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stdout(cfg);
        self
    }

    /// Sets the child's error output; this process's own if never set, a pipe for
    /// [`output`](Self::output).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    /// use selkie::process::Command;
    ///
    /// let child = Command::new("sh").args(["-c", "echo oops >&2"]).stderr(Stdio::piped()).spawn()?;
    /// assert_eq!(child.wait_with_output().await?.stderr, b"oops\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Command {
        self.std.stderr(cfg);
        self
    }

    /// Whether a child is killed when its handle drops; it is not if never set. A process that was forked
    /// from this one since does not kill it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::process::Stdio;
    /// use selkie::io::AsyncReadExt;
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("1000").stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    /// let mut output = child.stdout.take().unwrap();
    /// drop(child);
    /// // Killed, so that its end of the pipe closes.
    /// assert_eq!(output.read(&mut [0]).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// Whether a child is killed when its handle drops.
    #[inline]
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Makes the child.
    ///
    /// # Errors
    /// What the system says: no such program, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cost
    /// The thread waits until the program was found and begun. On Unix the child borrows this process's
    /// memory until then (std's `posix_spawn`), so that it costs the same however much there is; with
    /// `pre_exec`, `uid` or `gid` the process is forked, and its page tables are copied: spawn such a
    /// child of a large process in [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn()?;
    /// // It runs beside this task.
    /// assert!(child.id().is_some());
    /// assert_eq!(child.wait().await?.code(), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(std::process::Command::spawn)
    }

    /// Makes the child by calling `with` with std's command, for what std can do beyond its own `spawn`.
    ///
    /// # Errors
    /// What `with` says.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut child = Command::new("true").spawn_with(|command| {
    ///     // What std's command can do beyond this one's methods.
    ///     command.spawn()
    /// })?;
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut std::process::Command) -> io::Result<std::process::Child>,
    ) -> io::Result<Child> {
        let driver = context::driver();
        let child = with(&mut self.std)?;
        (self.listen)(child, self.kill_on_drop, driver).map(Child::new)
    }

    /// Makes the child, now, and returns a future that waits for its end and says how it ended.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn) and [`Child::wait`].
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// A future that drops, even unpolled, drops the child: it goes on, or is killed if
    /// [`kill_on_drop`](Self::kill_on_drop) was set, and is reaped in either case.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let status = Command::new("sh").args(["-c", "exit 2"]).status().await?;
    /// assert_eq!((status.success(), status.code()), (false, Some(2)));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async {
            let mut child = child?;
            // A pipe that nobody reads would fill, and the child would not end.
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Makes the child, now, with its outputs as pipes, and returns a future that reads them and
    /// waits for its end.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn) and [`Child::wait_with_output`].
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// As for [`status`](Self::status); what was read is lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo out; echo error >&2; exit 1"]).output().await?;
    /// assert_eq!(output.status.code(), Some(1));
    /// assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"error\n"[..]));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async { child?.wait_with_output().await }
    }
}

impl From<std::process::Command> for Command {
    #[inline]
    fn from(std: std::process::Command) -> Self {
        Self {
            std,
            kill_on_drop: false,
            listen,
        }
    }
}
