//! The host calls `run_case`, once in each instance.
#![allow(unsafe_code)]

use crate::host::tell;
use crate::suite::run;

/// Runs case `index`, and prints its panic; 0 if there is no such case.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
extern "C" fn run_case(index: usize) -> u32 {
    std::panic::set_hook(Box::new(|panic| tell(&panic.to_string())));
    u32::from(run(index))
}

/// Does nothing: the host calls `run_case` by itself.
pub(crate) fn start() {}
