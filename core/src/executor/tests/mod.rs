//! What users of the executors notice.

mod alarm;
mod fixed;
#[cfg(feature = "alloc")]
mod heap;
