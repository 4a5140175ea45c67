//! Sources of readiness: descriptors and sockets tied to the running runtime's driver.

mod fill;

mod evented;

#[cfg(all(unix, feature = "net"))]
mod register_error;

#[cfg(all(unix, feature = "net"))]
mod async_fd;

#[cfg(all(unix, feature = "net"))]
mod guards;

#[cfg(all(unix, feature = "net"))]
pub mod unix;

pub(crate) use evented::Evented;
pub(crate) use fill::{as_uninit, fill, fill_with};
