//! Standard input as a source of readiness, where the driver can wait for it.

#[cfg(all(unix, feature = "net"))]
mod unix;
#[cfg(not(all(unix, feature = "net")))]
mod unsupported;

#[cfg(all(unix, feature = "net"))]
pub(super) use unix::{PolledInput, has_input_now};
#[cfg(not(all(unix, feature = "net")))]
pub(super) use unsupported::{PolledInput, has_input_now};
