//! Tasks: spawn them, join them, abort them, yield to others.

mod spawn;

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
pub use local_key::{AccessError, LocalKey};
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub use scope::{Scope, scope};
pub use selkie_core::task::{AbortHandle, Id, JoinError, JoinHandle, yield_now};
pub use spawn::{id, spawn, try_id};
pub use stop_token::{StopToken, Stopped};

#[doc(hidden)]
pub use coop::{consume_budget, unconstrained};
