//! Other threads list the tasks of an owner, and wake them, while it spawns, ends and trims without a pause.
#![cfg(feature = "std")]
#![allow(unsafe_code)]

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use selkie_core::raw::collections::SlotLayout;
use selkie_core::raw::task::{ListedTask, Notified, OwnedTasks, Schedule, find_task, next_id};
use selkie_core::task::{Id, JoinHandle};

/// Rounds of a burst of tasks each.
const ROUNDS: usize = if cfg!(miri) { 6 } else { 60 };
const BURST: usize = if cfg!(miri) { 20 } else { 2000 };

/// A scheduler that is a queue.
#[derive(Default)]
struct Queue {
    tasks: Mutex<Vec<Notified>>,
    ended: AtomicUsize,
}

// SAFETY: the tasks are `Send`.
unsafe impl Schedule for Queue {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(this: NonNull<Self>, notified: Notified) {
        // SAFETY: the `Notified` keeps the scheduler, and so the `Arc`.
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.tasks.lock().unwrap().push(notified);
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[track_caller]
fn here() -> &'static Location<'static> {
    Location::caller()
}

/// The places at which tasks of even and of odd ids are spawned.
fn places() -> [&'static Location<'static>; 2] {
    let (even, odd) = (here(), here());
    [even, odd]
}

fn check(task: &ListedTask) {
    let place = places()[task.id.as_u64() as usize % 2];
    assert_eq!(
        task.location, place,
        "the id of one task, the place of another"
    );
}

/// Ends at its third poll.
struct ThirdPoll(u32);

impl Future for ThirdPoll {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<u32> {
        self.0 += 1;
        if self.0 < 3 {
            Poll::Pending
        } else {
            Poll::Ready(self.0)
        }
    }
}

fn spawn(tasks: &OwnedTasks<Queue>, size: usize) -> (Notified, JoinHandle<u32>) {
    let id = next_id();
    let place = places()[id.as_u64() as usize % 2];
    if size % 3 == 0 {
        let ballast = [1_u8; 300];
        let mut future = ThirdPoll(0);
        let large = poll_fn(move |cx| {
            assert_eq!(ballast[7], 1);
            Pin::new(&mut future).poll(cx)
        });
        // SAFETY: `Send` and `'static`.
        unsafe { tasks.spawn(id, place, large) }
    } else {
        // SAFETY: as above.
        unsafe { tasks.spawn(id, place, ThirdPoll(0)) }
    }
}

/// Spawns bursts of tasks, some of which wait, and gives memory back, for as many rounds as there are.
fn work(scheduler: &Arc<Queue>, tasks: OwnedTasks<Queue>) {
    // SAFETY: dropped below, on this thread, before the owner.
    let entered = unsafe { tasks.enter() };
    for round in 0..ROUNDS {
        let mut handles = Vec::new();
        for size in 0..BURST {
            let (task, handle) = spawn(&tasks, size + round);
            handles.push(handle);
            task.run();
        }
        // Half of the handles go, the other half keep slots beyond their tasks.
        handles.truncate(BURST / 2);
        let run_queued = || {
            let queued = std::mem::take(&mut *scheduler.tasks.lock().unwrap());
            queued.into_iter().for_each(Notified::run);
        };
        run_queued();
        if round % 2 == 0 {
            tasks.wake_all(|_, task| task.into_iter().for_each(Notified::run));
            tasks.wake_all(|_, task| task.into_iter().for_each(Notified::run));
        }
        run_queued();
        while tasks.trim(64) {}
    }
    drop(entered);
    let closing = tasks.close();
    closing.cancel_all();
    let queued = std::mem::take(&mut *scheduler.tasks.lock().unwrap());
    queued.into_iter().for_each(Notified::cancel);
    closing.finish_soon();
}

#[test]
fn tasks_are_listed_and_woken_while_their_owner_spawns_ends_and_trims() {
    let stop = AtomicBool::new(false);
    let listed = AtomicUsize::new(0);
    // One owner after the other has the same slabs.
    for _ in 0..3 {
        let scheduler = Arc::new(Queue::default());
        let tasks = OwnedTasks::laid_out(Arc::clone(&scheduler), SlotLayout::Dense);
        let (listing, waking) = (tasks.visible(), tasks.visible());
        stop.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let mut last = None;
                    listing.list(&scheduler, |task| {
                        check(&task);
                        last = Some(task.id);
                        listed.fetch_add(1, Ordering::Relaxed);
                    });
                    if let Some(found) = last.and_then(find_task) {
                        check(&found);
                    }
                }
            });
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    waking.wake_waiting(&scheduler, Notified::run);
                    thread::yield_now();
                }
            });
            work(&scheduler, tasks);
            stop.store(true, Ordering::Relaxed);
        });
        listing.list(&scheduler, |_| panic!("the owner has ended"));
    }
    assert!(listed.into_inner() > 0);
}
