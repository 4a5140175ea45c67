//! Where the tasks of a runtime wait.
//!
//! A dump is made of [traces](Trace): each task is polled once more than it needs, and where
//! operations of this crate's are pending, the stack is walked. Nothing is stopped, nothing is lost.

mod handle;

pub use crate::observability::dump::{
    Backtrace, BacktraceFrame, BacktraceSymbol, Dump, Root, Task, Tasks, Trace, TraceMeta,
    trace_with,
};
