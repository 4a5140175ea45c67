//! What schedulers need of waiting; from outside of this crate it is `raw::sync`.

pub use super::blocking::{forbid_blocking, is_blocking_forbidden};
