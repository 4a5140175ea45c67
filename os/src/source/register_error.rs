//! The error of a descriptor that could not be registered.

use std::error::Error;
use std::{fmt, io};

/// A descriptor that the driver did not take, and why; the descriptor comes back inside.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::unix::{AsyncFd, AsyncFdRegisterError};
///
/// let file = std::fs::File::open("/proc/self/exe")?;
/// // SAFETY: a file has one descriptor for as long as it lives.
/// let error: AsyncFdRegisterError<_> = unsafe { AsyncFd::register(file) }.unwrap_err();
/// let (_file, reason) = error.into_parts();
/// assert_eq!(reason.kind(), std::io::ErrorKind::PermissionDenied);
/// # Ok(())
/// # }
/// ```
pub struct AsyncFdRegisterError<T> {
    pub(super) inner: T,
    pub(super) cause: io::Error,
}

impl<T> AsyncFdRegisterError<T> {
    /// What was to be registered, and why it was not.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let file = std::fs::File::open("/proc/self/exe")?;
    /// // SAFETY: a file has one descriptor for as long as it lives.
    /// let (file, _reason) = unsafe { AsyncFd::register(file) }.unwrap_err().into_parts();
    /// // The file is ours again, for another way to read it.
    /// assert!(file.metadata()?.len() > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> Self {
        error.cause
    }
}
