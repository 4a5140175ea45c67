//! The examples in the documentation of `selkie-core` and `selkie-macros`, so that `cargo test --doc -p selkie-reference` runs
//! them.
//!
//! Most of what these crates document is read in `selkie`, which re-exports it, and so the examples are programs on `selkie`.
//! The core itself cannot run them: it knows nothing of the crate above it, and a dependency for tests that leads back
//! up would turn the core's feature `std` on in each test of it, also in those of chips.
//!
//! The build script copies each example to the line on which it stands in its source, so that a test that fails says
//! where to look.

#[cfg(doctest)]
include!(concat!(env!("OUT_DIR"), "/examples.rs"));
