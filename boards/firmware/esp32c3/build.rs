//! The HAL's own linker script.

fn main() {
    println!("cargo::rustc-link-arg-bins=-Tlinkall.x");
}
