//! A type-erased `Park`, whose kind the scheduler does not know.

use std::sync::Arc;

use selkie_core::park::{Park, Unpark};

/// What a scheduler sleeps by.
pub(crate) type AnyPark = Box<dyn Park<Unpark = AnyUnpark> + Send>;

/// Ends the sleep of an [`AnyPark`].
pub(crate) type AnyUnpark = Arc<dyn Unpark>;
