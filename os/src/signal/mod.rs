//! Signals of the operating system.
//!
//! ```no_run
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! println!("serving; Ctrl-C ends it");
//! selkie::signal::ctrl_c().await?;
//! println!("finishing what has begun");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`ctrl_c`] works on every system. On Unix, `unix::signal` listens to any signal that can be caught; service managers send `SIGTERM`, and by custom
//! `SIGHUP` asks a program to read its configuration again. On Windows, the module `windows` has the events of a console.
//!
//! ```
//! # #[cfg(unix)] {
//! use selkie::signal::unix::{SignalKind, signal};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let mut reload = signal(SignalKind::hangup())?;
//! # let me = std::process::id().to_string();
//! # std::process::Command::new("kill").args(["-HUP", &me]).status()?;
//! // In a loop, as a rule.
//! reload.recv().await;
//! println!("reading the configuration again");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Rules
//!
//! - **The default action goes.** The first listener to a kind of signal replaces the default action of the system: after `signal(SignalKind::terminate())`,
//!   `SIGTERM` no longer ends the process, even after all listeners were dropped. A listener may be asked to restore the previous action.
//! - **Signals merge.** Several of a kind that arrive before a listener is polled count as one: the system keeps no more. Do not count with them.
//! - **From when on.** A listener hears what arrives after it was made. [`ctrl_c`] listens from its first poll on.
//! - **Everybody hears it.** Each listener gets each signal.
//!
//! # How it works
//!
//! A handler writes one byte to a socket that the runtime's driver watches; nothing else happens inside of it. The runtime needs
//! [`enable_io`](crate::runtime::Builder::enable_io).

#[cfg(unix)]
pub mod unix;

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd"
))]
mod unix_info;

#[cfg(all(unix, any(feature = "taskdump", feature = "trace-events")))]
mod unix_action;

#[cfg(all(unix, feature = "taskdump"))]
mod unix_dumps;
#[cfg(all(unix, feature = "taskdump"))]
mod unix_stack_signal;

#[cfg(all(unix, feature = "trace-events"))]
mod unix_recordings;

#[cfg(windows)]
pub mod windows;

#[cfg(any(unix, windows))]
mod ctrl_c;

#[cfg(any(unix, windows))]
pub use ctrl_c::ctrl_c;
