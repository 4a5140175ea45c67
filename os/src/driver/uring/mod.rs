//! The completion rings: operations that own what the system reads and writes.

mod payload;

mod held;

mod operations;

mod starved;

mod state;

mod lost;

mod kernel;

#[cfg(test)]
pub(crate) mod tests;

mod system;

mod table;

mod ring;

mod submitting;

mod closing;

mod place;

mod pool;

mod ticket;

mod rings;

pub(crate) use held::Held;
pub(crate) use lost::outcome_error;
pub(crate) use operations::{Kind, Told};
pub(crate) use payload::{Completion, Payload};
pub(crate) use place::Place;
pub(crate) use pool::{Pool, Provided};
pub(crate) use ring::Ring;
pub(super) use rings::Rings;
