//! The stack of another thread, whatever that thread does: Linux on x86-64 and 64-bit ARM.

mod raw_stack;

#[cfg(all(
    feature = "taskdump",
    target_os = "linux",
    target_pointer_width = "64",
    any(target_env = "gnu", target_env = "musl"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod linux;
#[cfg(not(all(
    feature = "taskdump",
    target_os = "linux",
    target_pointer_width = "64",
    any(target_env = "gnu", target_env = "musl"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod unsupported;

#[cfg(all(
    feature = "taskdump",
    target_os = "linux",
    target_pointer_width = "64",
    any(target_env = "gnu", target_env = "musl"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(crate) use linux::{NativeThread, prepare_stack_signal};
pub use raw_stack::NoStack;
pub(crate) use raw_stack::{RawStack, StackSignal};
#[cfg(not(all(
    feature = "taskdump",
    target_os = "linux",
    target_pointer_width = "64",
    any(target_env = "gnu", target_env = "musl"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub(crate) use unsupported::{NativeThread, prepare_stack_signal};
