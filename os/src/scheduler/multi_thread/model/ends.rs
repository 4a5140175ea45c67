//! A model of how workers end.

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc as StdArc;

use loom::thread;

use selkie_core::raw::collections::{SlabPool, SlotLayout};
use selkie_core::raw::task::{Header, Notified, OwnedTasks, Schedule, next_id};
use selkie_core::task::Id;

use super::super::remaining_tasks::RemainingTasks;

/// A scheduler whose tasks nobody queues.
struct NullScheduler;

#[allow(unsafe_code)]
// SAFETY: the tasks are `Send`.
unsafe impl Schedule for NullScheduler {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(_this: NonNull<Self>, task: Notified) {
        task.discard();
    }

    unsafe fn requeue(_this: NonNull<Self>, task: Notified) {
        task.discard();
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {}
}

/// Counts drops outside the model's eyes.
struct DropCounter(StdArc<std::sync::atomic::AtomicUsize>);

impl Drop for DropCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Attacks I1 to I3 of `end`: two workers end while one of them polls a task of the other's; whoever
/// waits for the end sees every task dropped.
#[test]
fn model_workers_end_while_one_polls_a_task_of_the_other() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let pool: &'static SlabPool<Header> = Box::leak(Box::new(SlabPool::new()));
        let end = StdArc::new(RemainingTasks::<NullScheduler>::new(2));
        let scheduler = StdArc::new(NullScheduler);
        let drops = StdArc::new(std::sync::atomic::AtomicUsize::new(0));
        let owners: Vec<_> = (0..2)
            .map(|_| OwnedTasks::in_pool(pool, StdArc::clone(&scheduler), SlotLayout::Apart))
            .collect();
        let counted = DropCounter(StdArc::clone(&drops));
        let task = async move {
            let _counted = counted;
            std::future::pending::<()>().await;
        };
        #[allow(unsafe_code)]
        // SAFETY: `Send` and `'static`.
        let (task, handle) = unsafe { owners[0].spawn(next_id(), Location::caller(), task) };
        drop(handle);
        let mut task = Some(task);
        for (index, owner) in owners.into_iter().enumerate() {
            let end = StdArc::clone(&end);
            let stolen = (index == 1).then(|| task.take()).flatten();
            thread::spawn(move || {
                if let Some(task) = stolen {
                    task.run();
                }
                let closing = owner.close();
                closing.cancel_all();
                end.keep(closing);
                if let Some(left) = end.worker_ended(index, None) {
                    end.end(left.owners, || ());
                }
            });
        }
        assert!(end.wait(None));
        assert_eq!(drops.load(std::sync::atomic::Ordering::SeqCst), 1);
    });
}
