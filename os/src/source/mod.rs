//! Sources of readiness: descriptors and sockets tied to the running runtime's driver.

mod fill;

mod evented;

pub(crate) use evented::Evented;
pub(crate) use fill::{as_uninit, fill, fill_with};
