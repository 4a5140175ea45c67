//! Times of a file, to be set.

use std::time::SystemTime;

/// Which times of a file to set, and to what; see [`File::set_times`](super::File::set_times).
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::time::{Duration, SystemTime};
/// use selkie::fs::{File, FileTimes};
///
/// let path = std::env::temp_dir().join(format!("selkie-file-times-{}", std::process::id()));
/// let file = File::create(&path).await?;
/// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
/// // What is not set stays as it is.
/// file.set_times(FileTimes::new().set_modified(then)).await?;
/// assert_eq!(file.metadata().await?.modified()?, then);
/// # selkie::fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "times change nothing until a file is given them"]
pub struct FileTimes {
    pub(super) times: std::fs::FileTimes,
}

impl FileTimes {
    /// No times: setting them changes nothing.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{File, FileTimes};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-no-times-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let before = file.metadata().await?.modified()?;
    /// file.set_times(FileTimes::new()).await?;
    /// assert_eq!(file.metadata().await?.modified()?, before);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time of the last access.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use selkie::fs::{File, FileTimes};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-set-accessed-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_accessed(then)).await?;
    /// assert_eq!(file.metadata().await?.accessed()?, then);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_accessed(mut self, t: SystemTime) -> Self {
        self.times = self.times.set_accessed(t);
        self
    }

    /// Sets the time of the last change.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use selkie::fs::{File, FileTimes};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-set-modified-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_modified(then)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, then);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_modified(mut self, t: SystemTime) -> Self {
        self.times = self.times.set_modified(t);
        self
    }

    #[inline]
    pub(super) fn into_std(self) -> std::fs::FileTimes {
        self.times
    }
}
