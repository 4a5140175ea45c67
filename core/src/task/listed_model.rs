//! Models of tasks that are listed and woken by others than their owner.

use std::boxed::Box;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize as Plain, Ordering::SeqCst};

use loom::thread;

use super::id::next_id;
use super::model::{Owner, Queue, model};
use super::raw::{Header, Notified, OwnedTasks};
use crate::collections::{SlabPool, SlotLayout};

/// A place that is another one for each caller.
#[track_caller]
fn here() -> &'static Location<'static> {
    Location::caller()
}

/// Attacks I1 of `meta_words`: while a slot is given back and filled again, whoever lists tasks sees the id of a task with
/// that task's place, or nothing.
#[test]
#[allow(unsafe_code)]
fn model_a_task_is_listed_while_its_slot_is_filled_again() {
    model(|| {
        let owner = Owner::new();
        let visible = owner.tasks.visible();
        let queue = owner.queue.clone();
        let (first, second) = (next_id(), next_id());
        let (here_first, here_second) = (here(), here());
        let lister = thread::spawn(move || {
            visible.list(&queue, |task| {
                let place = if task.id == first {
                    here_first
                } else {
                    assert_eq!(task.id, second);
                    here_second
                };
                assert!(std::ptr::eq(task.location, place), "mixed of two tasks");
            });
        });
        // SAFETY: dropped below, on this thread, before the owner.
        let entered = unsafe { owner.tasks.enter() };
        for (id, place) in [(first, here_first), (second, here_second)] {
            // SAFETY: `Send` and `'static`.
            let (notified, handle) = unsafe { owner.tasks.spawn(id, place, async {}) };
            drop(handle);
            notified.run();
        }
        drop(entered);
        lister.join().unwrap();
        owner.close();
    });
}

/// Attacks I6 of `slab`, and I1 of `owned`: tasks are woken from outside while their owner ends and its slab gets another one,
/// whose tasks are left alone; each `Notified` is used up once.
#[test]
#[allow(unsafe_code)]
fn model_tasks_are_woken_from_outside_while_their_owner_ends() {
    model(|| {
        let pool: &'static SlabPool<Header> = Box::leak(Box::new(SlabPool::new()));
        let (ends, other) = (Queue::new(), Queue::new());
        let first = OwnedTasks::in_pool(pool, ends.clone(), SlotLayout::Dense);
        // SAFETY: `Send` and `'static`.
        let (notified, kept_slot) =
            unsafe { first.spawn(next_id(), here(), std::future::pending::<()>()) };
        notified.run();
        let visible = first.visible();
        let outside = {
            let ends = ends.clone();
            thread::spawn(move || visible.wake_waiting(&ends, Notified::run))
        };
        let closing = first.close();
        closing.cancel_all();
        closing.finish_soon();
        let second = OwnedTasks::in_pool(pool, other.clone(), SlotLayout::Dense);
        // SAFETY: as above.
        let (notified, handle) =
            unsafe { second.spawn(next_id(), here(), std::future::pending::<()>()) };
        drop(handle);
        let kept = std::sync::Arc::new(Plain::new(0));
        notified.run();
        let visible = second.visible();
        visible.wake_waiting(&other, |task| {
            kept.fetch_add(1, SeqCst);
            task.run();
        });
        assert_eq!(
            kept.load(SeqCst),
            1,
            "whoever woke for the first owner left it alone"
        );
        outside.join().unwrap();
        // Its slot has kept the block with the slab.
        drop(kept_slot);
        let closing = second.close();
        closing.cancel_all();
        closing.finish_soon();
    });
}
