//! The machine on Selkie.

use ::selkie as rt;

#[path = "machine.rs"]
pub(crate) mod machine;

#[path = "workers.rs"]
pub(crate) mod workers;
