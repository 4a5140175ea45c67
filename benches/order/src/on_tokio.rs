//! The machine on the registry's Tokio.

use ::tokio as rt;

#[allow(
    clippy::duplicate_mod,
    reason = "the same program, on the other runtime"
)]
#[path = "machine.rs"]
pub(crate) mod machine;

#[allow(
    clippy::duplicate_mod,
    reason = "the same program, on the other runtime"
)]
#[path = "workers.rs"]
pub(crate) mod workers;

#[allow(
    clippy::duplicate_mod,
    reason = "the same program, on the other runtime"
)]
#[path = "shared_steps.rs"]
mod shared_steps;

#[allow(
    clippy::duplicate_mod,
    reason = "the same program, on the other runtime"
)]
#[path = "steps.rs"]
mod steps;

#[allow(
    clippy::duplicate_mod,
    reason = "the same program, on the other runtime"
)]
#[path = "world.rs"]
mod world;
