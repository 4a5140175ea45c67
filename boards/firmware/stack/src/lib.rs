#![no_std]
//! How much stack a program takes: in all, and each of its tasks.

mod paint;
mod program;

pub use paint::{Depth, Stack, keep};
pub use program::run;
