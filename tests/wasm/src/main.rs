//! The part of Tokio's API that a program for WebAssembly may use, one case at a time.
//!
//! A panic there ends the program: each case runs in an instance of its own, which its host starts with the
//! case's number (`run.mjs`). Elsewhere all cases run, one after the other.

mod cases;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod host;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "host_std.rs"]
mod host;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod start;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "start_std.rs"]
mod start;
mod suite;
mod timers;

fn main() {
    start::start();
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_portable_case_passes() {
        for case in crate::suite::all() {
            if case.panics.is_none() {
                (case.run)();
            }
        }
    }
}
