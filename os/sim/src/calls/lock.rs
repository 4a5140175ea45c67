//! Waiting for a lock of the C library.
//!
//! Idea        Who waits for a lock inside the C library keeps the turn, and so the owner of the lock never goes on. So here a lock
//!             is tried, and who does not get it gives the turn away.

use libc::{c_int, clockid_t, timespec};

use super::clock::{from_timespec, moment};
use crate::kernel::{Channel, Step, call, read};

/// Tries until the result is not `EBUSY`, or until `until`.
pub(super) fn acquire(lock: usize, until: Option<u64>, mut tries: impl FnMut() -> c_int) -> c_int {
    call(|state| {
        let result = tries();
        if result != libc::EBUSY {
            return Step::Done(result);
        }
        if state.timed_out() || until.is_some_and(|until| until <= state.now) {
            return Step::Done(libc::ETIMEDOUT);
        }
        let channels = vec![Channel::Futex(lock)];
        Step::Wait { channels, until }
    })
}

/// Lets a lock go, and whoever waits for it tries again.
pub(super) fn release(lock: usize, lets_go: impl FnOnce() -> c_int) -> c_int {
    read(|state| {
        let result = lets_go();
        state.wake(Channel::Futex(lock));
        result
    })
}

/// Before this time, in seconds, is what a monotonic clock shows, and after it what a wall clock does: some functions do not
/// say whose time they take.
const WALL_BEGINS: i64 = 1_000_000_000;

/// The simulation's time at which the clock that `time` was read from shows it.
pub(super) fn until(time: &timespec) -> u64 {
    let is_wall = time.tv_sec >= WALL_BEGINS;
    let clock = if is_wall {
        libc::CLOCK_REALTIME
    } else {
        libc::CLOCK_MONOTONIC
    };
    until_on(clock, time)
}

/// The simulation's time at which `clock` shows `time`.
pub(super) fn until_on(clock: clockid_t, time: &timespec) -> u64 {
    read(|state| moment(state, clock, from_timespec(time)))
}
