//! Runs unmodified programs in a simulated world that one seed decides.
#![cfg(target_os = "linux")]

pub mod disk;
pub mod errno;
pub mod random;

mod calls;
mod host;
mod ids;
mod kernel;
mod network;
mod runs;
mod sys;
mod trace;
mod world;

pub use network::Link;
pub use world::{Builder, Faults, Host, HostBuilder, World};
