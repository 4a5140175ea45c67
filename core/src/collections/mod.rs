//! Containers that the rest of the core is built of.

mod list;
mod padded;

pub use list::{Link, Linked, List};
pub use padded::Padded;
