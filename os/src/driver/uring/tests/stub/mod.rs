//! A system's ring that does what a test says: a small kernel behind the same trait as the real one.
//!
//! Idea        It decodes the entries as the system would, takes a reference of its own to each file (a
//!             duplicate of the descriptor), and does each operation by the ordinary system call, at the moment
//!             and with the outcome that the test has planned (`Fate`). Its descriptor is an eventfd.
//!             A thread that has installed a `Control` gets such a ring wherever it would get the system's.
//! Invariants  I1 it touches memory only between the submission and the last completion of an operation, and
//!                only memory that is still there, if the test has it watched (`Watched`).
//!             I2 completions of one operation keep their order.

mod control;
mod entry;
mod fate;
mod group;
mod operation;
mod queues;
mod ring;
mod watched;

pub(crate) use control::Control;
pub(crate) use fate::{Fate, How, OnCancel, When};
pub(crate) use queues::Queues;
pub(crate) use watched::Watched;
