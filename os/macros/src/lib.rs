//! Procedural macros of the Selkie runtime.
