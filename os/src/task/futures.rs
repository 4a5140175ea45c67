//! Futures of this module by name.

pub use super::local_key::TaskLocalFuture;
