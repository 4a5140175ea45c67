//! Room net.
