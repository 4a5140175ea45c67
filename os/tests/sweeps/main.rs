//! Every operation of files, processes and signals, with its Nth system call failing, and dropped at its
//! Nth poll, for N = 1, 2, 3 … until it is done.
//!
//! Each operation must succeed or return an error, in time, and leave neither a descriptor nor a child. If it reported
//! success, its effect must be there; and it must succeed when it is made once more.
//!
//! Length      one sweep, and how its children are started and read.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod argument;
mod faults;
mod moved_directory;
mod operations;
mod pidfd;
mod process_ends;
mod thread_limit;
mod watchdog;

use std::collections::BTreeSet;
use std::ffi::c_int;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::task::Poll;
use std::time::Duration;

use libc::{
    EAGAIN, EINTR, EINVAL, EIO, EMFILE, ENOMEM, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, SYS_chmod,
    SYS_clone, SYS_clone3, SYS_copy_file_range, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
    SYS_epoll_wait, SYS_eventfd2, SYS_fallocate, SYS_fchmod, SYS_fcntl, SYS_fdatasync, SYS_flock,
    SYS_fremovexattr, SYS_fsetxattr, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate,
    SYS_getdents64, SYS_getxattr, SYS_io_uring_enter, SYS_io_uring_register, SYS_io_uring_setup,
    SYS_link, SYS_linkat, SYS_listxattr, SYS_lseek, SYS_mkdir, SYS_newfstatat, SYS_open,
    SYS_openat, SYS_openat2, SYS_pidfd_open, SYS_pipe2, SYS_pread64, SYS_preadv2, SYS_pwrite64,
    SYS_read, SYS_readlink, SYS_recvfrom, SYS_rename, SYS_renameat, SYS_rmdir, SYS_rt_sigaction,
    SYS_sendto, SYS_socketpair, SYS_statx, SYS_symlink, SYS_unlink, SYS_unlinkat, SYS_utimensat,
    SYS_vfork, SYS_waitid, SYS_write, SYS_writev,
};
use selkie::runtime::{Builder, Runtime};

use argument::{MOST_POINTS, argument};
use faults::{Call, Faults};
use fixture::{TempDir, open_descriptors, run_part};
use operations::{Operation, buffers, operations, prepare};
use watchdog::Watchdog;

/// The system calls that may fail, and how. What is cut short by a signal must not show at all.
const CALLS: &[Call] = &[
    (SYS_open, &[EINTR, EMFILE, EIO]),
    (SYS_openat, &[EINTR, EMFILE, EIO]),
    (SYS_openat2, &[EMFILE, EIO, ENOSYS, EAGAIN]),
    (SYS_read, &[EINTR, EIO]),
    (SYS_pread64, &[EINTR, EIO]),
    (SYS_preadv2, &[EINTR, EIO, ENOSYS, EOPNOTSUPP, EAGAIN]),
    (SYS_write, &[EINTR, EIO, ENOSPC]),
    (SYS_writev, &[EINTR, EIO, ENOSPC]),
    (SYS_pwrite64, &[EINTR, EIO, ENOSPC]),
    (SYS_statx, &[EIO, ENOMEM]),
    (SYS_fstat, &[EIO, ENOMEM]),
    (SYS_newfstatat, &[EIO, ENOMEM]),
    (SYS_fstatfs, &[EIO, ENOSYS]),
    (SYS_lseek, &[EIO]),
    (SYS_fcntl, &[EIO, EMFILE]),
    (SYS_ftruncate, &[EINTR, EIO]),
    (SYS_fsync, &[EINTR, EIO, ENOSPC]),
    (SYS_fdatasync, &[EINTR, EIO, ENOSPC]),
    (SYS_fallocate, &[EINTR, EIO, ENOSPC, EOPNOTSUPP]),
    (SYS_flock, &[EINTR, EIO, ENOMEM]),
    (SYS_getdents64, &[EIO]),
    (SYS_unlink, &[EIO]),
    (SYS_unlinkat, &[EIO]),
    (SYS_rename, &[EIO, ENOSPC]),
    (SYS_renameat, &[EIO, ENOSPC]),
    (SYS_mkdir, &[EIO, ENOSPC]),
    (SYS_rmdir, &[EIO]),
    (SYS_link, &[EIO, ENOSPC]),
    (SYS_linkat, &[EIO, ENOSPC]),
    (SYS_symlink, &[EIO, ENOSPC]),
    (SYS_readlink, &[EIO]),
    (SYS_chmod, &[EIO]),
    (SYS_fchmod, &[EIO]),
    (SYS_listxattr, &[EIO, EOPNOTSUPP]),
    (SYS_getxattr, &[EIO, EOPNOTSUPP]),
    (SYS_fsetxattr, &[EIO, EPERM]),
    (SYS_fremovexattr, &[EIO, EPERM]),
    (SYS_utimensat, &[EIO]),
    (SYS_copy_file_range, &[EIO, ENOSPC, ENOSYS]),
    (SYS_pipe2, &[EMFILE]),
    (SYS_socketpair, &[EMFILE]),
    (SYS_sendto, &[EINTR]),
    (SYS_recvfrom, &[EINTR]),
    (SYS_epoll_create1, &[EMFILE, ENOMEM]),
    (SYS_epoll_ctl, &[ENOMEM, ENOSPC]),
    (SYS_epoll_wait, &[EINTR]),
    (SYS_epoll_pwait, &[EINTR]),
    (SYS_eventfd2, &[EMFILE]),
    (SYS_io_uring_setup, &[EMFILE, ENOMEM, ENOSYS, EPERM]),
    (SYS_io_uring_register, &[ENOMEM, EINVAL]),
    (SYS_io_uring_enter, &[EINTR, EAGAIN, ENOMEM]),
    (SYS_pidfd_open, &[EMFILE, ENOMEM, ENOSYS, EPERM]),
    (SYS_waitid, &[EINTR]),
    (SYS_rt_sigaction, &[EINVAL]),
    (SYS_clone, &[EAGAIN, ENOMEM]),
    (SYS_clone3, &[EAGAIN, ENOMEM]),
    (SYS_vfork, &[EAGAIN, ENOMEM]),
];

/// Each in a process of its own: what one turns off stays off.
const ERRORS: &[(&str, c_int)] = &[
    ("EINTR", EINTR),
    ("EIO", EIO),
    ("EMFILE", EMFILE),
    ("ENOMEM", ENOMEM),
    ("ENOSPC", ENOSPC),
    ("EAGAIN", EAGAIN),
    ("EINVAL", EINVAL),
    ("EPERM", EPERM),
    ("ENOSYS", ENOSYS),
    ("EOPNOTSUPP", EOPNOTSUPP),
];

/// A runtime whose pool has one thread, so that what is given to it last is done last.
type Kind = (&'static str, fn() -> io::Result<Runtime>);

const KINDS: [Kind; 3] = [
    ("without a ring", || {
        let mut builder = Builder::new_current_thread();
        builder.disable_io_uring();
        builder.max_blocking_threads(1).enable_all().build()
    }),
    ("with a ring", || {
        let mut builder = Builder::new_current_thread();
        builder.max_blocking_threads(1).enable_all().build()
    }),
    ("with workers", || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        builder.max_blocking_threads(1).enable_all().build()
    }),
];

/// Waits until no child is left, zombies included.
fn until_childless(mut pass_time: impl FnMut()) {
    loop {
        // SAFETY: zeros are a `siginfo_t`.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the system writes at most one `siginfo_t`; the child stays.
        let asked = unsafe { libc::waitid(libc::P_ALL, 0, &mut info, options) };
        if asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD) {
            return;
        }
        pass_time();
    }
}

/// Whether a file is left that was to take another's place.
fn has_half(at: &Path) -> bool {
    let mut entries = std::fs::read_dir(at).unwrap();
    entries.any(|entry| {
        entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".new")
    })
}

/// Does `operation` without a fault; it must succeed.
fn do_well(runtime: &Runtime, operation: &Operation, at: &Path, what: &str) {
    prepare(at).unwrap();
    let outcome = runtime.block_on((operation.run)(at.to_owned()));
    outcome.unwrap_or_else(|error| panic!("{what}: not once more: {error}"));
    assert!((operation.holds)(at), "{what}: not done once more");
}

/// One part of the sweeps, in a process of its own.
struct Sweep {
    at: PathBuf,
    watchdog: Watchdog,
    /// Descriptors that are there for good.
    before: usize,
    points: usize,
    wrong: usize,
}

impl Sweep {
    /// Does every operation once, so that what stays for good is there before anything is counted.
    fn new(at: PathBuf) -> Self {
        let watchdog = Watchdog::new();
        for kind in KINDS {
            let runtime = kind.1().unwrap();
            for operation in operations() {
                let what = format!("{}, {}, first", operation.name, kind.0);
                watchdog.begin(&what);
                do_well(&runtime, operation, &at, &what);
            }
            drop(runtime);
            until_childless(std::thread::yield_now);
        }
        Self {
            at,
            watchdog,
            before: open_descriptors(),
            points: 0,
            wrong: 0,
        }
    }

    /// Tries point after point, until there is none. A wrong one does not keep the others from being
    /// tried.
    fn until_through(&mut self, mut point: impl FnMut(&Self, usize) -> bool) {
        for nth in 1..MOST_POINTS {
            match catch_unwind(AssertUnwindSafe(|| point(self, nth))) {
                Ok(true) => self.points += 1,
                Ok(false) => return,
                Err(_) => {
                    self.wrong += 1;
                    self.before = open_descriptors();
                }
            }
        }
        panic!("no end after {MOST_POINTS} points");
    }

    /// Nothing is left of what was done.
    fn is_clean(&self, what: &str) {
        until_childless(std::thread::yield_now);
        assert_eq!(open_descriptors(), self.before, "{what}: descriptors");
        assert_eq!(buffers(), 0, "{what}: buffers");
        assert!(!has_half(&self.at), "{what}: a file is left");
    }

    /// Fails the `nth` call of `operation`; whether there was one.
    fn fails(
        &self,
        faults: &Faults,
        kind: Kind,
        operation: &Operation,
        at: (c_int, usize),
    ) -> bool {
        let (errno, nth) = at;
        let what = format!("{}, {}, error {errno} at {nth}", operation.name, kind.0);
        self.watchdog.begin(&what);
        prepare(&self.at).unwrap();
        let runtime = kind.1().unwrap();
        faults.arm(errno, nth);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on((operation.run)(self.at.clone()))
        }));
        let failed = faults.disarm();
        let what = format!("{what}, system call {failed:?}");
        match outcome {
            Ok(Ok(())) => assert!((operation.holds)(&self.at), "{what}: not done"),
            Ok(Err(error)) => assert!(failed.is_some() && errno != EINTR, "{what}: {error}"),
            Err(_) => panic!("{what}: panicked"),
        }
        assert!(!has_half(&self.at), "{what}: a file is left");
        do_well(&runtime, operation, &self.at, &what);
        drop(runtime);
        self.is_clean(&what);
        failed.is_some()
    }

    /// Fails the `nth` call of the making of a runtime; whether there was one.
    fn fails_to_build(&self, faults: &Faults, kind: Kind, at: (c_int, usize)) -> bool {
        let (errno, nth) = at;
        let what = format!("runtime {}, error {errno} at {nth}", kind.0);
        self.watchdog.begin(&what);
        faults.arm(errno, nth);
        let built = kind.1();
        let failed = faults.disarm();
        match &built {
            Ok(runtime) => runtime.block_on(selkie::task::yield_now()),
            Err(error) => assert!(failed.is_some() && errno != EINTR, "{what}: {error}"),
        }
        drop(built);
        self.is_clean(&what);
        failed.is_some()
    }

    /// Drops `operation` after its poll `polls`, unless it is done; whether it was not.
    fn drops(&self, runtime: &Runtime, operation: &Operation, what: &str, polls: usize) -> bool {
        let what = format!("{}, {what}, dropped after {polls} polls", operation.name);
        self.watchdog.begin(&what);
        prepare(&self.at).unwrap();
        let mut future = Some((operation.run)(self.at.clone()));
        let mut left = polls;
        let was_done = runtime.block_on(poll_fn(|cx| {
            left -= 1;
            match future.as_mut().expect("not dropped yet").as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(outcome.map(|()| true)),
                Poll::Pending if left == 0 => {
                    future = None;
                    Poll::Ready(Ok(false))
                }
                Poll::Pending => Poll::Pending,
            }
        }));
        if was_done.unwrap() {
            return false;
        }
        // What the pool still has to do comes first; the driver reaps, with nobody to ask it.
        let last = runtime.spawn_blocking(|| ());
        runtime.block_on(last).unwrap();
        let turn = || {
            runtime.block_on(async { selkie::time::sleep(Duration::from_millis(1)).await });
        };
        until_childless(turn);
        do_well(runtime, operation, &self.at, &what);
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        until_childless(turn);
        // The ring gives back what it was lent once it is done with it; the watchdog looks on.
        while buffers() > 0 {
            turn();
        }
        assert!(!has_half(&self.at), "{what}: a file is left");
        true
    }

    /// Says what was swept, and fails if anything was wrong.
    fn end(&self) {
        println!("swept {} points", self.points);
        assert!(self.wrong == 0, "{} points are wrong", self.wrong);
    }
}

/// Runs a part with each of `words`; returns how many points were swept.
fn run_parts(name: &str, words: &[&str]) -> usize {
    let directory = TempDir::new(name);
    let mut points = 0;
    for word in words {
        let output = run_part(&["env"], name, &directory.path().join(word)).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{word}: {text}\n{errors}");
        let told = text.lines().find_map(|line| line.strip_prefix("swept "));
        let told = told.expect("a part tells");
        println!("{word}: {told}");
        let number = told
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok());
        points += number.unwrap_or(0);
    }
    points
}

/// Has calls of this thread fail, unless this system lets nobody do that.
fn faults() -> Option<Faults> {
    let installed = Faults::install(CALLS);
    installed
        .inspect_err(|error| println!("swept nothing, skipped: no filter that asks: {error}"))
        .ok()
}

#[test]
fn each_system_call_may_fail() {
    let words: Vec<_> = ERRORS.iter().map(|(name, _)| *name).collect();
    let points = run_parts("with_faults", &words);
    println!("{points} points");
    assert!(points == 0 || points > 1_000, "too few calls failed");
}

#[test]
#[ignore = "a part of each_system_call_may_fail, which counts descriptors and children"]
fn with_faults() {
    let Some((at, word)) = argument() else { return };
    let &(_, errno) = ERRORS.iter().find(|(name, _)| *name == word).unwrap();
    let Some(faults) = faults() else { return };
    let mut sweep = Sweep::new(at);
    for kind in KINDS {
        sweep.until_through(|sweep, nth| sweep.fails_to_build(&faults, kind, (errno, nth)));
        for operation in operations() {
            sweep.until_through(|sweep, nth| sweep.fails(&faults, kind, operation, (errno, nth)));
        }
    }
    sweep.end();
}

#[test]
fn a_future_may_be_dropped_at_any_poll() {
    let points = run_parts("dropped", &["descriptors", "signals"]);
    println!("{points} points");
}

#[test]
#[ignore = "a part of a_future_may_be_dropped_at_any_poll, which counts descriptors and children"]
fn dropped() {
    let Some((at, word)) = argument() else { return };
    if word == "signals" {
        // The exit of a child is reported by a signal where its descriptor is refused.
        let Some(faults) = faults() else { return };
        faults.refuse(SYS_pidfd_open, ENOSYS);
    }
    let mut sweep = Sweep::new(at);
    for kind in KINDS {
        let runtime = kind.1().unwrap();
        for operation in operations() {
            sweep.until_through(|sweep, polls| sweep.drops(&runtime, operation, kind.0, polls));
        }
        sweep.watchdog.begin("the end of a runtime");
        drop(runtime);
        sweep.is_clean(kind.0);
    }
    sweep.end();
    assert!(
        sweep.points > operations().count(),
        "too few futures waited"
    );
}

#[test]
fn a_system_call_that_the_kernel_lacks_is_tried_once() {
    println!("{} calls", run_parts("latched", &["ENOSYS", "EPERM"]));
}

#[test]
#[ignore = "a part of a_system_call_that_the_kernel_lacks_is_tried_once: what is off stays off"]
fn latched() {
    let Some((at, word)) = argument() else { return };
    let &(_, errno) = ERRORS.iter().find(|(name, _)| *name == word).unwrap();
    let Some(faults) = faults() else { return };
    let names = [
        "read",
        "metadata",
        "file_read",
        "file_write_all_at",
        "file_sync_all",
    ];
    let chosen = |operation: &&Operation| names.contains(&operation.name);
    let runtime = KINDS[1].1().unwrap();
    // The first question teaches what device it is.
    for operation in operations().filter(chosen) {
        do_well(&runtime, operation, &at, operation.name);
    }
    let runtime = KINDS[1].1().unwrap();
    // A server may say so of its own files; what is remembered is what a filter says of all.
    faults.refuse(libc::SYS_fstatfs, errno);
    for operation in operations().filter(chosen) {
        do_well(&runtime, operation, &at, operation.name);
    }
    let mut asked = BTreeSet::new();
    loop {
        faults.arm(errno, 1);
        for operation in operations().filter(chosen) {
            do_well(&runtime, operation, &at, operation.name);
        }
        let Some(call) = faults.disarm() else { break };
        assert!(asked.insert(call), "system call {call} was asked for again");
    }
    assert!(asked.len() <= 3, "{asked:?}");
    println!("swept {} calls, {asked:?}", asked.len());
}
