//! The tasks of one owner: the lease their slots come from.
//!
//! Idea        There is no list of tasks: whoever wants them all walks the slots.
//! Invariants  I1 after `close` has returned, every task is complete and no token is out, so that
//!                nothing points to the scheduler any more.
#![allow(unsafe_code)]

use core::future::Future;
use core::panic::Location;
use core::ptr::NonNull;

use super::header::{Header, Notified, Schedule};
use super::id::Id;
use super::join::JoinHandle;
use super::place::spawn_in;
use super::state::{OnWake, WAKER_GENERATION};
use crate::collections::{Entered, Lease, Shelter};
use crate::platform::relax;
use crate::process_static;

process_static! {
    static SHELTER: Shelter<Header> = Shelter::new();
}

/// The tasks that were spawned through one lease.
#[derive(Debug)]
pub struct OwnedTasks {
    lease: Lease<Header>,
}

impl OwnedTasks {
    /// An owner of tasks that belong to the scheduler at `scheduler`.
    pub fn new<S: Schedule>(scheduler: *const S) -> Self {
        Self::in_shelter(&SHELTER, scheduler)
    }

    /// As [`new`](Self::new), with slots from `shelter`.
    pub fn in_shelter<S: Schedule>(shelter: &'static Shelter<Header>, scheduler: *const S) -> Self {
        Self {
            lease: shelter.lease(scheduler.cast_mut().cast()),
        }
    }

    /// A new task, queued: the caller takes its token to the scheduler.
    ///
    /// # Safety
    /// As for [`spawn_in`]; `S` is the type of the scheduler that was given to
    /// [`new`](Self::new).
    #[inline]
    pub unsafe fn spawn<F: Future, S: Schedule>(
        &self,
        id: Id,
        location: &'static Location<'static>,
        future: F,
    ) -> (Notified, JoinHandle<F::Output>) {
        // SAFETY: by the caller's promise.
        unsafe { spawn_in::<F, S>(&self.lease, id, location, future) }
    }

    /// Marks the running context as the one that spawns here, until the guard drops.
    ///
    /// # Safety
    /// As for [`Lease::enter`].
    #[inline]
    pub unsafe fn enter(&self) -> Entered {
        // SAFETY: by the caller's promise.
        unsafe { self.lease.enter() }
    }

    /// Cancels every task that nobody runs now; those that run are cancelled when their poll ends.
    ///
    /// Tasks spawned meanwhile may be missed: the caller refuses to spawn from here on.
    pub fn cancel_all(&self) {
        self.lease.walk(|slot| {
            // SAFETY: headers stay in place for ever.
            let header = unsafe { slot.as_ref() };
            if header.state.seize() {
                // SAFETY: seized: RUNNING by us.
                let about = unsafe { header.about() };
                // SAFETY: as above.
                unsafe { (about.vtable.cancel_seized)(slot) };
            }
        });
    }

    /// Wakes every task: `found` is told of each that is alive, with its token if it waited. The
    /// others are queued or running, and will be polled once more.
    ///
    /// The caller is the one that spawns here: no slot is taken meanwhile, but by `found`.
    pub fn wake_all(&self, mut found: impl FnMut(Id, Option<Notified>)) {
        self.lease.walk(|slot| {
            // SAFETY: headers stay in place for ever.
            let header = unsafe { slot.as_ref() };
            let now = header.state.load();
            if !now.is_owned_by_runtime() || now.is_complete() {
                return;
            }
            // SAFETY: the slot holds a task, and nobody but the caller could give it to another.
            let id = unsafe { header.about() }.id;
            let token = match header.state.wake(now.generation() & WAKER_GENERATION) {
                // SAFETY: this wake made the state NOTIFIED, so the token is ours.
                OnWake::Queue => Some(unsafe { Notified::new(slot) }),
                OnWake::Nothing => None,
            };
            found(id, token);
        });
    }

    /// Whether every task has completed and no token is out (I1).
    pub fn is_quiet(&self) -> bool {
        let mut quiet = true;
        self.lease.walk(|slot: NonNull<Header>| {
            // SAFETY: headers stay in place for ever.
            quiet &= !unsafe { slot.as_ref() }.state.load().is_owned_by_runtime();
        });
        quiet
    }

    /// Waits until every task has completed and no token is out.
    ///
    /// Call after [`cancel_all`](Self::cancel_all), with every queue closed and emptied: what is
    /// left are wakers on other threads, a few instructions from giving their token back.
    pub fn close(self) {
        while !self.is_quiet() {
            relax();
        }
    }
}
