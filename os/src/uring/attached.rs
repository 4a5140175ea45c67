//! The rings of the runtime that runs here.
//!
//! Invariants  I1 what is put into the ring of the worker that runs here stays in its line until the worker
//!                settles; what is put into another is submitted at once (`submit`).
//!             I2 an operation that the system ends for nothing is begun anew, so often within one poll that it
//!                ends, whatever the system says (`Anew`).

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::context;
use crate::driver::{Handle, Ring, shutdown_error};

/// How often an operation is begun anew within one poll.
const ANEW_AT_ONCE: u32 = 16;

/// The rings of one runtime.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    driver: Handle,
}

/// How often one poll has begun an operation anew (I2).
#[derive(Debug, Default)]
pub(super) struct Anew(u32);

impl Anew {
    /// Whether an operation that ended by this error is begun anew: the thread that began it has ended, a signal
    /// came, or too much was to be told.
    pub(super) fn suits(errno: i32) -> bool {
        [libc::ECANCELED, libc::EINTR, libc::EAGAIN].contains(&errno)
    }

    /// Once more; `Pending`, and the task is woken, if that was often enough.
    pub(super) fn poll_once_more(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.0 += 1;
        if self.0 <= ANEW_AT_ONCE {
            return Poll::Ready(());
        }
        self.0 = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

impl Attached {
    /// The rings of the runtime that runs here: there is one at least, that can do all this.
    pub(super) fn here() -> io::Result<Self> {
        let driver = context::with_current(|inner| inner.driver.clone())
            .map_err(|_| {
                io::Error::other("sockets by io_uring need a runtime, and none runs here")
            })?
            .ok_or_else(|| {
                unsupported("this runtime was built without `enable_io` or `enable_io_uring`")
            })?;
        if !driver.wants_rings() {
            return Err(unsupported(
                "this runtime was built with `disable_io_uring`",
            ));
        }
        let attached = Self { driver };
        if !attached.ring()?.abilities().sockets {
            return Err(unsupported(
                "the system's io_uring cannot do this: it needs Linux 6.0",
            ));
        }
        Ok(attached)
    }

    /// Which of the runtime's workers this thread is.
    fn worker_here(&self) -> Option<usize> {
        let worker = context::with_current(|inner| {
            let driver = inner.driver.as_ref()?;
            let is_here = driver.is_same(&self.driver);
            is_here.then(|| inner.spawner.worker_here()).flatten()
        });
        worker.ok().flatten()
    }

    /// Whether this thread is a worker, and `ring` not the one for what it begins.
    pub(super) fn is_elsewhere(&self, ring: &Arc<Ring>) -> bool {
        self.worker_here().is_some_and(|worker| {
            let own = self.driver.ring(Some(worker));
            own.is_some_and(|own| !Arc::ptr_eq(own, ring))
        })
    }

    /// The ring for what this thread begins: its own, if it is a worker of the runtime.
    pub(super) fn ring(&self) -> io::Result<Arc<Ring>> {
        let ring = self.driver.require_ring(self.worker_here());
        ring.cloned().map_err(|error| match error.raw_os_error() {
            _ if self.driver.has_closed_rings() => shutdown_error(),
            // Kernels before 5.12 count a ring's memory as locked, of which there may be none.
            Some(libc::ENOMEM) => unsupported("the system refuses io_uring: no locked memory"),
            _ => error,
        })
    }

    /// Whether both are of one runtime.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.driver.is_same(&other.driver)
    }
}

/// Sees to what was just put into the line of `ring` (I1).
pub(super) fn submit(ring: &Arc<Ring>) {
    let is_own = context::with_current(|inner| {
        let own = inner
            .driver
            .as_ref()?
            .existing_ring(Some(inner.spawner.worker_here()?))?;
        Some(Arc::ptr_eq(own, ring))
    });
    if is_own.ok().flatten() != Some(true) {
        ring.hand_over();
    }
}
