//! Targets for a fuzzer, each a function of some bytes that panics if what it tries is wrong.
//!
//! The binaries in `fuzz_targets` give them to libFuzzer; `tests/random.rs` feeds them with pseudo-random
//! bytes for some seconds, on any toolchain. `.ci/run fuzz` does both.

mod bounded;
pub mod channels;
pub mod programs;
pub mod scripts;
mod step;
pub mod streams;
pub mod tasks;
pub mod timers;
pub mod trees;
