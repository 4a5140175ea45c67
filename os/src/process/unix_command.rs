//! What a command has on Unix only.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;

use super::command::Command;

impl Command {
    /// Sets the user that the child runs as.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// // Needs the right to change it; the child has no more than that user.
    /// let status = Command::new("server").uid(65_534).gid(65_534).status().await?;
    /// assert!(status.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.as_std_mut().uid(id);
        self
    }

    /// Sets the group that the child runs as.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let status = Command::new("server").gid(65_534).status().await?;
    /// assert!(status.success());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.as_std_mut().gid(id);
        self
    }

    /// Sets what the child sees as its own name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let output = Command::new("sh").arg0("another-name").args(["-c", "echo $0"]).output().await?;
    /// assert_eq!(output.stdout, b"another-name\n");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.as_std_mut().arg0(arg);
        self
    }

    /// Sets the process group of the child; 0 makes it the first of its own.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// // A group of its own: Ctrl-C in the terminal does not reach it.
    /// let mut child = Command::new("sleep").arg("1000").process_group(0).spawn()?;
    /// let pid = child.id().unwrap() as i32;
    /// // SAFETY: it asks for a number.
    /// assert_eq!(unsafe { libc::getpgid(pid) }, pid);
    /// child.kill().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.as_std_mut().process_group(pgroup);
        self
    }

    /// Runs `f` in the child before the program.
    ///
    /// # Safety
    /// `f` runs after a fork, in a process with a single thread, whose memory may be in any state:
    /// it may do only what a signal handler may.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::process::Command;
    ///
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "umask"]);
    /// // SAFETY: a system call, which allocates nothing and takes no lock.
    /// unsafe {
    ///     command.pre_exec(|| {
    ///         libc::umask(0o77);
    ///         Ok(())
    ///     });
    /// }
    /// assert_eq!(command.output().await?.stdout.trim_ascii(), b"0077");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: by the caller's promise.
        unsafe { self.as_std_mut().pre_exec(f) };
        self
    }
}
