//! Clocks.
#![allow(unsafe_code)]

use libc::{c_int, c_long, c_void, clockid_t, time_t, timespec, timeval};

use super::answer::real;
use crate::kernel::{State, is_simulated, look};
use crate::sys::OriginalFunction;

/// What the monotonic clock says when a simulation begins: a day, so that a program may look back.
const BOOTED: u64 = 86_400 * 1_000_000_000;
/// What the wall clock says then: 2030-01-01.
const WALL: u64 = 1_893_456_000 * 1_000_000_000;
/// What a look at a clock costs.
const LOOK: u64 = 40;

/// What the running thread's host adds to what its clock has counted, for `clock`.
fn offset(state: &State, clock: clockid_t) -> (u64, i64) {
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => {
            (WALL, state.hosts[state.host().0].wall_offset)
        }
        libc::CLOCK_PROCESS_CPUTIME_ID | libc::CLOCK_THREAD_CPUTIME_ID => (0, 0),
        _ => (BOOTED, 0),
    }
}

/// The nanoseconds that `clock` shows the running thread.
pub(super) fn nanoseconds(state: &State, clock: clockid_t) -> u64 {
    let (begun, shift) = offset(state, clock);
    let counted = state.hosts[state.host().0].rate.show(state.now);
    begun.saturating_add(counted).saturating_add_signed(shift)
}

/// The simulation's time at which `clock` shows this, for the running thread.
pub(super) fn moment(state: &State, clock: clockid_t, shows: u64) -> u64 {
    let (begun, shift) = offset(state, clock);
    let counted = i128::from(shows) - i128::from(begun) - i128::from(shift);
    let counted = u64::try_from(counted.max(0)).unwrap_or(u64::MAX);
    state.hosts[state.host().0].rate.moment(counted)
}

/// The simulation's time at which so many nanoseconds have passed by the clock of the running thread's host.
pub(super) fn in_time(state: &State, nanoseconds: u64) -> u64 {
    let rate = state.hosts[state.host().0].rate;
    state.now.saturating_add(rate.last(nanoseconds))
}

/// A time as nanoseconds.
pub(super) fn from_timespec(time: &timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(time.tv_nsec as u64)
}

fn shown(clock: clockid_t) -> u64 {
    look(|state| {
        state.now += LOOK;
        nanoseconds(state, clock)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    static CLOCK: OriginalFunction = OriginalFunction::new(c"clock_gettime");
    type ClockFunction = unsafe extern "C" fn(clockid_t, *mut timespec) -> c_int;
    if !is_simulated() {
        // The C library's own function reads most clocks without a call into the kernel.
        let Some(address) = CLOCK.find() else {
            let arguments = [clock as usize, time as usize, 0, 0, 0, 0];
            // SAFETY: the caller's promise.
            return unsafe { real(libc::SYS_clock_gettime, arguments) } as c_int;
        };
        // SAFETY: the C library's function of this name has this type.
        let read = unsafe { std::mem::transmute::<usize, ClockFunction>(address) };
        // SAFETY: the caller's promise.
        return unsafe { read(clock, time) };
    }
    let nanoseconds = shown(clock);
    let value = timespec {
        tv_sec: (nanoseconds / 1_000_000_000) as time_t,
        tv_nsec: (nanoseconds % 1_000_000_000) as _,
    };
    // SAFETY: the caller's pointer is one to a time.
    unsafe { time.write(value) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(time: *mut timeval, zone: *mut c_void) -> c_int {
    static TIME: OriginalFunction = OriginalFunction::new(c"gettimeofday");
    type TimeFunction = unsafe extern "C" fn(*mut timeval, *mut c_void) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let read = unsafe { std::mem::transmute::<usize, TimeFunction>(TIME.address()) };
        // SAFETY: the caller's promise.
        return unsafe { read(time, zone) };
    }
    let nanoseconds = shown(libc::CLOCK_REALTIME);
    let value = timeval {
        tv_sec: (nanoseconds / 1_000_000_000) as time_t,
        tv_usec: (nanoseconds % 1_000_000_000 / 1000) as _,
    };
    if !time.is_null() {
        // SAFETY: the caller's pointer is one to a time.
        unsafe { time.write(value) };
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn time(time: *mut time_t) -> time_t {
    let mut now = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a time of this function's own.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    if !time.is_null() {
        // SAFETY: the caller's pointer is one to a time.
        unsafe { time.write(now.tv_sec) };
    }
    now.tv_sec
}

/// Microseconds of the processor's time.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock() -> c_long {
    let mut now = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a time of this function's own.
    unsafe { clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

/// The C standard's look at a clock: 1 is the wall clock, 2 the monotonic one.
#[unsafe(no_mangle)]
unsafe extern "C" fn timespec_get(time: *mut timespec, base: c_int) -> c_int {
    let clock = match base {
        1 => libc::CLOCK_REALTIME,
        2 => libc::CLOCK_MONOTONIC,
        _ => return 0,
    };
    // SAFETY: the caller's promise.
    unsafe { clock_gettime(clock, time) };
    base
}
