//! An async runtime for servers and embedded Linux, on a core that needs no operating system.
//!
//! A program that waits for many things at once, for sockets, timers, files, signals, child processes, is written as
//! *tasks*: functions that wait with `.await`. The runtime runs thousands of them on a few threads. The public API is
//! Tokio's, module for module; what stands beyond it says so.
//!
//! ```
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::net::{TcpListener, TcpStream};
//!
//! # #[cfg(feature = "full")]
//! #[selkie::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!
//!     // A task for each connection, which sends back what comes.
//!     selkie::spawn(async move {
//!         while let Ok((mut connection, _)) = listener.accept().await {
//!             selkie::spawn(async move {
//!                 let (mut reader, mut writer) = connection.split();
//!                 selkie::io::copy(&mut reader, &mut writer).await
//!             });
//!         }
//!     });
//!
//!     let mut client = TcpStream::connect(address).await?;
//!     client.write_all(b"ahoy").await?;
//!     let mut answer = [0; 4];
//!     client.read_exact(&mut answer).await?;
//!     assert_eq!(&answer, b"ahoy");
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! [The guide](https://github.com/selkie-rs/selkie/blob/main/docs/guide/src/introduction.md) teaches from the first line on. A
//! program that uses Tokio moves here by one line in its manifest:
//! [migrate.md](https://github.com/selkie-rs/selkie/blob/main/docs/migrate.md).
//!
//! | to | look at |
//! |---|---|
//! | start a runtime | [`main`](macro@main), [`runtime`] |
//! | run something in the background | [`spawn`], [`task`] |
//! | wait for several things at once | [`select!`], [`join!`], [`try_join!`] |
//! | send values between tasks, share state | [`sync`] |
//! | sleep, limit how long something takes | [`time`] |
//! | read and write, by whatever | [`io`] |
//! | speak to other machines and programs | [`net`] |
//! | use files | [`fs`] |
//! | run other programs | [`process`] |
//! | hear of Ctrl-C and other signals | [`signal`] |
//! | save system calls on Linux | [`uring`] |
//!
//! Channels, locks and the traits of [`io`] work with any executor. Sockets, timers and what spawns need a runtime of
//! this crate around them, and panic with a message if there is none.
//!
//! # Features
//!
//! All are on by default. A library should ask for what it needs only: `default-features = false`.
//!
//! | feature | brings |
//! |---|---|
//! | `rt` | the runtime of one thread, [`spawn`], [`task`] |
//! | `rt-multi-thread` | workers that share their tasks |
//! | `macros` | [`main`](macro@main), [`test`](macro@test), [`select!`], [`join!`], [`try_join!`] |
//! | `sync` | a name that Tokio has; channels and locks are there without it |
//! | `time` | [`time`] |
//! | `io-util` | adaptors, buffers and the methods of [`io`] |
//! | `io-std` | standard input, output and error |
//! | `net` | [`net`] |
//! | `fs` | [`fs`] |
//! | `io-uring` | on Linux, `io_uring` for what [`fs`] cannot answer from memory, and with `net` [`uring`]; elsewhere nothing |
//! | `process` | [`process`] |
//! | `signal` | [`signal`] |
//! | `taskdump` | backtraces of tasks that wait: `Handle::dump` |
//! | `test-util` | a clock that tests can stop |
//! | `tracing` | spans and events, by Tokio's names; not part of `full` |
//! | `full` | all but `tracing` |
//!
//! # Systems
//!
//! Linux, Android, macOS and the BSDs, and Windows; WASI and WebAssembly without sockets. The core,
//! `selkie-core`, runs on microcontrollers, without a heap.
#![cfg_attr(docsrs, feature(doc_cfg))]
// A build with few features leaves parts of the lower rooms without a caller.
#![cfg_attr(
    not(feature = "full"),
    allow(dead_code, unreachable_pub, unused_imports)
)]

/// Selkie's version, as it stands in the manifest.
///
/// A program that is built against the facade `tokio` can show what it runs on.
///
/// # Examples
/// ```
/// assert!(selkie::VERSION.split('.').count() >= 3);
/// ```
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[doc(hidden)]
pub mod macros;

mod config;
mod sys;
mod threads;

mod async_io;
pub mod sync;

mod blocking;
#[cfg_attr(not(feature = "net"), allow(dead_code, unused_imports))]
mod driver;
mod observability;
mod scheduler;
#[cfg_attr(not(feature = "rt"), allow(dead_code, unused_imports))]
mod trace;

mod context;

#[cfg(feature = "fs")]
pub mod fs;
#[cfg(feature = "net")]
pub mod net;
#[cfg(not(feature = "net"))]
#[path = "net/disabled.rs"]
pub mod net;
#[cfg(all(feature = "process", any(unix, windows)))]
pub mod process;
#[cfg(feature = "rt")]
pub mod runtime;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(feature = "net")]
mod source;
#[cfg(feature = "io-std")]
mod stdio;

pub mod io;

pub mod stream;
#[cfg(feature = "rt")]
pub mod task;
#[cfg(feature = "time")]
pub mod time;
#[cfg(all(io_uring, feature = "net"))]
pub mod uring;

#[cfg(all(feature = "macros", feature = "rt-multi-thread"))]
pub use selkie_macros::{main, test};
#[cfg(all(feature = "macros", not(feature = "rt-multi-thread")))]
pub use selkie_macros::{main_rt as main, test_rt as test};

#[doc(inline)]
pub use selkie_core::pin;
#[cfg(feature = "macros")]
#[doc(inline)]
pub use selkie_core::{join, select, try_join};

#[cfg(feature = "rt")]
pub use task::spawn;
