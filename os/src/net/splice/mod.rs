//! Copying between sockets, pipes and files inside the system.

mod ends;

mod step;

mod copier;

pub use copier::Splice;
pub use ends::{SpliceSource, SpliceTarget};
