//! Room io.
