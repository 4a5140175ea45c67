//! Standard input, read without reading ahead; only Linux can do that.

#[cfg(not(all(target_os = "linux", feature = "net")))]
mod buffered;
#[cfg(all(target_os = "linux", feature = "net"))]
mod linux;

#[cfg(not(all(target_os = "linux", feature = "net")))]
pub(crate) use buffered::ExactInput;
#[cfg(all(target_os = "linux", feature = "net"))]
pub(crate) use linux::ExactInput;
