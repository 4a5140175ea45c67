//! Unix signals.

use std::ffi::c_int;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use crate::context;
use crate::driver::SignalListener;

/// A kind of signal, by its number.
///
/// # Examples
/// ```
/// use selkie::signal::unix::SignalKind;
///
/// assert_eq!(SignalKind::terminate().as_raw_value(), 15);
/// assert_eq!(SignalKind::from_raw(15), SignalKind::terminate());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

macro_rules! kinds {
    ($($name:ident, $number:ident, $what:literal;)*) => {$(
        #[doc = concat!("`", stringify!($number), "`: ", $what)]
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::signal::unix::{SignalKind, signal};
        ///
        #[doc = concat!("let mut signals = signal(SignalKind::", stringify!($name), "())?;")]
        /// // SAFETY: it sends a signal to this process, which handles it.
        #[doc = concat!("unsafe { libc::raise(libc::", stringify!($number), ") };")]
        /// assert_eq!(signals.recv().await, Some(()));
        /// # Ok(())
        /// # }
        /// ```
        pub const fn $name() -> Self {
            Self(libc::$number)
        }
    )*};
}

impl SignalKind {
    /// The kind with the number `signum`, whether there is one or not.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::signal::unix::{SignalKind, signal};
    ///
    /// // One for which there is no method.
    /// let listener = signal(SignalKind::from_raw(libc::SIGCONT));
    /// assert!(listener.is_ok());
    /// // One that no process can handle.
    /// assert!(signal(SignalKind::from_raw(libc::SIGKILL)).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// The kind's number.
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    kinds! {
        alarm, SIGALRM, "a real-time timer ran out. Ends the process by default.";
        child, SIGCHLD, "a child ended or stopped. Ignored by default.";
        hangup, SIGHUP, "the terminal is gone. Ends the process by default.";
        interrupt, SIGINT, "the user pressed Ctrl-C. Ends the process by default.";
        io, SIGIO, "a descriptor became ready. Ends the process by default, or is ignored.";
        pipe, SIGPIPE, "a write had no reader. Ends the process by default; Rust ignores it.";
        quit, SIGQUIT, "the user pressed Ctrl-\\. Ends the process with a dump by default.";
        terminate, SIGTERM, "somebody asks the process to end. Ends it by default.";
        user_defined1, SIGUSR1, "the application's own. Ends the process by default.";
        user_defined2, SIGUSR2, "the application's own. Ends the process by default.";
        window_change, SIGWINCH, "the terminal's size changed. Ignored by default.";
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.0
    }
}

/// Listens to one kind of signal; made by [`signal()`].
///
/// Signals that come before they are asked for count as one.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::signal::unix::{Signal, SignalKind, signal};
///
/// let mut reload: Signal = signal(SignalKind::user_defined1())?;
/// // SAFETY: it sends a signal to this process, which handles it.
/// unsafe { libc::raise(libc::SIGUSR1) };
/// assert!(reload.recv().await.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listener does nothing unless it is asked"]
pub struct Signal {
    listener: SignalListener,
}

/// Listens to `kind` from now on.
///
/// # Errors
/// If there is no such signal, or the system does not let a process handle it
/// (`SIGKILL`, `SIGSTOP`), or it tells of faults of the program itself (`SIGSEGV`, `SIGFPE`, `SIGILL`).
/// What the system says: real-time signals that the C library keeps for itself, for one.
///
/// # Panics
/// Outside of a runtime with I/O enabled.
///
/// # Examples
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::signal::unix::{SignalKind, signal};
///
/// let mut hangups = signal(SignalKind::hangup())?;
/// while hangups.recv().await.is_some() {
///     println!("reading the configuration again");
/// }
/// # Ok(())
/// # })
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    context::driver().listen_to_signals()?;
    Ok(Signal {
        listener: SignalListener::new(kind.0)?,
    })
}

impl Signal {
    /// Makes the last listener of the process to this kind of signal, when it is dropped, restore what the
    /// process did on the signal before there was a listener. Without this the process goes on handling the
    /// signal, and does nothing on it.
    ///
    /// This holds until then, and for the listeners there are. A handler that another library has installed in
    /// between, on top of this one, is removed too.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use selkie::signal::unix::{SignalKind, signal};
    ///
    /// let interrupts = signal(SignalKind::interrupt())?.restore_when_last();
    /// // While the files are written, an interrupt does not end the process.
    /// drop(interrupts);
    /// // Now it does again.
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn restore_when_last(self) -> Self {
        self.listener.restore_when_last();
        self
    }

    /// Waits for the next signal; never `None`.
    ///
    /// # Cancel safety
    /// No signal is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::signal::unix::{SignalKind, signal};
    ///
    /// let mut reload = signal(SignalKind::user_defined2())?;
    /// // SAFETY: it sends a signal to this process, which handles it.
    /// unsafe { libc::raise(libc::SIGUSR2) };
    /// reload.recv().await;
    /// // Each listener hears each signal, once.
    /// let mut other = signal(SignalKind::user_defined2())?;
    /// selkie::select! {
    ///     biased;
    ///     _ = other.recv() => unreachable!("it came before"),
    ///     () = selkie::task::yield_now() => {}
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for the next signal, as a poll; never `None`.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.listener.poll(cx).map(Some)
    }
}
