//! Sleeps of threads.
#![allow(unsafe_code)]

use libc::{c_int, c_uint, clockid_t, timespec};

use super::answer::real;
use super::clock::{from_timespec, in_time, moment};
use crate::kernel::{Channel, Step, call, is_simulated, read};

/// The running thread waits until the simulation's time is this.
pub(super) fn sleep_until(until: u64) {
    call(|state| {
        if state.now >= until {
            return Step::Done(());
        }
        let channels = vec![Channel::Time];
        Step::Wait {
            channels,
            until: Some(until),
        }
    });
}

fn sleep_for(nanoseconds: u64) {
    let until = read(|state| in_time(state, nanoseconds));
    sleep_until(until);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
    if !is_simulated() {
        let arguments = [time as usize, left as usize, 0, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_nanosleep, arguments) } as c_int;
    }
    // SAFETY: the caller's pointer is one to a time.
    sleep_for(from_timespec(unsafe { &*time }));
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: clockid_t,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            clock as usize,
            flags as usize,
            time as usize,
            left as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise. This function returns the number of an error.
        let returned = unsafe { crate::sys::syscall(libc::SYS_clock_nanosleep, arguments) };
        return -returned as c_int;
    }
    // SAFETY: the caller's pointer is one to a time.
    let time = from_timespec(unsafe { &*time });
    if flags & libc::TIMER_ABSTIME == 0 {
        sleep_for(time);
    } else {
        sleep_until(read(|state| moment(state, clock, time)));
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn usleep(microseconds: c_uint) -> c_int {
    let time = timespec {
        tv_sec: (microseconds / 1_000_000).into(),
        tv_nsec: (microseconds % 1_000_000 * 1000).into(),
    };
    // SAFETY: a time of this function's own.
    unsafe { nanosleep(&raw const time, std::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sleep(seconds: c_uint) -> c_uint {
    let time = timespec {
        tv_sec: seconds.into(),
        tv_nsec: 0,
    };
    // SAFETY: a time of this function's own.
    unsafe { nanosleep(&raw const time, std::ptr::null_mut()) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sched_yield() -> c_int {
    if !is_simulated() {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_sched_yield, [0; 6]) } as c_int;
    }
    // A little time, so that whoever waits for another's progress sees it.
    sleep_for(1000);
    0
}
