//! Room time.
