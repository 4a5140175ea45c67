//! Threads of the library's own, which belong to no runtime, and how they get their requests.

mod library_thread;
mod thread_channel;

pub(crate) use library_thread::{start_library_thread, start_thread};
#[allow(
    unused_imports,
    reason = "Linux's reader of standard input alone names a receiver"
)]
pub(crate) use thread_channel::ThreadReceiver;
pub(crate) use thread_channel::{ThreadSender, thread_channel};
