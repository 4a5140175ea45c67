//! Tasks: spawn them, join them, abort them, yield to others.
//!
//! A task is a future that the runtime runs by itself. It costs some hundred bytes and instructions, so that a task for each connection,
//! request or job is the usual way to write a program.
//!
//! ```
//! # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let task = selkie::spawn(async {
//!     // Runs beside whoever spawned it.
//!     selkie::task::yield_now().await;
//!     "done"
//! });
//! assert_eq!(task.await.unwrap(), "done");
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How to spawn
//!
//! | what | with | runs |
//! |---|---|---|
//! | a future that is `Send` | [`spawn`] | on the runtime |
//! | a future that is not | [`spawn_local`], in a [`LocalSet`] or on a local runtime | on this thread |
//! | code that blocks | [`spawn_blocking`] | on a thread of the blocking pool |
//! | code that blocks, and borrows | [`block_in_place`] | here; another thread has the worker meanwhile |
//! | any of these, with a name | [`Builder`] | |
//!
//! | tasks that belong together | with | at its end |
//! |---|---|---|
//! | a collection, with results as they come | [`JoinSet`] | aborts those that are left |
//! | parts of one function | [`scope`] | waits for all; the first error stops the others |
//! | one that should not outlive its handle | [`AbortOnDrop`] | aborts it |
//!
//! # How a task ends
//!
//! [`JoinHandle`] is a future of the task's result. Dropping it detaches the task. The result is an error, [`JoinError`], if the task has
//! panicked or was aborted:
//!
//! ```
//! # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let task = selkie::spawn(std::future::pending::<()>());
//! task.abort();
//! assert!(task.await.unwrap_err().is_cancelled());
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`JoinHandle::abort`] drops the future at its next `.await`, with its destructors; it does not interrupt a poll, and does not reach a
//! closure of `spawn_blocking` that has begun. A [`StopToken`] asks both kinds to end by themselves.
//!
//! # Blocking
//!
//! A task that does not reach an `.await` keeps its worker. Work that takes longer than some hundred microseconds belongs into
//! `spawn_blocking`, or is cut into pieces with [`yield_now`] in between. The module [`coop`] says how the operations of this crate make
//! a task yield, and how to opt out.
//!
//! # Values of a task
//!
//! [`task_local!`](crate::task_local) declares a value that a task and what it calls can see, as a thread-local is seen by a thread.

mod spawn;

mod library_job;

mod blocking;

pub mod coop;

pub mod futures;

mod local_set;

mod abort_on_drop;

mod stop_token;

mod scope;

mod builder;

pub mod join_set;

mod local_key;

pub use abort_on_drop::AbortOnDrop;
pub(crate) use blocking::spawn_blocking_for;
pub use blocking::{block_in_place, spawn_blocking};
pub use builder::Builder;
pub use join_set::JoinSet;
#[cfg_attr(not(feature = "full"), allow(unused_imports))]
pub(crate) use library_job::LibraryJob;
pub use local_key::{AccessError, LocalKey};
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub use scope::{Scope, scope};
pub use selkie_core::task::{AbortHandle, Id, JoinError, JoinHandle, yield_now};
pub use spawn::{id, spawn, try_id};
pub use stop_token::{StopToken, Stopped};

#[doc(hidden)]
pub use coop::{consume_budget, unconstrained};
