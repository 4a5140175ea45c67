//! Public macros.
