//! Makes a dump, on a thread of its own: also while all workers are in long polls, or the blocking pool is full.
//!
//! Idea        All workers are asked, and waited for a while. Those that have not answered are in long polls: the others poll
//!             their tasks as well, and what nobody has polled then is listed without a trace.
//! Rejected    A thread of the blocking pool: it may have none to give, and then there would be no dump.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::context::Handle;
use crate::observability::{Request, StuckPoll};
use crate::scheduler::Spawner;
use crate::sync::oneshot;
use crate::sys::prepare_stack_signal;
use crate::threads::start_library_thread;

/// How often the tasks of stuck workers are given to others.
const ATTEMPTS: u32 = 3;

/// Blocks until what can be known has come together; about a second at most.
pub(super) fn collect(handle: &Handle, request: &Request) {
    let spawner = &handle.inner.spawner;
    let begun = Instant::now();
    let polls = |worker| spawner.counters(worker).polls.get();
    let polls_before: Vec<_> = (0..spawner.workers()).map(polls).collect();
    request.wait();
    let mut stuck = Vec::new();
    for _ in 0..ATTEMPTS {
        let stuck_before = std::mem::replace(&mut stuck, request.give_up_waiting());
        // Otherwise all have answered that are free, and nothing is left to give them.
        if stuck == stuck_before || stuck.len() == spawner.workers() {
            break;
        }
        request.ask_again();
        spawner.call_for_dump();
        request.wait();
    }
    stuck = request.give_up_waiting();
    stuck.retain(|worker| polls(*worker) == polls_before[*worker]);
    let least = begun.elapsed();
    let polls = stuck
        .into_iter()
        .filter_map(|worker| stuck_poll(handle, worker, least));
    list(spawner, request, polls.collect());
}

/// Adds what is known of tasks that nobody has polled.
fn list(spawner: &Spawner, request: &Request, polls: Vec<StuckPoll>) {
    let mut listed = Vec::new();
    spawner.list_tasks(&mut |task| listed.push(task));
    request.add_listed(listed, polls);
}

/// What keeps `worker` from answering, for `least` at least; `None` if no thread runs it, or if it goes on.
fn stuck_poll(handle: &Handle, worker: usize, least: Duration) -> Option<StuckPoll> {
    let (spawner, watchdog) = (&handle.inner.spawner, handle.inner.watchdog.get());
    let before = spawner.look_at(worker);
    let thread = before.thread?;
    let task = thread.current_task();
    let seen = watchdog.and_then(|watchdog| watchdog.poll_duration(worker));
    let lasts = seen.or_else(|| spawner.last_look(worker));
    let signal = handle.inner.stack_signal;
    let stack = prepare_stack_signal(signal)
        .ok()
        .and_then(|()| thread.stack(signal).ok());
    // Otherwise it may be the stack of another poll.
    let goes_on = spawner.look_at(worker).count == before.count && thread.current_task() == task;
    goes_on.then(|| StuckPoll {
        worker,
        task,
        lasts: lasts.unwrap_or(least).max(least),
        stack,
    })
}

/// Calls [`collect`] on a thread of its own, and waits for its end. If the system has no thread to give, the tasks are
/// listed without traces.
pub(super) async fn collect_apart(handle: Handle, request: Arc<Request>) {
    let (done, end) = oneshot::channel();
    let (own_handle, own_request) = (handle.clone(), Arc::clone(&request));
    let make = move || {
        collect(&own_handle, &own_request);
        // Whoever asked may have gone.
        let _gone = done.send(());
    };
    if start_library_thread("selkie-dump", Box::new(make)).is_ok() {
        let _ended = end.await;
    } else {
        let _stuck = request.give_up_waiting();
        list(&handle.inner.spawner, &request, Vec::new());
    }
}
