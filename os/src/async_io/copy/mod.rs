//! Copies from a reader to a writer.

mod buffer;

mod bidirectional;
mod copy;
mod copy_buf;

pub use bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use copy::copy;
pub use copy_buf::copy_buf;
