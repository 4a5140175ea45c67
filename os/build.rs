//! Says `cfg(io_uring)` where this crate has a completion ring: the feature is asked for, and the system has one.
//!
//! The systems that have one stand here, and in `Cargo.toml` beside the crate that speaks to it; the
//! code asks by that one word.

use std::env;

/// Processors whose kernels have io_uring, and for which the `io-uring` crate knows its structures.
const PROCESSORS: [&str; 5] = ["x86_64", "aarch64", "riscv64", "loongarch64", "powerpc64"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(io_uring)");
    let is_asked_for = env::var_os("CARGO_FEATURE_IO_URING").is_some();
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if is_asked_for && target("OS") == "linux" && PROCESSORS.contains(&target("ARCH").as_str()) {
        println!("cargo::rustc-cfg=io_uring");
    }
}
