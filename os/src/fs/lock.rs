//! Locks on whole files, between processes and between handles opened apart.
//!
//! Idea        The system's own `flock`: it lies on the open file, which clones share, and goes when
//!             the last of them is closed. Who waits for one tries again and again, ever less often, and has no thread
//!             in between: so whoever has the lock can give it up, however many wait.
//! Invariants  I1 a try is made where the task runs if the file system is local: it then looks at a list in memory. Else
//!                it is made on the pool, unless nobody waits for it any more.
//!             I2 giving up waits for no thread of the pool, which may all be busy waiting for this lock.
//! Rejected    `flock` that waits: a thread in it cannot be called back, and would take the lock for
//!             a future that is gone, and keep its runtime from ending. Threads that try: with all of them waiting nobody
//!             gives the lock up.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::detached::HasDetached;
use super::file::File;
use super::offload::{offload, offload_apart};
use super::timer_thread::pause;
use super::{detached, in_place};
use crate::sys::{FileLock, set_file_lock};

/// The first pause between two attempts, which doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LAST_PAUSE: Duration = Duration::from_millis(20);

impl File {
    async fn wait_for_lock(&self, lock: FileLock) -> io::Result<()> {
        let mut next = FIRST_PAUSE;
        loop {
            match self.change_lock(lock).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            if pause(next).await.is_err() {
                // Without a thread of its own the alarm is one of the pool's.
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
    /// What the system says.
    ///
    /// # Cancel safety
    /// On a local file system the lock is taken only when the future is ready. On others a try may be under way as the future
    /// drops: if it succeeds the lock stays, until [`unlock`](Self::unlock).
    ///
    /// # Cost
    /// It is tried for at once and then every 20 ms at least: a system call where the task runs if the file system is
    /// local, else a hop to the blocking pool. In between it takes no thread of the runtime: one of the process's wakes all
    /// who wait for locks.
    ///
    /// # Example
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
    pub async fn lock(&self) -> io::Result<()> {
        self.wait_for_lock(FileLock::Exclusive).await
    }

    /// As [`lock`](Self::lock), beside others that share it.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    pub async fn lock_shared(&self) -> io::Result<()> {
        self.wait_for_lock(FileLock::Shared).await
    }

    /// Takes the lock for this handle and its clones alone, if nobody else has one.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has; what the system says otherwise.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    pub async fn try_lock(&self) -> io::Result<()> {
        self.change_lock(FileLock::Exclusive).await
    }

    /// Takes the lock beside others that share it, if nobody has it alone.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has; what the system says otherwise.
    ///
    /// # Cancel safety
    /// As for [`lock`](Self::lock).
    pub async fn try_lock_shared(&self) -> io::Result<()> {
        self.change_lock(FileLock::Shared).await
    }

    /// Gives up the lock of this handle and its clones, once what is being written has been; without
    /// a lock nothing happens.
    ///
    /// It waits for no thread of the blocking pool.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// The lock may be given up although the future was dropped.
    pub async fn unlock(&self) -> io::Result<()> {
        self.idle().await;
        self.change_lock(FileLock::None).await
    }

    async fn change_lock(&self, lock: FileLock) -> io::Result<()> {
        self.std.detached().wait_empty().await; // As what changes a file.
        // The lock is to be gone when the drop of the file is over.
        self.std.close_inline();
        if let Some(outcome) = in_place::lock(&self.std, lock).await {
            return outcome; // I1
        }
        let (_waiter, guard) = detached::begin(&self.std);
        let std = Arc::clone(&self.std);
        let call = move || {
            std.classify();
            // I1. Whoever gave up a lock wants it given up.
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
            offload_apart(call).await // I2
        } else {
            offload(call).await
        }
    }
}
