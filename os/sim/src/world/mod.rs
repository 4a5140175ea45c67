//! What the script of a simulation works with: the builder, the world, its hosts.

mod builder;
mod disks;
mod faults;
mod handle;
mod script;

pub use builder::Builder;
pub use faults::Faults;
pub use handle::{Host, HostBuilder};
pub use script::World;
