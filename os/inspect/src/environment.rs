//! An inspector for a program that does not know of it, by the environment variable `SELKIE_INSPECT`.
//!
//! Idea        Before `main` a function is registered that is called for each runtime that the process builds. The first call
//!             reads the variable and starts the inspector, which the later runtimes are attached to.
//! Rejected    Reading the environment before `main`: what std promises begins with `main`.
#![allow(unsafe_code)]

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

use selkie::runtime::{Handle, on_build};

use crate::address::Address;
use crate::inspector::{InspectError, Inspector};
use crate::thread::builds_own;

/// Where to listen.
const ADDRESS: &str = "SELKIE_INSPECT";
/// What requests have to know.
const TOKEN: &str = "SELKIE_INSPECT_TOKEN";

// SAFETY: what runs before `main` takes a lock of its own and stores a pointer, and does not panic.
#[ctor::ctor(unsafe)]
fn register() {
    // With all 16 places taken the program runs uninspected.
    let _full = on_build(attach);
}

/// A runtime was built.
fn attach(handle: &Handle) {
    static INSPECTOR: OnceLock<Option<Inspector>> = OnceLock::new();
    if builds_own() {
        return;
    }
    let mut is_first = false;
    let inspector = INSPECTOR.get_or_init(|| {
        is_first = true;
        start(handle)
    });
    let Some(inspector) = inspector else { return };
    handle.track_tasks();
    if !is_first {
        inspector.attach(handle);
    }
}

/// The inspector of this process; `None` if it was not asked for, or cannot be had, which is said in one line.
fn start(handle: &Handle) -> Option<Inspector> {
    let wanted = std::env::var_os(ADDRESS).filter(|text| !text.is_empty())?;
    let wanted = wanted.to_string_lossy();
    match serve(handle, &wanted) {
        Ok(inspector) => {
            let address = inspector.address()?;
            match address {
                Address::Tcp(at) => say(format_args!("inspect this program at http://{at}/")),
                Address::Unix(_) => say(format_args!("inspect this program at {address}")),
            }
            Some(inspector)
        }
        Err(error) => {
            let what = "the program runs without an inspector";
            say(format_args!("{ADDRESS}: {error}; {what}"));
            None
        }
    }
}

/// Writes a line to standard error, if that takes it: it may be a pipe that nobody reads, where `eprintln!` would panic.
fn say(text: fmt::Arguments<'_>) {
    // There is no other place to say it.
    let _written = writeln!(io::stderr().lock(), "selkie: {text}");
}

fn serve(handle: &Handle, address: &str) -> Result<Inspector, InspectError> {
    let mut builder = Inspector::builder().attach(handle);
    // An empty one is refused: whoever has set it wanted one.
    if let Some(token) = std::env::var_os(TOKEN) {
        builder = builder.token(token.to_string_lossy());
    }
    builder.serve(address)
}
