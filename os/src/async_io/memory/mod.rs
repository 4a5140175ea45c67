//! Streams from one task to another, through memory.

mod simplex;

mod duplex;

pub use duplex::{DuplexStream, duplex};
pub use simplex::{SimplexStream, simplex};
