//! Changes of a file other than its contents: length, permissions, times.
//!
//! Invariants  I1 a detached operation keeps the file busy until it is done.
//!             I2 what was read ahead is undone before the contents change.

use std::fs::Permissions;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::detached;
use super::detached::HasDetached;
use super::file::File;
use super::file_times::FileTimes;
use super::offload::offload;
use super::open_file::OpenFile;

impl File {
    /// Does `operation` on the pool. If its future is dropped, it keeps the file busy until it is done.
    #[inline]
    pub(super) async fn change<T, F>(&self, operation: F) -> io::Result<T>
    where
        F: FnOnce(&OpenFile) -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (_waiter, guard) = detached::begin(&self.std);
        let std = Arc::clone(&self.std);
        offload(move || {
            std.classify();
            let outcome = operation(&std);
            drop(guard);
            outcome
        })
        .await
    }

    /// Truncates the file, or extends it by zeroes, to `size` bytes.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-set-len-{}", std::process::id()));
    /// fs::write(&path, "0123456789").await?;
    /// let file = File::options().write(true).open(&path).await?;
    /// file.set_len(4).await?;
    /// assert_eq!(fs::read_to_string(&path).await?, "0123");
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        self.idle().await;
        self.undo_read_ahead(); // I2
        self.change(move |std| {
            std.run_deferred_seek()?;
            std.set_len(size)
        })
        .await
    }

    /// Sets the permissions of the file.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-file-permissions-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(fs::metadata(&path).await?.permissions().readonly());
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.std.detached().wait_empty().await;
        self.change(move |std| std.set_permissions(perm)).await
    }

    /// Sets the time of the last change.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-modified-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let hour_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_modified(hour_ago).await?;
    /// assert_eq!(file.metadata().await?.modified()?, hour_ago);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Sets the times of the file, once what is being written has been.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use selkie::fs::{File, FileTimes};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-times-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_accessed(then).set_modified(then)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, then);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.idle().await;
        self.change(move |std| std.set_times(times.into_std()))
            .await
    }
}
