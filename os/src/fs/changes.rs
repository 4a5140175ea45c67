//! What changes a file beside what it holds: its length, its permissions, its times.
//!
//! Invariants  I1 an operation that was given up keeps the file busy until it is done.
//!             I2 what was read ahead is undone before the length changes.

use std::fs::Permissions;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::time::SystemTime;

use super::file::File;
use super::file_state::State;
use super::file_times::FileTimes;
use super::in_flight;
use super::in_flight::Flown;
use super::offload::offload;

impl File {
    /// Does `operation` on the pool. Given up, it keeps the file busy until it is done.
    pub(super) async fn change<T, F>(&self, operation: F) -> io::Result<T>
    where
        F: FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (_waiter, doer) = in_flight::begin(&self.std);
        let std = Arc::clone(&self.std);
        offload(move || {
            let outcome = operation(&std);
            drop(doer);
            outcome
        })
        .await
    }

    /// Cuts the file, or extends it by zeroes, to `size` bytes.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Once begun it is done, also if the future drops.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        self.idle().await;
        let unread = {
            let mut inner = self.inner.lock();
            let unread = match &mut inner.state {
                State::Idle(buf) => buf.discard_unread(),
                State::Busy(..) => 0,
            };
            // What the system's position has to go back by: of a file that is not ours alone.
            inner.place.retreat(unread)
        };
        self.change(move |std| {
            step_back(std, unread)?; // I2
            std.set_len(size)
        })
        .await
    }

    /// Sets who may do what with the file.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Once begun it is done, also if the future drops.
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.std.given_up().none().await;
        self.change(move |std| std.set_permissions(perm)).await
    }

    /// Sets the time of the last change.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Once begun it is done, also if the future drops.
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Sets the times of the file, once what is being written has been.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Once begun it is done, also if the future drops.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.idle().await;
        self.change(move |std| std.set_times(times.into_std()))
            .await
    }
}

/// Undoes reading ahead.
fn step_back(mut file: &std::fs::File, unread: usize) -> io::Result<()> {
    if unread > 0 {
        file.seek(SeekFrom::Current(-(unread as i64)))?;
    }
    Ok(())
}
