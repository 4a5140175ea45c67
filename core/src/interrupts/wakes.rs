//! Wake cells, signals and notifications.

use core::future::poll_fn;
use core::task::Poll;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::sync::{Notify, Signal};
use crate::wake::WakerCell;

/// A condition with the cell of the task that waits for it.
#[derive(Default)]
struct Condition {
    events: AtomicU32,
    cell: WakerCell,
}

impl Condition {
    fn happen(&self) {
        self.events.fetch_add(1, SeqCst);
        self.cell.wake();
    }

    /// As [`happen`](Self::happen), in two steps.
    fn happen_slowly(&self) {
        self.events.fetch_add(1, SeqCst);
        if let Some(waker) = self.cell.take() {
            waker.wake();
        }
    }

    /// Waits until so many events have happened.
    fn waiter(self: &Arc<Self>, events: u32) -> Task<()> {
        let this = self.clone();
        Task::new(poll_fn(move |cx| {
            this.cell.register(cx.waker());
            match this.events.load(SeqCst) >= events {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }))
    }
}

/// Thread level waits, the handler wakes.
pub(super) struct CellWokenByHandler(Arc<Condition>, Task<()>);

impl Scenario for CellWokenByHandler {
    fn new() -> Self {
        let condition = Arc::<Condition>::default();
        let waiter = condition.waiter(1);
        Self(condition, waiter)
    }

    fn thread(&self) {
        self.1.run();
    }

    fn interrupt(&self) {
        self.0.happen();
    }

    fn check(&self) {
        let happened = self.0.events.load(SeqCst) > 0;
        self.1.run();
        assert_eq!(self.1.is_over(), happened, "a wake was lost");
    }
}

/// Thread level wakes, an urgent task waits: row 76.
pub(super) struct CellWokenByThread(Arc<Condition>, Task<()>);

impl Scenario for CellWokenByThread {
    fn new() -> Self {
        let condition = Arc::<Condition>::default();
        let waiter = condition.waiter(2);
        Self(condition, waiter)
    }

    fn thread(&self) {
        self.0.happen_slowly();
        self.0.happen();
    }

    fn interrupt(&self) {
        self.1.run();
    }

    fn check(&self) {
        self.1.run();
        assert!(self.1.is_over(), "a wake was lost");
    }
}

/// Counts what came through a signal, in a task.
fn signal_sum(signal: &Arc<Signal<u32>>, sum: &Arc<AtomicU32>) -> Task<()> {
    let (signal, sum) = (signal.clone(), sum.clone());
    Task::new(async move {
        loop {
            sum.fetch_add(signal.wait().await, SeqCst);
        }
    })
}

/// A signal from the handler to thread level; what is replaced comes back to the sender.
pub(super) struct SignalFromHandler {
    signal: Arc<Signal<u32>>,
    sum: Arc<AtomicU32>,
    sent: AtomicU32,
    task: Task<()>,
}

impl SignalFromHandler {
    fn send(&self) {
        self.sent.fetch_add(1, SeqCst);
        // Each value counts once: what comes back is sent by nobody.
        let replaced = self.signal.signal(1);
        self.sum.fetch_add(replaced.unwrap_or(0), SeqCst);
    }
}

impl Scenario for SignalFromHandler {
    fn new() -> Self {
        let (signal, sum) = (Arc::new(Signal::new()), Arc::default());
        let task = signal_sum(&signal, &sum);
        let sent = AtomicU32::new(0);
        Self {
            signal,
            sum,
            sent,
            task,
        }
    }

    fn thread(&self) {
        self.task.run();
        self.task.run();
    }

    fn interrupt(&self) {
        self.send();
    }

    fn check(&self) {
        self.task.run();
        assert_eq!(self.sum.load(SeqCst), self.sent.load(SeqCst));
    }
}

/// A signal from thread level to an urgent task.
pub(super) struct SignalFromThread(SignalFromHandler);

impl Scenario for SignalFromThread {
    fn new() -> Self {
        Self(SignalFromHandler::new())
    }

    fn thread(&self) {
        self.0.send();
        self.0.send();
    }

    fn interrupt(&self) {
        self.0.task.run();
    }

    fn check(&self) {
        self.0.check();
    }
}

/// Two tasks of thread level wait, one of which is dropped; the handler notifies one.
pub(super) struct NotifiedByHandler {
    notify: Arc<Notify>,
    calls: AtomicU32,
    done: Arc<AtomicU32>,
    dropped: Task<()>,
    kept: Task<()>,
}

impl Scenario for NotifiedByHandler {
    fn new() -> Self {
        let (notify, done) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
        let task = || {
            let (notify, done) = (notify.clone(), done.clone());
            Task::new(async move {
                notify.notified().await;
                done.fetch_add(1, SeqCst);
            })
        };
        let (dropped, kept) = (task(), task());
        let calls = AtomicU32::new(0);
        Self {
            notify,
            calls,
            done,
            dropped,
            kept,
        }
    }

    fn thread(&self) {
        self.dropped.run();
        self.kept.run();
        self.dropped.cancel();
        self.kept.run();
    }

    fn interrupt(&self) {
        self.calls.fetch_add(1, SeqCst);
        self.notify.notify_one();
    }

    fn check(&self) {
        self.kept.run();
        let done = self.done.load(SeqCst);
        match self.calls.load(SeqCst) {
            // What the dropped one was given, and did not see, went on to the other.
            1.. => assert!(done > 0, "a notification was lost"),
            0 => assert_eq!(done, 0),
        }
    }
}

/// Thread level notifies; an urgent task waits, and another is dropped in the middle.
pub(super) struct NotifiedByThread(NotifiedByHandler);

impl Scenario for NotifiedByThread {
    fn new() -> Self {
        Self(NotifiedByHandler::new())
    }

    fn thread(&self) {
        self.0.notify.notify_waiters();
        self.0.notify.notify_one();
        self.0.notify.notify_one();
        self.0.notify.notify_waiters();
        self.0.notify.notify_last();
    }

    fn interrupt(&self) {
        self.0.dropped.run();
        self.0.kept.run();
        self.0.dropped.cancel();
    }

    fn check(&self) {
        self.0.kept.run();
        assert!(self.0.done.load(SeqCst) > 0, "a notification was lost");
    }
}

#[test]
fn a_handler_wakes_a_task_that_registers() {
    sweep::<CellWokenByHandler>();
}

/// Row 76 of the regressions: the urgent task found a take in progress, and woke itself for ever.
#[test]
fn an_urgent_task_registers_where_thread_level_takes() {
    sweep::<CellWokenByThread>();
}

#[test]
fn a_signal_passes_between_priorities() {
    sweep::<SignalFromHandler>();
    sweep::<SignalFromThread>();
}

#[test]
fn a_notification_passes_between_priorities() {
    sweep::<NotifiedByHandler>();
    sweep::<NotifiedByThread>();
}
