//! Stacks of threads by a signal, whose handler copies, and by the tables for unwinding.

mod registers;

mod handler;

mod unwind;

mod native_thread;

pub(crate) use native_thread::{NativeThread, prepare_stack_signal};
