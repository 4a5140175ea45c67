//! Says `cfg(io_uring)` where this crate has a completion ring.
//!
//! The systems that have one stand here, and in `Cargo.toml` beside the crate that speaks to it; the
//! code asks by that one word.

use std::env;

/// Processors whose kernels have io_uring, and for which the `io-uring` crate knows its structures.
const PROCESSORS: [&str; 5] = ["x86_64", "aarch64", "riscv64", "loongarch64", "powerpc64"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(io_uring)");
    let has_feature = |name: &str| env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let has_parts = has_feature("FS") && has_feature("REACTOR");
    if has_parts && target("OS") == "linux" && PROCESSORS.contains(&target("ARCH").as_str()) {
        println!("cargo::rustc-cfg=io_uring");
    }
}
