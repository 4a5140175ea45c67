//! Clocks and memory of this process.

use std::time::{Duration, Instant};

/// How long one measurement should last: long enough for a clock, short enough for many rounds.
const LENGTH: Duration = Duration::from_millis(150);

/// Nanoseconds per operation: `run` does so many operations at a time, and is repeated.
pub fn per_operation(operations: u64, mut run: impl FnMut()) -> f64 {
    run();
    let begun = Instant::now();
    let mut rounds = 0_u64;
    while begun.elapsed() < LENGTH {
        run();
        rounds += 1;
    }
    begun.elapsed().as_nanos() as f64 / (rounds * operations) as f64
}

/// Nanoseconds of processor time that this process has used so far, in all threads.
pub fn processor_nanos() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is a `timespec`.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "no processor clock");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Bytes of this process that are in memory.
///
/// `statm` would tell it within some hundred KiB only: the system adds each processor's share up late.
pub fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux's proc");
    let kibibytes: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("Rss:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .expect("a line of that name");
    kibibytes * 1024
}

/// As [`per_operation`], inside a runtime.
pub async fn repeat<F: Future>(operations: u64, mut run: impl FnMut() -> F) -> f64 {
    run().await;
    let begun = Instant::now();
    let mut rounds = 0_u64;
    while begun.elapsed() < LENGTH {
        run().await;
        rounds += 1;
    }
    begun.elapsed().as_nanos() as f64 / (rounds * operations) as f64
}

/// Lets this process have as many file descriptors as it may.
pub fn raise_file_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the place is an `rlimit`.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above. If it fails, the benchmarks with many connections say so.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
}

/// Asks the system to let no ordinary process take this one's processors. Says whether it does; it
/// wants privileges.
pub fn be_undisturbed() -> bool {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: the parameters are alive during the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameters) == 0 }
}

/// Keeps this process, with threads that are to come, on the processor that it is on. Says whether it does.
pub fn stay_on_one_processor() -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: zeros are an empty set.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: no arguments.
        let here = unsafe { libc::sched_getcpu() };
        // SAFETY: the set is alive for the call, and a processor's number below its size.
        unsafe { libc::CPU_SET(usize::try_from(here).unwrap_or(0), &mut set) };
        // SAFETY: as above.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) == 0 }
    }
    #[cfg(not(target_os = "linux"))]
    false
}
