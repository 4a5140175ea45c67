//! A simulated world for programs on Selkie: one seed, one run.

pub mod disk;
pub mod errno;
pub mod random;
