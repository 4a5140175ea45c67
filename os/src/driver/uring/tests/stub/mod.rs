//! A system's ring that does what a test says: a small kernel behind the same trait as the real one.
//!
//! Idea        It decodes the entries as the system would, takes a reference of its own to each file (a
//!             duplicate of the descriptor), and does each operation by the ordinary system call, at the moment
//!             and with the outcome that the test has planned (`Plan`). Its descriptor is an eventfd.
//!             A thread that has installed a `Control` gets such a ring wherever it would get the system's.
//! Invariants  I1 it touches memory only between the submission and the last completion of an operation, and
//!                only memory that is still there, if the test has it watched (`WatchedBuffer`).
//!             I2 completions of one operation keep their order.

mod buffer;
mod control;
mod entry;
mod group;
mod operation;
mod plan;
mod queues;
mod ring;

pub(crate) use buffer::WatchedBuffer;
pub(crate) use control::Control;
pub(crate) use plan::{CompletionTime, OnCancel, Plan, PlannedOutcome};
pub(crate) use queues::Queues;
