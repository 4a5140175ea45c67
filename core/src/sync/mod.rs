//! Room sync.
