//! The real system below the simulation: its calls by number, and the C library's own functions behind the ones that this crate
//! puts in front of them.

mod original_function;
mod syscall;
mod wait_word;

pub(crate) use original_function::{OriginalFunction, pthread_create, pthread_join};
pub(crate) use syscall::{result, set_errno, syscall};
pub(crate) use wait_word::WaitWord;
