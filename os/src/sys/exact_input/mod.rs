//! Standard input, read without reading ahead; only Linux can do that.

#[cfg(all(target_os = "linux", feature = "net"))]
mod linux;
#[cfg(not(all(target_os = "linux", feature = "net")))]
mod other;

#[cfg(all(target_os = "linux", feature = "net"))]
pub(crate) use linux::ExactInput;
#[cfg(not(all(target_os = "linux", feature = "net")))]
pub(crate) use other::ExactInput;
