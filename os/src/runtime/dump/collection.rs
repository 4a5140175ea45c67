//! Makes a dump, on a thread of its own: also while all workers are in long polls, or the blocking pool is full.
//!
//! Idea        All workers are asked, and waited for a while. Those that have not answered are in long polls: the others poll
//!             their tasks as well, and what nobody has polled then is listed without a trace.
//! Rejected    A thread of the blocking pool: it may have none to give, and then there would be no dump.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::task::Id;

use crate::observability::Request;
use crate::scheduler::Spawner;
use crate::sync::oneshot;

/// How often the tasks of stuck workers are given to others.
const ATTEMPTS: u32 = 3;

/// Blocks until what can be known has come together; about a second at most.
pub(super) fn collect(spawner: &Spawner, request: &Request) {
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
    let polled = polled_tasks(spawner, &stuck, begun.elapsed());
    list(spawner, request, &polled);
}

/// Adds what is known of tasks that nobody has polled.
fn list(spawner: &Spawner, request: &Request, polled: &HashMap<Id, Duration>) {
    let mut listed = Vec::new();
    spawner.list_tasks(&mut |task| listed.push(task));
    request.add_listed(listed, polled);
}

/// The tasks that keep the workers `stuck` busy, and for how long; at least for `least`.
fn polled_tasks(spawner: &Spawner, stuck: &[usize], least: Duration) -> HashMap<Id, Duration> {
    let mut polled = HashMap::new();
    for worker in stuck {
        let thread = spawner.counters(*worker).thread.observed();
        if let Some(id) = thread.and_then(|thread| thread.current_task()) {
            let looked = spawner.last_look(*worker);
            polled.insert(id, looked.unwrap_or(least).max(least));
        }
    }
    polled
}

/// Calls [`collect`] on a thread of its own, and waits for its end. If the system has no thread to give, the tasks are
/// listed without traces.
pub(super) async fn collect_apart(spawner: Spawner, request: Arc<Request>) {
    let (done, end) = oneshot::channel();
    let (own_spawner, own_request) = (spawner.clone(), Arc::clone(&request));
    let thread = thread::Builder::new().name("selkie-dump".to_owned());
    let started = thread.spawn(move || {
        collect(&own_spawner, &own_request);
        // Whoever asked may have gone.
        let _gone = done.send(());
    });
    if started.is_ok() {
        let _ended = end.await;
    } else {
        let _stuck = request.give_up_waiting();
        list(&spawner, &request, &HashMap::new());
    }
}
