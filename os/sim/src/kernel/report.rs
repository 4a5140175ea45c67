//! Why a simulation cannot go on.

use std::fmt::Write;

use super::state::State;
use super::threads::Phase;

/// Threads that a report lists.
const SHOWN: usize = 40;

/// What every thread waits for, when nothing can happen any more.
pub(super) fn stuck(state: &State) -> String {
    let mut text = if state.now > state.limit {
        format!(
            "the simulated time is up, after {:?}",
            std::time::Duration::from_nanos(state.limit)
        )
    } else {
        String::from("nothing can happen any more: all threads wait, and no timer is set")
    };
    let threads = state.threads.iter().enumerate();
    let waiting = threads.filter_map(|(at, thread)| match &thread.phase {
        Phase::Waiting(channels) => Some((at, thread.host, channels)),
        _ => None,
    });
    for (at, host, channels) in waiting.take(SHOWN) {
        let name = &state.hosts[host.0].name;
        let _written = write!(text, "\n  thread {at} of {name} waits for {channels:?}");
    }
    text
}
