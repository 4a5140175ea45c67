//! Channels and locks for tasks.
//!
//! They need no runtime: they wait for other tasks and threads, not for the system, and work with every executor. They are those of the
//! crate `selkie-core`, which firmware uses, too.
//!
//! ```
//! use selkie::sync::{mpsc, oneshot};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! // A task that owns a sum; others send it numbers, and ask for the result at the end.
//! let (numbers, mut received) = mpsc::channel::<u32>(16);
//! let (result, sum) = oneshot::channel();
//! selkie::spawn(async move {
//!     let mut total = 0;
//!     while let Some(number) = received.recv().await {
//!         total += number;
//!     }
//!     let _gone = result.send(total);
//! });
//! for number in 1..=4 {
//!     numbers.send(number).await.unwrap();
//! }
//! drop(numbers);
//! assert_eq!(sum.await, Ok(10));
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Channels
//!
//! | channel | senders | receivers | holds | if it is full |
//! |---|---|---|---|---|
//! | [`mpsc::channel`] | many | one | as many as you say | `send` waits |
//! | [`mpsc::unbounded_channel`] | many | one | any number | never is |
//! | [`oneshot`] | one | one | one value | sent once |
//! | [`broadcast`] | many | many, each gets every value | the last so many | the oldest goes; a slow receiver gets an error that says how many it missed |
//! | [`watch`] | many | many | the newest value | the old one is replaced |
//!
//! When all senders are gone, a receiver gets what is left and then the end; when all receivers are gone, a send fails and gives the value back.
//! Methods with `blocking_` in their names are for threads that run no tasks.
//!
//! # Locks and signals
//!
//! | type | use |
//! |---|---|
//! | [`Mutex`] | a lock that is held across an `.await`; first come, first served. For short sections take `std::sync::Mutex`. |
//! | [`RwLock`] | as above, with readers side by side; a writer that waits goes before later readers |
//! | [`Semaphore`] | at most so many at once |
//! | [`Notify`] | "look again": wakes one task or all, and keeps one wake for who comes later |
//! | [`Barrier`] | waits until so many have arrived |
//! | [`OnceCell`], [`SetOnce`] | a value that is set once, by who needs it first, or by somebody who is waited for |
//!
//! All are fair: who waited first gets it first. None is poisoned by a panic.
//!
//! # Cancel safety
//!
//! A future that waits here may be dropped at any time. A wait for a lock or permits loses its position in the queue; receiving loses nothing; a send that
//! is dropped has not sent, and its value is gone with it: [`mpsc::Sender::reserve`] waits for room first. Each method says it.
//!
//! # Across threads
//!
//! Everything is `Sync` and may be used by threads and tasks side by side, with what it holds being `Send`. `docs/shapes.md` lists which types are `Send`,
//! `Sync`, `Unpin` and unwind safe, under which conditions.

pub use selkie_core::sync::{
    AcquireError, Barrier, BarrierWaitResult, FixedChannel, FixedPipe, FixedWatch,
    FixedWatchReceiver, Full, MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell,
    OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, OwnedSemaphorePermit, PipeReader, PipeWriter, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
    SetError, SetOnce, SetOnceError, Signal, TryAcquireError, TryLockError,
};
pub use selkie_core::sync::{broadcast, futures, mpsc, oneshot, watch};
