//! Models of the loop of workers: no task that was queued is slept through, whatever others do.

use super::super::notify::SharedQueues;
use super::workers::{Poll, Scheduler};

fn model(f: impl Fn() + Sync + Send + 'static) {
    loom::model(f);
}

/// As [`model`], with one preemption less: of two workers and pushes there are so many interleavings that three take minutes.
fn larger_model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.map(|bound| bound.min(2));
    builder.check(f);
}

/// Attacks I2 of `idle` and I1 of `parker`: a push while a worker begins to sleep.
#[test]
fn model_a_push_is_never_slept_through() {
    model(|| Scheduler::new(1, 1).run(|shared| shared.push(Poll::Ends)));
}

/// Attacks I1 and I2 of `idle`: two workers, of which one sleeps in the driver and one alone, and a
/// push that may be seen by either.
#[test]
fn model_two_workers_share_a_push() {
    model(|| Scheduler::new(2, 1).run(|shared| shared.push(Poll::Ends)));
}

/// Attacks I2 of `idle`: a worker that finds a task and blocks in it meets a second push, which relies
/// on the searcher that it saw.
#[test]
fn model_a_second_push_does_not_wait_for_the_first_task() {
    larger_model(|| {
        Scheduler::new(2, 2).run(|shared| {
            shared.push(Poll::Blocks);
            shared.push(Poll::Blocks);
        });
    });
}

/// Attacks I2 of `local_queue`: a worker that pushes three tasks into its ring tells no other of the last, and blocks.
#[test]
fn model_an_untold_push_is_never_slept_through() {
    larger_model(|| Scheduler::new(2, 4).run(|shared| shared.push(Poll::SpawnsAndBlocks(3))));
}

/// Attacks I2 of `notify`: a stop meets a worker before, in and after its sleep.
#[test]
fn model_a_stop_ends_every_sleep() {
    model(|| Scheduler::new(2, 1).run(SharedQueues::stop_workers));
}
