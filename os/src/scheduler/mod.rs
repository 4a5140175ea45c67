//! Room scheduler.
