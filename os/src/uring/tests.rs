//! Every operation of a ring with every completion that it may come to, by a stub of the system's ring.
//!
//! A row is an operation, a fate of it, and a ring that takes entries well or badly. It runs on a thread of
//! its own, for a limited time: the operation comes to what its documentation says, the next one works, and
//! in the end no memory, buffer or descriptor is missing.

mod ends;
mod fork;
mod lost_completions;
mod operations;
mod random;
mod table;
mod transient_errors;
