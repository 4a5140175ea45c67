//! Models of a task's life: every interleaving of wake, poll, abort, join, drop and shutdown.

use std::boxed::Box;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize as Plain, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::vec::Vec;

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use super::JoinHandle;
use super::id::{Id, next_id};
use super::raw::{Header, Notified, OwnedTasks, Schedule};
use crate::collections::{SlabPool, SlotLayout};
use crate::platform::{AtomicUsize, Lock, Ordering, PlainArc};
use crate::queue::Inject;

/// A scheduler that is a queue.
pub(super) struct Queue {
    inject: Inject<Notified>,
    finished: AtomicUsize,
}

// SAFETY: the tasks are `Send`.
#[allow(unsafe_code)]
unsafe impl Schedule for Queue {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(this: NonNull<Self>, notified: Notified) {
        // SAFETY: the `Notified` keeps the owner from closing.
        unsafe { PlainArc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { PlainArc::from_raw(this.as_ptr()) };
        if let Err(notified) = this.inject.push(notified) {
            notified.discard();
        }
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }
}

impl Queue {
    pub(super) fn new() -> PlainArc<Self> {
        PlainArc::new(Self {
            inject: Inject::new(),
            finished: AtomicUsize::new(0),
        })
    }

    fn run_one(&self) -> bool {
        match self.inject.pop() {
            Some(notified) => {
                notified.run();
                true
            }
            None => false,
        }
    }

    /// Runs tasks until `count` have ended.
    fn run_until_finished(&self, count: usize) {
        while self.finished.load(Ordering::Relaxed) < count {
            if !self.run_one() {
                thread::yield_now();
            }
        }
    }
}

/// A scheduler and the owner of its tasks.
pub(super) struct Owner {
    pub(super) queue: PlainArc<Queue>,
    pub(super) tasks: OwnedTasks<Queue>,
}

impl Owner {
    pub(super) fn new() -> Self {
        // Leaked: slabs live for ever.
        let pool: &'static SlabPool<Header> = Box::leak(Box::new(SlabPool::new()));
        let queue = Queue::new();
        let tasks = OwnedTasks::in_pool(pool, queue.clone(), SlotLayout::Dense);
        Self { queue, tasks }
    }

    #[allow(unsafe_code)]
    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        // SAFETY: `Send` and `'static`.
        let (notified, handle) = unsafe { self.tasks.spawn(next_id(), Location::caller(), future) };
        // SAFETY: the scheduler is alive.
        unsafe { Queue::schedule(NonNull::from(&*self.queue), notified) };
        handle
    }

    pub(super) fn close(self) {
        self.queue.inject.close();
        let tasks = self.tasks.close();
        tasks.cancel_all();
        while self.queue.run_one() {}
        tasks.finish_soon();
    }
}

pub(super) fn model(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(f);
}

/// Counts drops outside the model's eyes.
struct DropCounter(std::sync::Arc<Plain>);

impl Drop for DropCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A future that waits until `flag` is set, with its waker where `wakers` says.
fn wait_for(
    flag: Arc<AtomicUsize>,
    wakers: Arc<Lock<Option<Waker>>>,
) -> impl Future<Output = ()> + Send {
    poll_fn(move |cx| {
        *wakers.lock() = Some(cx.waker().clone());
        if flag.load(Ordering::Relaxed) == 1 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

/// Attacks I2 of `state`: a wake that meets a poll is never lost.
#[test]
fn model_wake_meets_poll() {
    model(|| {
        let owner = Owner::new();
        let flag = Arc::new(AtomicUsize::new(0));
        let wakers = Arc::new(Lock::new(None));
        let handle = owner.spawn(wait_for(flag.clone(), wakers.clone()));
        let waking = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            let waker: Option<Waker> = wakers.lock().clone();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        owner.queue.run_until_finished(1);
        waking.join().unwrap();
        drop(handle);
        owner.close();
    });
}

/// Regression 5: what a thread wrote before it woke a task that was notified already is seen by the
/// poll; else the task would wait for ever.
#[test]
fn model_regression_05_wake_of_a_notified_task_publishes() {
    model(|| {
        let owner = Owner::new();
        let flag = Arc::new(AtomicUsize::new(0));
        let wakers = Arc::new(Lock::new(None));
        let handle = owner.spawn(wait_for(flag.clone(), wakers.clone()));
        assert!(owner.queue.run_one());
        let waker: Waker = wakers.lock().take().unwrap();
        let other = waker.clone();
        let writing = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            other.wake();
        });
        waker.wake();
        owner.queue.run_until_finished(1);
        writing.join().unwrap();
        drop(handle);
        owner.close();
    });
}

/// Attacks I3 and I6: a waker that outlives its task wakes into a slot that is given back and taken
/// again, and harms nobody.
#[test]
fn model_stale_waker_meets_the_slots_next_task() {
    model(|| {
        let owner = Owner::new();
        let wakers = Arc::new(Lock::new(None));
        let flag = Arc::new(AtomicUsize::new(1));
        drop(owner.spawn(wait_for(flag, wakers.clone())));
        let first = wakers.clone();
        let waking = thread::spawn(move || {
            let waker: Option<Waker> = first.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        owner.queue.run_until_finished(1);
        let second = owner.spawn(async { 2 });
        owner.queue.run_until_finished(2);
        assert_eq!(block_on(second).unwrap(), 2);
        waking.join().unwrap();
        owner.close();
    });
}

/// Attacks I1: abort meets poll and completion; the future is dropped once, the handle gets one
/// answer.
#[test]
fn model_abort_meets_poll() {
    model(|| {
        let owner = Owner::new();
        let drops = std::sync::Arc::new(Plain::new(0));
        let counted = DropCounter(drops.clone());
        let mut polls = 0;
        let handle = owner.spawn(poll_fn(move |cx| {
            let _counted = &counted;
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let abort = handle.abort_handle();
        let aborting = thread::spawn(move || {
            abort.abort();
            abort
        });
        owner.queue.run_until_finished(1);
        let result = block_on(handle);
        assert!(result.is_ok() || result.unwrap_err().is_cancelled());
        assert_eq!(drops.load(SeqCst), 1);
        assert!(aborting.join().unwrap().is_finished());
        owner.close();
    });
}

/// Attacks I4: the join waker's store meets the completion.
#[test]
fn model_join_meets_completion() {
    model(|| {
        let owner = Owner::new();
        let handle = owner.spawn(async { 7 });
        let joining = thread::spawn(move || block_on(handle).unwrap());
        owner.queue.run_until_finished(1);
        assert_eq!(joining.join().unwrap(), 7);
        owner.close();
    });
}

struct NoopWaker;

impl Wake for NoopWaker {
    fn wake(self: std::sync::Arc<Self>) {}
}

/// Attacks I3 and I4: the handle is polled, then dropped, while the task completes; the output is
/// dropped once.
#[test]
fn model_handle_drop_meets_completion() {
    model(|| {
        let owner = Owner::new();
        let drops = std::sync::Arc::new(Plain::new(0));
        let counted = DropCounter(drops.clone());
        let mut handle = owner.spawn(async move { counted });
        let dropping = thread::spawn(move || {
            let waker = Waker::from(std::sync::Arc::new(NoopWaker));
            let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
            drop(polled);
            drop(handle);
        });
        owner.queue.run_until_finished(1);
        dropping.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
        owner.close();
    });
}

/// Attacks I1 of `owned`: shutdown meets a wake from another thread and the handle's drop.
#[test]
fn model_shutdown_meets_wake() {
    model(|| {
        let owner = Owner::new();
        let wakers = Arc::new(Lock::new(None));
        let drops = std::sync::Arc::new(Plain::new(0));
        let counted = DropCounter(drops.clone());
        let waiting = wait_for(Arc::new(AtomicUsize::new(0)), wakers.clone());
        let handle = owner.spawn(async move {
            let _counted = counted;
            waiting.await;
        });
        assert!(owner.queue.run_one());
        let waker: Waker = wakers.lock().take().unwrap();
        let waking = thread::spawn(move || {
            waker.wake();
            drop(handle);
        });
        owner.close();
        assert_eq!(drops.load(SeqCst), 1);
        waking.join().unwrap();
    });
}

/// Attacks I2 of `state` at shutdown: the handle waits while the runtime cancels a task whose `Notified`
/// is in flight.
#[test]
fn model_shutdown_meets_join() {
    model(|| {
        let owner = Owner::new();
        let wakers = Arc::new(Lock::new(None));
        let handle = owner.spawn(wait_for(Arc::new(AtomicUsize::new(0)), wakers.clone()));
        assert!(owner.queue.run_one());
        let waker: Waker = wakers.lock().take().unwrap();
        let waking = thread::spawn(move || waker.wake());
        let joining = thread::spawn(move || block_on(handle).unwrap_err().is_cancelled());
        owner.close();
        waking.join().unwrap();
        assert!(joining.join().unwrap());
    });
}

/// Slots given back on two threads are taken again, each once.
#[test]
fn model_slots_return_to_their_slab() {
    model(|| {
        let owner = Owner::new();
        let handles: Vec<_> = (0..2).map(|n| owner.spawn(async move { n })).collect();
        owner.queue.run_until_finished(2);
        let mut handles = handles.into_iter();
        let first = handles.next().unwrap();
        // This handle's drop gives its slot back from another thread, while we spawn again.
        let away = thread::spawn(move || drop(first));
        let third = owner.spawn(async { 3 });
        owner.queue.run_until_finished(3);
        assert_eq!(block_on(third).unwrap(), 3);
        assert_eq!(block_on(handles.next().unwrap()).unwrap(), 1);
        away.join().unwrap();
        owner.close();
    });
}
