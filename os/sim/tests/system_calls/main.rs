//! One program, on the real system and in a simulation: each call says the same.
//!
//! Length      one scenario after the other.

mod addresses;
mod calls;
mod comparison;
mod datagrams;
mod local;
mod log;
mod mappings;
mod pipes;
mod polls;
mod readiness;
mod sequences;
mod tcp;
