//! Where tasks wait, as backtraces.

mod backtrace;

mod trace;

mod tree;

mod stack;

mod task;

mod request;

mod stall_report;

pub use backtrace::{Backtrace, BacktraceFrame, BacktraceSymbol};
pub(crate) use request::{Request, StuckPoll};
pub use stack::ThreadStack;
pub use task::{Dump, Task, Tasks};
pub use trace::{Root, Trace, TraceMeta, trace_with};
