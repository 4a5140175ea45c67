//! A process that runs one seed.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::trace::VIEW;

/// The seed that a child runs.
const CHILD: &str = "SELKIE_SIM_CHILD";
/// Which simulation of the test it runs, of those that the test sets up one after the other.
const CALL: &str = "SELKIE_SIM_CALL";
/// Where it writes its trace.
const TRACE: &str = "SELKIE_SIM_TRACE_FILE";

/// Faults that are left out, by their numbers: what makes a failing trace shorter.
const WITHOUT: &str = "SELKIE_SIM_WITHOUT";

/// What stands for preemption among the numbers of faults: without it threads lose their turns only when they wait.
pub(crate) const PREEMPTION: u64 = 0;

/// The faults that this run leaves out.
pub(crate) fn left_out() -> BTreeSet<u64> {
    let text = std::env::var(WITHOUT).unwrap_or_default();
    let numbers = text
        .split(',')
        .filter_map(|number| number.trim().parse().ok());
    numbers.collect()
}

/// Numbers as [`left_out`] reads them, with commas.
pub(super) fn listed(numbers: &BTreeSet<u64>) -> String {
    let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
    numbers.join(",")
}

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

/// What a child is started for.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) seed: u64,
    /// Which simulation of the test.
    pub(super) call: u64,
    /// Faults that it leaves out, beside those that this process was asked to.
    pub(super) without: BTreeSet<u64>,
    /// Whether it writes a file for a viewer.
    pub(super) has_view: bool,
}

/// Starts this program again for one seed; what it prints goes to `output`.
pub(super) fn start(task: &Task, trace: &Path, output: &File) -> io::Result<Child> {
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
        .env(CHILD, task.seed.to_string())
        .env(CALL, task.call.to_string())
        .env(WITHOUT, listed(&task.without))
        .env(TRACE, trace)
        // How many arenas the allocator has depends on the machine, and addresses on them.
        .env("MALLOC_ARENA_MAX", "1")
        .envs(task.has_view.then_some((VIEW, "1")))
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?);
    let processor = own_processor(task.seed as usize);
    // SAFETY: the calls take no lock and allocate nothing.
    unsafe { command.pre_exec(move || keep_addresses().and_then(|()| stay_on(&processor))) };
    command.spawn()
}

/// Ends this process at once: `exit` would wait for a simulated thread that stands still in the middle of its own `exit`.
pub(crate) fn end_process(code: i32) -> ! {
    let _flushed = io::stdout().flush();
    // SAFETY: the process ends.
    unsafe { libc::_exit(code) }
}

/// The processors of this process, one of which a child gets: its threads take turns, which costs least on one.
fn own_processor(number: usize) -> libc::cpu_set_t {
    // SAFETY: all zero is an empty set.
    let mut all: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set has the size that is said.
    unsafe { libc::sched_getaffinity(0, size_of_val(&all), &raw mut all) };
    // SAFETY: the number is below the set's size.
    let is_in = |at: usize| unsafe { libc::CPU_ISSET(at, &all) };
    let known: Vec<_> = (0..libc::CPU_SETSIZE as usize)
        .filter(|&at| is_in(at))
        .collect();
    let Some(&own) = known.get(number % known.len().max(1)) else {
        return all;
    };
    // SAFETY: all zero is an empty set.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the number is below the set's size.
    unsafe { libc::CPU_SET(own, &mut one) };
    one
}

fn stay_on(processor: &libc::cpu_set_t) -> io::Result<()> {
    // SAFETY: the set has the size that is said. Where it is refused the child runs on all of them.
    let _result = unsafe { libc::sched_setaffinity(0, size_of_val(processor), processor) };
    Ok(())
}

/// Programs that this process starts have the same addresses each time. Where the system does not allow that, runs differ in what
/// depends on addresses.
fn keep_addresses() -> io::Result<()> {
    // SAFETY: the call changes nothing in memory.
    let _before = unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
    Ok(())
}
