//! Room blocking.
