//! Spawning at whatever executor runs here.
//!
//! Idea        An executor without a heap is called by its name, with the future's type; any other by its table of services,
//!             which takes a future whose type is forgotten.
//! Invariants  I1 those of [`services`](super::services).
#![allow(unsafe_code)]

use core::future::Future;

use super::fixed::Executor;
use super::services::{Refusal, SpawnError, Spawner, spawner};
use crate::task::raw::ErasedFuture;

/// Spawns `future` at whatever executor runs here: in a slot of its arena on a chip, as a task of
/// the runtime on a hosted system.
///
/// In an interrupt handler the executor that was interrupted runs here, if one was: where it matters
/// which, name it and call its `spawn`.
///
/// # Errors
/// [`SpawnError`] with the future: every slot is taken, the future is larger than a slot, or no
/// executor runs here.
///
/// # Cost
/// The future is copied into its slot; nothing is allocated by an executor without a heap.
///
/// # Examples
/// ```
/// let refused = selkie_core::spawn(async {}).expect_err("no executor runs here");
/// assert_eq!(refused.to_string(), "no executor that spawns runs here");
/// drop(refused.future);
/// ```
pub fn spawn<F>(future: F) -> Result<(), SpawnError<F>>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (spawn, data) = match spawner() {
        Spawner::Table(spawn, data) => (spawn, data),
        Spawner::Fixed(executor) => {
            // SAFETY: the services of an executor without a heap have its address, and it is static.
            let executor: &'static Executor = unsafe { executor.cast().as_ref() };
            return executor.spawn(future);
        }
        Spawner::Absent => {
            let refusal = Refusal::Absent;
            return Err(SpawnError { future, refusal });
        }
    };
    // SAFETY: `data` is alive while the table is installed (I1), and `F` is `Send`.
    ErasedFuture::lend(future, |erased| unsafe { spawn(data, erased) })
        .map_err(|(refusal, future)| SpawnError { future, refusal })
}
