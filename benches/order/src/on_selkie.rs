//! The machine on Selkie.

use ::selkie as rt;

#[path = "machine.rs"]
pub(crate) mod machine;

#[path = "workers.rs"]
pub(crate) mod workers;

#[path = "shared_steps.rs"]
mod shared_steps;

#[path = "steps.rs"]
mod steps;

#[path = "world.rs"]
mod world;
