//! A process that runs one seed.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// The seed that a child runs.
const CHILD: &str = "SELKIE_SIM_CHILD";
/// Which simulation of the test it runs, of those that the test sets up one after the other.
const CALL: &str = "SELKIE_SIM_CALL";
/// Where it writes its trace.
const TRACE: &str = "SELKIE_SIM_TRACE_FILE";

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// What this process is for.
#[derive(Debug)]
pub(crate) enum Role {
    /// It starts others, for the simulation with this number.
    Search { call: u64 },
    /// It runs this seed.
    Run { seed: u64, trace: Option<PathBuf> },
    /// It runs another of the test's simulations.
    Skip,
}

/// What this process does at this simulation.
pub(crate) fn role() -> Role {
    let call = CALLS.get() + 1;
    CALLS.set(call);
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    match (number(CHILD), number(CALL)) {
        (Some(seed), Some(own)) if own == call => {
            let trace = std::env::var_os(TRACE).map(PathBuf::from);
            Role::Run { seed, trace }
        }
        (Some(_), _) => Role::Skip,
        (None, _) => Role::Search { call },
    }
}

/// The test that runs on this thread, if the test harness started it on one of its own.
pub(super) fn test_name() -> Option<String> {
    let name = thread::current().name().map(str::to_owned);
    name.filter(|name| name != "main")
}

/// Starts this program again for one seed; what it prints goes to `output`.
pub(super) fn start(seed: u64, call: u64, trace: &Path, output: &File) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    match test_name() {
        Some(name) => {
            command.args([
                &name,
                "--exact",
                "--nocapture",
                "--include-ignored",
                "--test-threads=1",
            ]);
        }
        None => {
            command.args(std::env::args_os().skip(1));
        }
    }
    command
        .env(CHILD, seed.to_string())
        .env(CALL, call.to_string())
        .env(TRACE, trace)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?);
    // SAFETY: the call makes no other, takes no lock and allocates nothing.
    unsafe { command.pre_exec(keep_addresses) };
    command.spawn()
}

/// Programs that this process starts have the same addresses each time. Where the system does not allow that, runs differ in what
/// depends on addresses.
fn keep_addresses() -> io::Result<()> {
    // SAFETY: the call changes nothing in memory.
    let _before = unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
    Ok(())
}
