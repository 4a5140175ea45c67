//! An async runtime for servers and embedded Linux, on a core that needs no operating system.
//!
//! The public API is Tokio's, module for module; see the crate's README for what stands beyond it.
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
