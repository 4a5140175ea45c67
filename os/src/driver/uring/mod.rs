//! Completion rings (io_uring): operations that own the memory which the system reads and writes.
//!
//! An operation is submitted to a [`Ring`] together with a [`Payload`], which owns all memory and descriptors
//! that the system needs for it. The payload comes back with the last completion. [`Rings`] has one ring per
//! worker and one for all other threads. `queue_pair` wraps the two queues that are shared with the system,
//! `kernel` is the whole of what we ask of it, so that tests can put a stub in its place.

mod payload;

mod operation_buffer;

mod operations;

mod buffer_waiters;

mod state;

mod overflow;

mod kernel;

#[cfg(test)]
pub(crate) mod tests;

mod queue_pair;

mod file_table;

mod ring;

mod submission;

mod shutdown;

mod registered_file;

mod buffer_pool;

mod operation_future;

mod made_rings;

mod ring_table;

mod rings;

pub(crate) use buffer_pool::{BufferPool, ProvidedBuffer};
pub(crate) use operation_buffer::OperationBuffer;
pub(crate) use operations::{OperationKind, OperationStatus};
pub(crate) use overflow::outcome_error;
pub(crate) use payload::{Completion, Payload};
pub(crate) use registered_file::RegisteredFile;
pub(crate) use ring::Ring;
pub(super) use rings::Rings;
