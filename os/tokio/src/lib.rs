//! Tokio's public API on the Selkie runtime: nothing but re-exports.
//!
//! Each stands behind the feature that Tokio puts it behind: what a program did not ask for it does not
//! see, whatever other crates of its build ask for, and the compiler names the feature that is missing.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod io;

#[doc(no_inline)]
pub use selkie;
pub use selkie::pin;
pub use selkie::stream;

/// Compiles on Selkie alone: with another package named `tokio` there is no such macro.
///
/// A patch that takes no effect is only a warning of Cargo; with this in a program it is an error.
/// What runs says [`selkie::VERSION`].
///
/// # Examples
/// ```
/// tokio::require_selkie!();
///
/// println!("this runs on Selkie {}", tokio::selkie::VERSION);
/// ```
#[macro_export]
macro_rules! require_selkie {
    () => {};
}

// Nothing names it: it registers itself before `main`.
#[cfg(feature = "inspect")]
extern crate selkie_inspect as _;

#[cfg(feature = "fs")]
pub use selkie::fs;
#[cfg(feature = "net")]
pub use selkie::net;
#[cfg(not(feature = "net"))]
pub mod net;
#[cfg(all(feature = "process", any(unix, windows)))]
pub use selkie::process;
#[cfg(feature = "rt")]
pub use selkie::runtime;
#[cfg(feature = "signal")]
pub use selkie::signal;
#[cfg(feature = "rt")]
pub use selkie::spawn;
#[cfg(feature = "sync")]
pub use selkie::sync;
#[cfg(feature = "rt")]
pub use selkie::task;
#[cfg(feature = "rt")]
pub use selkie::task_local;
#[cfg(feature = "time")]
pub use selkie::time;

#[cfg(feature = "macros")]
pub use selkie::join;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use selkie::macros;
#[cfg(feature = "macros")]
pub use selkie::select;
#[cfg(feature = "macros")]
pub use selkie::try_join;

#[cfg(all(feature = "macros", feature = "rt-multi-thread"))]
pub use selkie::macros::support::tokio_main as main;
#[cfg(all(feature = "macros", feature = "rt", not(feature = "rt-multi-thread")))]
pub use selkie::macros::support::tokio_main_rt as main;
#[cfg(all(feature = "macros", feature = "rt-multi-thread"))]
pub use selkie::macros::support::tokio_test as test;
#[cfg(all(feature = "macros", feature = "rt", not(feature = "rt-multi-thread")))]
pub use selkie::macros::support::tokio_test_rt as test;
