//! The ring of the runtime that runs here.

use std::io;
use std::sync::Arc;

use crate::context;
use crate::driver::{Handle, Ring};

/// A ring, and the driver that submits what is put into its queue.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    pub(super) ring: Arc<Ring>,
    pub(super) driver: Handle,
}

fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

impl Attached {
    /// The ring of the runtime that runs here.
    pub(super) fn here() -> io::Result<Self> {
        let driver = context::with_current(|inner| inner.driver.clone())
            .map_err(|_| {
                io::Error::other("sockets by io_uring need a runtime, and none runs here")
            })?
            .ok_or_else(|| {
                unsupported("this runtime was built without `enable_io` or `enable_io_uring`")
            })?;
        if !driver.wants_ring() {
            return Err(unsupported(
                "this runtime was built with `disable_io_uring`",
            ));
        }
        let ring = driver.ring().cloned().ok_or_else(|| {
            unsupported("the system refuses io_uring: an old kernel, a filter, or no locked memory")
        })?;
        if !ring.abilities().sockets {
            return Err(unsupported(
                "the system's io_uring cannot do this: it needs Linux 6.0",
            ));
        }
        Ok(Self { ring, driver })
    }
}

/// What an operation fails with when its runtime has shut down.
pub(super) fn is_gone() -> io::Error {
    io::Error::other("the runtime of this io_uring has shut down")
}
