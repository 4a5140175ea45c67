//! Any file descriptor as a source of readiness.

pub use super::async_fd::AsyncFd;
pub use super::guards::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
pub use super::register_error::AsyncFdRegisterError;

/// The former name of [`AsyncFdRegisterError`].
#[doc(hidden)]
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;
