//! Which runtime the running thread belongs to.

/// The driver of the running runtime.
#[cfg(feature = "reactor")]
#[track_caller]
pub(crate) fn driver() -> crate::driver::Handle {
    panic!("there is no reactor running, must be called from the context of a Tokio 1.x runtime")
}
