//! What the script of a simulation works with: the builder, the world, its hosts.

mod builder;
mod handle;
mod payload;
mod script;

pub use builder::Builder;
pub use handle::Host;
pub use script::World;
