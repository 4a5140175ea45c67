//! Locks on whole files, between processes and between handles opened apart.
//!
//! Idea        The system's own `flock`: it lies on the open file, which clones share, and goes when
//!             the last of them is closed.
//! States      waiting: WANTED ─taken→ done;   ─future dropped→ NOT WANTED, the thread leaves
//! Invariants  I1 a lock that nobody waits for any more is not taken: who takes it holds the mutex
//!                in which it is told that it is not wanted.
//! Rejected    `flock` that waits: a thread in it cannot be called back, and would take the lock for
//!             a future that is gone, and keep its runtime from ending. So a thread of the pool
//!             tries again and again, ever less often, and is woken when the future drops.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::file::File;
use super::in_flight::Flown;
use super::offload::offload;
use crate::sys::{FileLock, set_file_lock};

/// The first pause between two attempts, which doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LAST_PAUSE: Duration = Duration::from_millis(20);

/// Whether somebody waits for the lock.
#[derive(Default)]
struct Waiting {
    is_over: Mutex<bool>,
    over: Condvar,
}

/// Tells the thread that tries that nobody waits any more.
struct Calloff(Arc<Waiting>);

impl Drop for Calloff {
    fn drop(&mut self) {
        *self
            .0
            .is_over
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_one();
    }
}

/// Tries until the lock is taken or nobody waits for it.
fn take(file: &std::fs::File, lock: FileLock, waiting: &Waiting) -> io::Result<()> {
    let mut pause = FIRST_PAUSE;
    let mut is_over = waiting
        .is_over
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    while !*is_over {
        match set_file_lock(file.as_fd(), lock) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            outcome => return outcome, // I1
        }
        let waited = waiting.over.wait_timeout(is_over, pause);
        is_over = waited.unwrap_or_else(PoisonError::into_inner).0;
        pause = (pause * 2).min(LAST_PAUSE);
    }
    Err(io::ErrorKind::Interrupted.into())
}

impl File {
    async fn wait_for_lock(&self, lock: FileLock) -> io::Result<()> {
        let std = Arc::clone(&self.std);
        let waiting = Arc::new(Waiting::default());
        let calloff = Calloff(Arc::clone(&waiting));
        let outcome = offload(move || take(&std, lock, &waiting)).await;
        drop(calloff);
        outcome
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
    /// The lock is not taken after the future was dropped. If it was taken just then it stays, until
    /// [`unlock`](Self::unlock).
    ///
    /// # Cost
    /// A thread of the blocking pool while it waits, which looks every 20 ms at least.
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
    /// The lock may be taken although the future was dropped.
    pub async fn try_lock(&self) -> io::Result<()> {
        self.change_lock(FileLock::Exclusive).await
    }

    /// Takes the lock beside others that share it, if nobody has it alone.
    ///
    /// # Errors
    /// `WouldBlock` if somebody has; what the system says otherwise.
    ///
    /// # Cancel safety
    /// The lock may be taken although the future was dropped.
    pub async fn try_lock_shared(&self) -> io::Result<()> {
        self.change_lock(FileLock::Shared).await
    }

    /// Gives up the lock of this handle and its clones, once what is being written has been; without
    /// a lock nothing happens.
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
        self.std.given_up().none().await; // As what changes a file.
        self.change(move |std| set_file_lock(std.as_fd(), lock))
            .await
    }
}
