//! Futexes: a thread waits while a word has a value, until another wakes it.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use super::channel::Channel;
use super::state::State;
use super::step::Step;
use crate::errno::Errno;

/// Waits at `word` while it is `expected`. Whoever is woken has `begun` already.
///
/// # Safety
/// `word` is the address of a live, aligned word.
pub(crate) unsafe fn wait_at(
    state: &mut State,
    word: *const u32,
    expected: u32,
    until: Option<u64>,
    begun: &mut bool,
) -> Step<Result<(), Errno>> {
    if *begun {
        let timed_out = state.timed_out();
        let result = if timed_out {
            Err(Errno(libc::ETIMEDOUT))
        } else {
            Ok(())
        };
        return Step::Done(result);
    }
    // SAFETY: the caller's promise.
    let word = unsafe { AtomicU32::from_ptr(word.cast_mut()) };
    // The thread that changed it gave the turn to this one.
    if word.load(Ordering::SeqCst) != expected {
        return Step::Done(Err(Errno(libc::EAGAIN)));
    }
    *begun = true;
    let channels = vec![Channel::Futex(word.as_ptr() as usize)];
    Step::Wait { channels, until }
}

/// Wakes `count` threads that wait at `word`.
pub(crate) fn wake_at(state: &mut State, word: usize, count: usize) -> usize {
    state.wake_some(Channel::Futex(word), count)
}
