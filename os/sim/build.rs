//! Says where there is a simulated world: on Linux, on processors whose way into the kernel this crate knows.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(simulated)");
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, values: &[&str]| {
        std::env::var(name).is_ok_and(|value| values.contains(&value.as_str()))
    };
    let knows = is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64", "riscv64"]);
    if knows && std::env::var_os("CARGO_FEATURE_WORLD").is_some() {
        println!("cargo::rustc-cfg=simulated");
    }
}
