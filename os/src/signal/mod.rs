//! Room signal.
