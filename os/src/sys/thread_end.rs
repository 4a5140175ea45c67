//! Joining a thread with a limit, its thread-local destructors included.
#![allow(unsafe_code)]

use std::thread::JoinHandle;
use std::time::Instant;

/// Waits until the thread has ended, until `deadline` at most; `false`: it still runs. Whether it panicked does
/// not matter.
///
/// Where the system cannot wait with a limit, a limit means that nobody waits for the thread-local destructors.
pub(crate) fn join_thread(handle: JoinHandle<()>, deadline: Option<Instant>) -> bool {
    match deadline {
        None => {
            let _panicked = handle.join();
            true
        }
        Some(deadline) => join_until(handle, deadline),
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_env = "gnu", target_env = "musl"),
    any(feature = "fs", feature = "reactor")
))]
fn join_until(handle: JoinHandle<()>, deadline: Instant) -> bool {
    // As the C library declares it; the oldest `libc` that Tokio takes does not.
    unsafe extern "C" {
        fn pthread_timedjoin_np(
            thread: libc::pthread_t,
            result: *mut *mut libc::c_void,
            until: *const libc::timespec,
        ) -> libc::c_int;
    }

    let left = deadline.saturating_duration_since(Instant::now());
    // SAFETY: zeros are a `timespec`.
    let mut until: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `timespec`.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut until) };
    let nanos = i128::from(until.tv_nsec) + i128::from(left.subsec_nanos());
    let seconds = i128::from(until.tv_sec) + i128::from(left.as_secs()) + nanos / 1_000_000_000;
    until.tv_sec = seconds.try_into().unwrap_or(i32::MAX.into());
    until.tv_nsec = (nanos % 1_000_000_000).try_into().unwrap_or_default();
    let thread = pthread(handle);
    // SAFETY: the thread is ours to join; it is joined, or detached below, once.
    if unsafe { pthread_timedjoin_np(thread, std::ptr::null_mut(), &until) } == 0 {
        return true;
    }
    // SAFETY: not joined, and not used any more.
    unsafe { libc::pthread_detach(thread) };
    false
}

/// The identifier of the thread as `libc` has it: on musl a pointer, while the copy of `libc` in std may say an
/// integer.
#[cfg(all(
    target_os = "linux",
    any(target_env = "gnu", target_env = "musl"),
    any(feature = "fs", feature = "reactor")
))]
#[allow(trivial_numeric_casts, clippy::unnecessary_cast)]
fn pthread(handle: JoinHandle<()>) -> libc::pthread_t {
    use std::os::unix::thread::JoinHandleExt;

    handle.into_pthread_t() as libc::pthread_t
}

#[cfg(not(all(
    target_os = "linux",
    any(target_env = "gnu", target_env = "musl"),
    any(feature = "fs", feature = "reactor")
)))]
fn join_until(_handle: JoinHandle<()>, _deadline: Instant) -> bool {
    true
}
