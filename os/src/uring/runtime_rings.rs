//! The rings of the current runtime.
//!
//! Invariants  I1 an operation that is queued in the ring of the current worker stays queued until the worker
//!                submits; one that is queued in another ring is submitted at once (`submit_unless_own`).
//!             I2 an operation that the system ends early is restarted, up to a limit within one poll, so that the
//!                poll ends whatever the system reports (`Restarts`).

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::context;
use crate::driver::{Handle, Ring, shutdown_error};

/// How often an operation is restarted within one poll.
const MAX_RESTARTS: u32 = 16;

/// The rings of one runtime.
#[derive(Debug, Clone)]
pub(super) struct RuntimeRings {
    driver: Handle,
}

/// How often one poll has restarted an operation (I2).
#[derive(Debug, Default)]
pub(super) struct Restarts(u32);

impl Restarts {
    /// Whether an operation that ended with this error is restarted: the thread that submitted it has ended, a
    /// signal interrupted it, or it was cancelled because too many completions were queued.
    #[inline]
    pub(super) fn is_restartable(errno: i32) -> bool {
        [libc::ECANCELED, libc::EINTR, libc::EAGAIN].contains(&errno)
    }

    /// Counts a restart. `Pending`, with the task woken, if this poll has restarted often enough.
    #[inline]
    pub(super) fn poll_restart(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.0 += 1;
        if self.0 <= MAX_RESTARTS {
            return Poll::Ready(());
        }
        self.0 = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[inline]
fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

impl RuntimeRings {
    /// The rings of the current runtime. There is at least one, which can do all that is needed.
    #[inline]
    pub(super) fn current() -> io::Result<Self> {
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
        let rings = Self { driver };
        if !rings.ring()?.capabilities().sockets {
            return Err(unsupported(
                "the system's io_uring cannot do this: it needs Linux 6.0",
            ));
        }
        Ok(rings)
    }

    /// Which worker of the runtime this thread is.
    #[inline]
    fn current_worker(&self) -> Option<usize> {
        let worker = context::with_current(|inner| {
            let driver = inner.driver.as_ref()?;
            let is_here = driver.is_same(&self.driver);
            is_here.then(|| inner.spawner.worker_here()).flatten()
        });
        worker.ok().flatten()
    }

    /// Whether this thread is a worker whose operations go to a ring other than `ring`.
    #[inline]
    pub(super) fn is_other_worker(&self, ring: &Arc<Ring>) -> bool {
        self.current_worker().is_some_and(|worker| {
            let own = self.driver.ring(Some(worker));
            own.is_some_and(|own| !Arc::ptr_eq(own, ring))
        })
    }

    /// The ring for operations of this thread: its own, if it is a worker of the runtime.
    #[inline]
    pub(super) fn ring(&self) -> io::Result<Arc<Ring>> {
        let ring = self.driver.require_ring(self.current_worker());
        ring.cloned().map_err(|error| match error.raw_os_error() {
            _ if self.driver.has_closed_rings() => shutdown_error(),
            // Kernels before 5.12 count a ring's memory as locked, of which there may be none.
            Some(libc::ENOMEM) => unsupported("the system refuses io_uring: no locked memory"),
            _ => error,
        })
    }

    /// Whether both belong to the same runtime.
    #[inline]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.driver.is_same(&other.driver)
    }
}

/// Submits what was just queued in `ring`, unless it is the ring of the current worker, which submits it later
/// (I1).
#[inline]
pub(super) fn submit_unless_own(ring: &Arc<Ring>) {
    let is_own = context::with_current(|inner| {
        let own = inner
            .driver
            .as_ref()?
            .existing_ring(Some(inner.spawner.worker_here()?))?;
        Some(Arc::ptr_eq(own, ring))
    });
    if is_own.ok().flatten() != Some(true) {
        ring.submit_now();
    }
}
