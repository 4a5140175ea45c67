//! Standard input as a source of readiness, where the driver can wait for it.

#[cfg(not(all(unix, feature = "net")))]
mod other;
#[cfg(all(unix, feature = "net"))]
mod unix;

#[cfg(not(all(unix, feature = "net")))]
pub(super) use other::{PolledInput, has_input_now};
#[cfg(all(unix, feature = "net"))]
pub(super) use unix::{PolledInput, has_input_now};
