//! Calls by number, `syscall`: the standard library waits on futexes with them.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_long, c_uint, timespec};

use super::absent_calls::warn_of;
use super::answer::{answer, real};
use super::clock::{from_timespec, in_time, moment};
use super::entropy;
use super::file_positions::preadv2;
use super::file_status::statx;
use super::processors::FIRST_THREAD;
use crate::errno::Errno;
use crate::kernel::{Step, call, is_simulated, read, wait_at, wake_at};

/// Calls that the simulated kernel does not have, as an old kernel has them not.
const ABSENT: &[c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_copy_file_range,
    libc::SYS_openat2,
    libc::SYS_epoll_pwait2,
    libc::SYS_pidfd_open,
    libc::SYS_clone3,
    libc::SYS_execve,
    libc::SYS_memfd_create,
    libc::SYS_timerfd_create,
    libc::SYS_inotify_init1,
    libc::SYS_signalfd4,
];

/// Calls that change nothing but the thread's own memory and signals, or that the real kernel may know of.
const HARMLESS: &[c_long] = &[
    libc::SYS_membarrier,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_rseq,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_prctl,
    libc::SYS_get_robust_list,
    libc::SYS_set_robust_list,
    libc::SYS_sched_setaffinity,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
];

// The C library's function takes as many arguments as there are; a call with fewer leaves the others as they happen to be.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    let arguments = [a, b, c, d, e, f];
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { real(number, arguments) } as c_long;
    }
    let returned = match number {
        // SAFETY: the caller's promise.
        libc::SYS_futex => unsafe { futex(arguments) },
        libc::SYS_getrandom => {
            // SAFETY: the caller lends these bytes.
            entropy::fill(unsafe { std::slice::from_raw_parts_mut(a as *mut u8, b) });
            b as isize
        }
        libc::SYS_gettid => read(|state| FIRST_THREAD as isize + state.current.0 as isize),
        libc::SYS_statx => {
            let (path, out) = (b as *const c_char, e as *mut libc::statx);
            // SAFETY: the caller's promise.
            let returned = unsafe { statx(a as c_int, path, c as c_int, d as c_uint, out) };
            returned as isize
        }
        libc::SYS_preadv2 => {
            let parts = b as *const libc::iovec;
            // SAFETY: the caller's promise.
            unsafe { preadv2(a as c_int, parts, c as c_int, d as libc::off_t, f as c_int) }
        }
        libc::SYS_getpid => {
            // SAFETY: the call touches no memory.
            let process = unsafe { libc::getpid() };
            process as isize
        }
        _ if ABSENT.contains(&number) => answer(Err::<isize, _>(Errno(libc::ENOSYS))),
        _ if !HARMLESS.contains(&number) => {
            warn_of("a call by number");
            read(|state| state.note(format_args!("call number {number} of the real system")));
            // SAFETY: the caller's promise.
            unsafe { real(number, arguments) }
        }
        // SAFETY: the caller's promise.
        _ => unsafe { real(number, arguments) },
    };
    returned as c_long
}

/// # Safety
/// As the call says.
unsafe fn futex(arguments: [usize; 6]) -> isize {
    let [word, operation, value, time, ..] = arguments;
    let operation = operation as c_int;
    let is_wall = operation & libc::FUTEX_CLOCK_REALTIME != 0;
    let time = time as *const timespec;
    match operation & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) {
        kind @ (libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET) => {
            // SAFETY: the caller's pointer is none, or one to a time.
            let limit = unsafe { time.as_ref() }.map(from_timespec);
            let until = limit.map(|limit| {
                read(|state| match kind {
                    libc::FUTEX_WAIT => in_time(state, limit),
                    _ if is_wall => moment(state, libc::CLOCK_REALTIME, limit),
                    _ => moment(state, libc::CLOCK_MONOTONIC, limit),
                })
            });
            let mut begun = false;
            let word = word as *const u32;
            // SAFETY: the caller's pointer is one to a word.
            let waited =
                call(|state| unsafe { wait_at(state, word, value as u32, until, &mut begun) });
            answer(waited.map(|()| 0_isize))
        }
        libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => {
            call(|state| Step::Done(wake_at(state, word, value as u32 as usize))) as isize
        }
        _ => answer(Err::<isize, _>(Errno(libc::ENOSYS))),
    }
}
