//! Where tasks wait, as backtraces.

mod backtrace;

mod trace;

mod tree;

mod task;

mod request;

pub use backtrace::{Backtrace, BacktraceFrame, BacktraceSymbol};
pub(crate) use request::Request;
pub use task::{Dump, Task, Tasks};
pub use trace::{Root, Trace, TraceMeta, trace_with};
