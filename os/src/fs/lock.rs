//! Locks on whole files, between processes and between handles that were opened separately.
//!
//! Idea        The `flock` of the system: it belongs to the open file, which clones share, and is released when the
//!             last of them is closed. A task that waits for a lock tries again and again, less and less often, and
//!             uses no thread in between: so the holder of the lock can release it, however many wait.
//! Invariants  I1 on a local file system, where the system only looks at a list in memory, an attempt is made where
//!                the task runs. Otherwise it is made on the pool, unless the future was dropped.
//!             I2 releasing a lock waits for no thread of the pool, whose threads may all be busy with attempts for
//!                this lock.
//! Rejected    A `flock` that waits: a thread in it cannot be called back; it would take the lock for a future that
//!             was dropped, and keep its runtime from shutting down. Threads that try: if all of them wait, nobody
//!             releases the lock.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::detached::HasDetached;
use super::file::File;
use super::offload::{offload, offload_to_own_thread};
use super::timer_thread::pause;
use super::{detached, in_place};
use crate::sys::{FileLock, set_file_lock};

/// The first pause between two attempts, which doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LAST_PAUSE: Duration = Duration::from_millis(20);

impl File {
    #[inline]
    async fn wait_for_lock(&self, lock: FileLock) -> io::Result<()> {
        let mut next = FIRST_PAUSE;
        loop {
            match self.change_lock(lock).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            if pause(next).await.is_err() {
                // If the timer thread cannot be started, a thread of the pool sleeps.
                let sleeps = move || {
                    thread::sleep(next);
                    Ok(())
                };
                offload(sleeps).await?;
            }
            next = (next * 2).min(LAST_PAUSE);
        }
    }

    /// Waits until nobody else has a lock on the file, and takes it for this handle and its clones
    /// alone.
    ///
    /// Locks are advisory: they hold off those who ask for one. A shared lock that the handle has
    /// becomes this one, and may be lost to others while it does.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// On a local file system the lock is taken only when the future is ready. On others a try may be in progress as the future
    /// drops: if it succeeds the lock stays, until [`unlock`](Self::unlock).
    ///
    /// # Cost
    /// It is tried for at once and then every 20 ms at least: a system call where the task runs if the file system is
    /// local, else a hop to the blocking pool. In between it takes no thread of the runtime: one of the process's wakes all
    /// who wait for locks.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-doc-lock-{}", std::process::id()));
    /// let (ours, theirs) = (File::create(&path).await?, File::open(&path).await?);
    /// ours.lock().await?;
    /// assert_eq!(theirs.try_lock_shared().await.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    /// ours.unlock().await?;
    /// theirs.try_lock_shared().await?;
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[inline]
    pub async fn lock(&self) -> io::Result<()> {
        self.wait_for_lock(FileLock::Exclusive).await
    }

    /// As [`lock`](Self::lock), beside others that share it.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-lock-shared-{}", std::process::id()));
    /// let (one, two) = (File::create(&path).await?, File::open(&path).await?);
    /// // Readers may have it side by side.
    /// one.lock_shared().await?;
    /// two.lock_shared().await?;
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn lock_shared(&self) -> io::Result<()> {
        self.wait_for_lock(FileLock::Shared).await
    }

    /// Takes the lock for this handle and its clones alone, if nobody else has one.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has; what the system reports otherwise.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-try-lock-{}", std::process::id()));
    /// let (one, two) = (File::create(&path).await?, File::open(&path).await?);
    /// one.try_lock().await?;
    /// // Another instance of the program has the file.
    /// let error = two.try_lock().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn try_lock(&self) -> io::Result<()> {
        self.change_lock(FileLock::Exclusive).await
    }

    /// Takes the lock beside others that share it, if nobody has it alone.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has; what the system reports otherwise.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-try-lock-shared-{}", std::process::id()));
    /// let (reader, writer) = (File::create(&path).await?, File::open(&path).await?);
    /// reader.try_lock_shared().await?;
    /// assert!(writer.try_lock().await.is_err());
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn try_lock_shared(&self) -> io::Result<()> {
        self.change_lock(FileLock::Shared).await
    }

    /// Gives up the lock of this handle and its clones, once what is being written has been; without
    /// a lock nothing happens.
    ///
    /// It waits for no thread of the blocking pool.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// The lock may be given up although the future was dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-unlock-{}", std::process::id()));
    /// let (one, two) = (File::create(&path).await?, File::open(&path).await?);
    /// one.lock().await?;
    /// one.unlock().await?;
    /// two.try_lock().await?;
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn unlock(&self) -> io::Result<()> {
        self.idle().await;
        self.change_lock(FileLock::None).await
    }

    #[inline]
    async fn change_lock(&self, lock: FileLock) -> io::Result<()> {
        self.std.detached().wait_empty().await; // As what changes a file.
        // The lock must be released when the drop of the file is over.
        self.std.close_inline();
        if let Some(outcome) = in_place::lock(&self.std, lock).await {
            return outcome; // I1
        }
        let (_waiter, guard) = detached::begin(&self.std);
        let std = Arc::clone(&self.std);
        let call = move || {
            std.classify();
            // I1. A release is wanted even if its future was dropped.
            let is_wanted = lock == FileLock::None || !guard.is_detached();
            let outcome = if is_wanted {
                set_file_lock(std.as_fd(), lock)
            } else {
                Err(io::ErrorKind::Interrupted.into())
            };
            drop(guard);
            outcome
        };
        if lock == FileLock::None {
            offload_to_own_thread(call).await // I2
        } else {
            offload(call).await
        }
    }
}
