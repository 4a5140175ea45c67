//! A file that is to be replaced, and what the new file takes over from it.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
pub(crate) use linux::ReplacedFile;
#[cfg(not(target_os = "linux"))]
pub(crate) use unsupported::ReplacedFile;
