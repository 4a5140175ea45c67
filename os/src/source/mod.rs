//! Sources of readiness: descriptors and sockets that are registered with the driver of the current runtime.

mod fill;

mod evented;

#[cfg(unix)]
mod descriptor;

#[cfg(unix)]
mod packet;

#[cfg(unix)]
mod register_error;

#[cfg(unix)]
mod async_fd;

#[cfg(unix)]
mod guards;

#[cfg(unix)]
pub mod unix;

// On Linux its tests have a poller that stands in for FreeBSD's.
#[cfg(any(target_os = "freebsd", all(test, target_os = "linux")))]
mod aio;

#[cfg(any(target_os = "freebsd", all(test, target_os = "linux")))]
pub mod bsd;

pub(crate) use evented::Evented;
pub(crate) use fill::{as_uninit, fill, fill_with};
