//! The completion ring: operations that own what the system reads and writes.

mod payload;

mod held;

mod operations;

mod system;

mod ring;

mod pool;

mod ticket;

mod lazy;

pub(crate) use held::Held;
pub(super) use lazy::{Lazy, TOKEN};
pub(crate) use payload::{Completion, Payload};
pub(crate) use pool::{Pool, Provided};
pub(crate) use ring::Ring;

#[cfg(test)]
mod tests;
