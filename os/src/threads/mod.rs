//! Threads of the library's own, which belong to no runtime, and how they get their requests.

mod library_thread;
mod thread_channel;

pub(crate) use library_thread::start_library_thread;
pub(crate) use thread_channel::{ThreadReceiver, ThreadSender, thread_channel};
