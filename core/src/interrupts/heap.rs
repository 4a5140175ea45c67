//! The executor with a heap: interrupt handlers spawn onto it, and drop and join its tasks.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::executor::{HeapExecutor, spawn};
use crate::park::{Park, Unpark};
use crate::queue::FixedQueue;
use crate::sync::{Notify, Signal};
use crate::task::{AbortHandle, JoinHandle, yield_now};

/// A sleep that ends at once.
struct NoPark;

struct NoUnpark;

impl Unpark for NoUnpark {
    fn unpark(&self) {}
}

impl Park for NoPark {
    type Unpark = NoUnpark;

    fn unpark_handle(&self) -> NoUnpark {
        NoUnpark
    }

    fn park(&mut self, _timeout: Option<Duration>) {}

    fn shutdown(&mut self) {}
}

/// Counts what was spawned and what ran.
#[derive(Default)]
struct Counts {
    spawned: AtomicU32,
    ran: AtomicU32,
}

impl Counts {
    /// A task of `WORDS` words that finds them as they were left.
    async fn work<const WORDS: usize>(self: Arc<Self>, number: u32) {
        let words = [number; WORDS];
        yield_now().await;
        assert_eq!(words, [number; WORDS], "another task's future");
        self.ran.fetch_add(1, SeqCst);
    }

    fn spawn<const WORDS: usize>(self: &Arc<Self>, number: u32) {
        if spawn(self.clone().work::<WORDS>(number)).is_ok() {
            self.spawned.fetch_add(1, SeqCst);
        }
    }
}

/// Thread level runs the executor; the handler spawns at it, and drops, joins and aborts: row 75.
pub(super) struct Heap {
    counts: Arc<Counts>,
    /// Handles of thread level's tasks, for the handler.
    handles: FixedQueue<JoinHandle<()>, 4>,
    aborts: FixedQueue<AbortHandle, 4>,
    notify: Arc<Notify>,
    /// Drops of a task that waits for ever and is aborted.
    joiner: Task<()>,
    joined: Arc<FixedQueue<JoinHandle<u32>, 1>>,
}

impl Scenario for Heap {
    fn new() -> Self {
        let joined = Arc::new(FixedQueue::<JoinHandle<u32>, 1>::new());
        let from = joined.clone();
        Self {
            counts: Arc::default(),
            handles: FixedQueue::new(),
            aborts: FixedQueue::new(),
            notify: Arc::new(Notify::new()),
            joiner: Task::new(async move {
                while let Some(handle) = from.pop() {
                    let _joined_or_cancelled = handle.await;
                }
            }),
            joined,
        }
    }

    fn thread(&self) {
        let mut executor = HeapExecutor::new(NoPark);
        for number in 0..3 {
            let handle = executor.spawn(self.counts.clone().work::<4>(number));
            self.counts.spawned.fetch_add(1, SeqCst);
            assert!(self.handles.push(handle).is_ok());
        }
        let notify = self.notify.clone();
        let waiting = executor.spawn(async move { notify.notified().await });
        assert!(self.aborts.push(waiting.abort_handle()).is_ok());
        assert!(self.joined.push(executor.spawn(async { 7 })).is_ok());
        let counts = &self.counts;
        counts.spawn::<4>(10);
        let mut polls = 0;
        executor.block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                counts.spawn::<4>(11);
                counts.spawn::<40>(12);
            }
            if polls > 2 && counts.ran.load(SeqCst) == counts.spawned.load(SeqCst) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        drop(waiting);
        drop(executor);
    }

    fn interrupt(&self) {
        self.counts.spawn::<4>(20);
        drop(self.handles.pop());
        self.joiner.run();
        self.counts.spawn::<40>(21);
        self.notify.notify_one();
        if let Some(abort) = self.aborts.pop() {
            abort.abort();
        }
    }

    fn check(&self) {
        while let Some(handle) = self.handles.pop() {
            drop(handle);
        }
        self.joiner.cancel();
        drop(self.joined.pop());
        assert_eq!(
            Arc::strong_count(&self.counts),
            1,
            "a task's future was leaked"
        );
        assert_eq!(
            Arc::strong_count(&self.notify),
            1,
            "a task's future was leaked"
        );
        let (ran, spawned) = (&self.counts.ran, &self.counts.spawned);
        // What came between the last poll and the executor's end was cancelled.
        assert!(ran.load(SeqCst) <= spawned.load(SeqCst), "a task ran twice");
    }
}

/// An executor with a heap whose context is the handler's, which drops it while thread level is in the
/// middle of waking one of its tasks.
pub(super) struct UrgentHeap {
    executor: RefCell<Option<HeapExecutor<NoPark>>>,
    waker: Waker,
    notified: Arc<()>,
}

impl Scenario for UrgentHeap {
    fn new() -> Self {
        let mut executor = HeapExecutor::new(NoPark);
        let (waker, notified) = (Arc::new(Signal::<Waker>::new()), Arc::new(()));
        let (to, held) = (waker.clone(), notified.clone());
        let waiting = executor.spawn(async move {
            let _held = held;
            poll_fn(|cx| {
                to.signal(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        });
        let waker = executor.block_on(waker.wait());
        drop(waiting);
        let executor = RefCell::new(Some(executor));
        Self {
            executor,
            waker,
            notified,
        }
    }

    fn thread(&self) {
        self.waker.wake_by_ref();
        self.waker.wake_by_ref();
    }

    fn interrupt(&self) {
        drop(self.executor.take());
    }

    fn check(&self) {
        drop(self.executor.take());
        self.waker.wake_by_ref();
        assert_eq!(
            Arc::strong_count(&self.notified),
            1,
            "a task's future was leaked"
        );
    }
}

/// Row 75: two tasks got one slot, since a handler found the lists of slots as thread level's own.
#[test]
fn a_handler_spawns_and_drops_handles_at_the_executor_that_it_interrupted() {
    sweep::<Heap>();
}

/// The drop spun for a `Notified` that thread level, suspended by it, was about to queue.
#[test]
fn a_handler_drops_an_executor_whose_task_is_being_woken() {
    sweep::<UrgentHeap>();
}
