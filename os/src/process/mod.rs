//! Child processes.
//!
//! A [`Command`] is the builder of std, but the child that it makes is waited for, written to and read from without blocking.
//!
//! ```
//! # #[cfg(unix)] {
//! use selkie::process::Command;
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let output = Command::new("echo").arg("from the sea").output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"from the sea\n");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | run to the end, with its output | [`Command::output`] |
//! | run to the end, with its status | [`Command::status`] |
//! | run beside the program | [`Command::spawn`], then [`Child::wait`] |
//! | write to it, read from it | [`Command::stdin`] with `Stdio::piped()`, then the fields of [`Child`] |
//! | end it | [`Child::kill`], [`Child::start_kill`], [`Command::kill_on_drop`] |
//!
//! # A conversation
//!
//! Write and read at the same time, or drop the writing end before reading: a child that waits for the end of its input, or that has filled the pipe of its
//! output, waits for ever otherwise.
//!
//! ```
//! # #[cfg(unix)] {
//! use std::process::Stdio;
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::process::Command;
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let mut child = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//! let mut input = child.stdin.take().unwrap();
//! let mut output = child.stdout.take().unwrap();
//! let written = selkie::spawn(async move { input.write_all(b"sea\nland\n").await });
//! let mut sorted = String::new();
//! output.read_to_string(&mut sorted).await?;
//! written.await.unwrap()?;
//! assert!(child.wait().await?.success());
//! assert_eq!(sorted, "land\nsea\n");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # When the handle is dropped
//!
//! A child goes on by default, and is reaped when it ends: it does not stay a zombie. With [`Command::kill_on_drop`] it is killed. A runtime that ends
//! leaves children as they are.
//!
//! # How it is waited for
//!
//! On Linux by a descriptor of the child (pidfd), elsewhere on Unix by `SIGCHLD`, on Windows by a wait of the system. The runtime needs
//! [`enable_io`](crate::runtime::Builder::enable_io).

mod stdio;

mod exit;

mod orphan;

mod child;

mod child_process;

mod command;

#[cfg(unix)]
mod unix_command;
#[cfg(windows)]
mod windows_command;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
