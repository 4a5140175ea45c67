//! Functions that the simulated world does not have: they say so, as an old kernel does, and leave a warning that names them.
//!
//! Idea        A program that falls back on something else goes on; one that does not shows in the run's summary and trace what it
//!             asked for. None of them reaches the real system, where it would act on real files and real time.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_uint, c_void, mode_t, pid_t};

use super::answer::answer_int;
use crate::errno::Errno;
use crate::kernel::{is_simulated, read};
use crate::sys::OriginalFunction;

/// Says once for each process that `name` is not simulated, and each time in the trace.
pub(super) fn warn_of(name: &'static str) {
    let is_first = read(|state| {
        state.trace.cover(name);
        state.note(format_args!("{name} is not simulated"));
        state.warned.insert(name)
    });
    if is_first {
        eprintln!("selkie-sim: {name} is not simulated");
    }
}

/// The failure of a function that is not here.
pub(super) fn absent(name: &'static str) -> c_int {
    warn_of(name);
    answer_int(Err::<isize, _>(Errno(libc::ENOSYS)))
}

/// Defines functions that fail on simulated threads, and are the C library's elsewhere.
macro_rules! absent {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $failed:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            type Function = unsafe extern "C" fn($($type),*) -> $result;
            // The name ends in zero.
            static ORIGINAL: OriginalFunction = OriginalFunction::of(concat!(stringify!($name), "\0"));
            if is_simulated() {
                let failed: fn(&'static str) -> $result = $failed;
                return failed(stringify!($name));
            }
            // SAFETY: the C library's function of this name has this type.
            let original = unsafe { std::mem::transmute::<usize, Function>(ORIGINAL.address()) };
            // SAFETY: the caller's promise.
            unsafe { original($($argument),*) }
        }
    )*};
}

absent! {
    timerfd_create(clock: c_int, flags: c_int) -> c_int = absent;
    inotify_init() -> c_int = absent;
    inotify_init1(flags: c_int) -> c_int = absent;
    signalfd(descriptor: c_int, signals: *const c_void, flags: c_int) -> c_int = absent;
    memfd_create(name: *const c_char, flags: c_uint) -> c_int = absent;
    shm_open(name: *const c_char, flags: c_int, mode: mode_t) -> c_int = absent;
    mkfifo(path: *const c_char, mode: mode_t) -> c_int = absent;
    mknod(path: *const c_char, mode: mode_t, device: libc::dev_t) -> c_int = absent;
    chroot(path: *const c_char) -> c_int = absent;
    setitimer(which: c_int, new: *const c_void, old: *mut c_void) -> c_int = absent;
    timer_create(clock: c_int, event: *mut c_void, timer: *mut c_void) -> c_int = absent;
    alarm(seconds: c_uint) -> c_uint = |name| {
        warn_of(name);
        0
    };
    system(command: *const c_char) -> c_int = absent;
    popen(command: *const c_char, kind: *const c_char) -> *mut c_void = |name| {
        absent(name);
        std::ptr::null_mut()
    };
    posix_spawn(
        process: *mut pid_t,
        file: *const c_char,
        actions: *const c_void,
        attributes: *const c_void,
        arguments: *const *mut c_char,
        environment: *const *mut c_char
    ) -> c_int = |name| {
        warn_of(name);
        libc::ENOSYS
    };
    sigwait(signals: *const c_void, signal: *mut c_int) -> c_int = |name| {
        warn_of(name);
        libc::ENOSYS
    };
    sigwaitinfo(signals: *const c_void, info: *mut c_void) -> c_int = absent;
    sigtimedwait(signals: *const c_void, info: *mut c_void, time: *const libc::timespec) -> c_int = absent;
    sigsuspend(signals: *const c_void) -> c_int = absent;
    pause() -> c_int = absent;
}
