//! What a program for WebAssembly may use of Tokio's API, a case at a time.
//!
//! A panic there ends the program: each case runs in an instance of its own, which its host starts with the
//! case's number (`run.mjs`). Elsewhere all cases run, one after the other.

mod cases;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod host;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "host_std.rs"]
mod host;
mod timers;

use cases::Case;

fn all() -> Vec<Case> {
    let mut all = cases::all();
    if host::HAS_CLOCK {
        all.extend(timers::all());
    }
    all
}

/// Runs case `index`; `false` if there are not so many.
fn run(index: usize) -> bool {
    let Some(case) = all().into_iter().nth(index) else {
        return false;
    };
    host::tell(&match case.panics {
        None => format!("case {}", case.name),
        Some(message) => format!("case {} panics: {message}", case.name),
    });
    (case.run)();
    true
}

fn main() {
    host::start(run);
}

#[cfg(test)]
mod tests {
    #[test]
    fn cases_pass_here_too() {
        for case in super::all() {
            if case.panics.is_none() {
                (case.run)();
            }
        }
    }
}
