//! Readers and writers made of others, or of nothing.

mod chain;
mod empty;
mod join;
mod repeat;
mod sink;
mod take;

pub use chain::Chain;
pub use empty::{Empty, empty};
pub use join::{Join, join};
pub use repeat::{Repeat, repeat};
pub use sink::{Sink, sink};
pub use take::Take;
