//! The completion ring: operations that own what the system reads and writes.

mod ring;

mod ticket;

mod lazy;

pub(super) use lazy::{Lazy, TOKEN};
pub(crate) use ring::Ring;

#[cfg(test)]
mod tests;
