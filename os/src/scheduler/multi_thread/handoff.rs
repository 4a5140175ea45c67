//! How a worker moves to another thread when its own thread is about to block.
//!
//! Idea        The thread puts the core of its worker into a mailbox, and a thread of the blocking pool takes it from there
//!             and runs the worker. If no thread has come by the time the blocking call returns, the first thread takes
//!             the core back.
//! States      core with its thread → in the mailbox → with the new thread, or back with the old one
//! Invariants  I1 the core in the mailbox is taken once: by the new thread, or back by the old one.
//!             I2 a worker is not handed off while it sleeps, because the sleepers' bits and the parker belong to one thread.

use std::sync::{Arc, Mutex, PoisonError};

use selkie_core::raw::coop;
use selkie_core::task::current_id;

use super::run;
use super::shared::{Core, MultiThread};
use super::work_loop::WorkLoop;
use super::worker::{Worker, with_worker};

/// A core between two threads (I1).
type Mailbox = Arc<Mutex<Option<Box<Core>>>>;

/// Runs `f`, which may block, after handing this thread's worker to another thread.
///
/// Outside a worker it just runs `f`.
pub(crate) fn block_in_place<F: FnOnce() -> R, R>(f: F) -> R {
    let mailbox = with_worker(hand_off).flatten();
    let _back = Reclaim {
        mailbox,
        budget: coop::stop(),
    };
    f()
}

/// Takes the core out of this thread and starts another one for it.
fn hand_off(worker: &Worker<'_>) -> Option<Mailbox> {
    if worker.parking.get() {
        // A waker, which blocks the sleep that it is called in (I2).
        return None;
    }
    let core = worker.remove()?;
    if current_id().is_some() {
        // The poll that blocks, which nobody could count later: the counters go with the core.
        worker.remote.counters.polls.publish_one();
        worker.counted.set(true);
    }
    worker.remote.counters.thread.leave();
    // A hook's call of this may lie between the search and the sleep.
    worker.leave_search();
    if let Some(probes) = worker.shared.probes() {
        probes.handed_off(worker.index);
    }
    // The task in the LIFO slot waits for this thread no longer: the core runs it.
    let mailbox: Mailbox = Arc::new(Mutex::new(Some(core)));
    let shared = Arc::clone(worker.owner);
    let theirs = Arc::clone(&mailbox);
    let launched = match shared.launch.get() {
        Some(launch) => launch(Box::new({
            let shared = Arc::clone(&shared);
            move || adopt(&shared, &theirs)
        })),
        None => Ok(()),
    };
    // Without another thread the core waits in the mailbox for this one; nothing is lost.
    drop(launched);
    Some(mailbox)
}

/// The new thread's part.
fn adopt(shared: &Arc<MultiThread>, mailbox: &Mailbox) {
    if let Some(core) = take(mailbox) {
        run::run(Arc::clone(shared), core);
    }
}

fn take(mailbox: &Mailbox) -> Option<Box<Core>> {
    mailbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// Takes the core back after blocking, if nobody has it yet; also on unwinding.
struct Reclaim {
    mailbox: Option<Mailbox>,
    budget: coop::Budget,
}

impl Drop for Reclaim {
    fn drop(&mut self) {
        coop::resume(self.budget);
        if let Some(core) = self.mailbox.as_ref().and_then(take) {
            with_worker(|worker| worker.install(core));
        }
    }
}
