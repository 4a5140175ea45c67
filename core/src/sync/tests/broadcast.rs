//! The broadcast channel against a log of what was sent, with waits on both sides that are polled
//! and dropped at random.

use std::sync::Arc;
use std::task::Poll;

use proptest::{collection, prop_assert_eq, proptest};

use super::super::broadcast;
use super::harness::TestTask;
use crate::sync::broadcast::error::{RecvError, TryRecvError};

type Value = (usize, Arc<()>);
type Receiver = broadcast::Receiver<Value>;
type Received = Result<usize, RecvError>;

/// What a receiver does.
enum Side {
    Idle(Receiver),
    Waiting(TestTask<(Received, Receiver)>),
}

/// The channel and the model side by side: a log of `sent` numbers, of which the last `ring` are
/// kept, and the number that each receiver reads next.
struct Pair {
    senders: Vec<broadcast::Sender<Value>>,
    weak: Vec<broadcast::WeakSender<Value>>,
    /// Senders that wait until nobody receives.
    closing: Vec<TestTask<()>>,
    sides: Vec<(Side, usize)>,
    token: Arc<()>,
    sent: usize,
    ring: usize,
}

impl Pair {
    fn is_closed(&self) -> bool {
        self.senders.is_empty() && self.closing.is_empty()
    }

    /// What a receiver that reads `next` gets, and what it reads after that.
    fn expected(&self, next: usize) -> (Result<usize, TryRecvError>, usize) {
        let oldest = self.sent.saturating_sub(self.ring);
        if next < oldest {
            let missed = (oldest - next) as u64;
            (Err(TryRecvError::Lagged(missed)), oldest)
        } else if next < self.sent {
            (Ok(next), next + 1)
        } else if self.is_closed() {
            (Err(TryRecvError::Closed), next)
        } else {
            (Err(TryRecvError::Empty), next)
        }
    }

    fn sender_step(&mut self, step: u8, index: usize) {
        if step == 4 {
            if let Some(weak) = self.weak.pop() {
                let upgraded = weak.upgrade();
                assert_eq!(upgraded.is_none(), self.is_closed());
                self.senders.extend(upgraded);
            }
            return;
        }
        let Some(tx) = self.senders.last() else {
            return;
        };
        match step {
            0..=2 => match tx.send((self.sent, self.token.clone())) {
                Ok(count) => {
                    assert_eq!(count, self.sides.len());
                    self.sent += 1;
                }
                Err(_) => assert!(self.sides.is_empty()),
            },
            3 => self.weak.push(tx.downgrade()),
            5 => self.sides.push((Side::Idle(tx.subscribe()), self.sent)),
            6 => self.senders.push(tx.clone()),
            7 => {
                let tx = tx.clone();
                let mut task = TestTask::new(async move { tx.closed().await });
                assert_eq!(task.poll().is_ready(), self.sides.is_empty());
                if !self.sides.is_empty() {
                    self.closing.push(task);
                }
            }
            _ => drop(self.senders.swap_remove(index % self.senders.len())),
        }
    }

    fn closing_step(&mut self, index: usize, cancel: bool) {
        if self.closing.is_empty() {
            return;
        }
        let mut task = self.closing.swap_remove(index % self.closing.len());
        if cancel {
            return;
        }
        let polled = task.poll();
        assert_eq!(polled.is_ready(), self.sides.is_empty());
        if polled.is_pending() {
            self.closing.push(task);
        }
    }

    fn receiver_step(&mut self, step: u8, index: usize) {
        if self.sides.is_empty() {
            return;
        }
        let (side, next) = self.sides.swap_remove(index % self.sides.len());
        match side {
            gone if step == 11 => drop(gone),
            Side::Idle(receiver) => self.idle(step, receiver, next),
            Side::Waiting(task) => self.poll(task, next),
        }
        for task in &self.closing {
            assert!(task.is_woken() || !self.sides.is_empty());
        }
    }

    fn idle(&mut self, step: u8, mut rx: Receiver, next: usize) {
        let next = match step {
            12 => {
                let side = Side::Idle(rx.resubscribe());
                self.sides.push((side, self.sent));
                next
            }
            13..=15 => {
                let (expected, after) = self.expected(next);
                assert_eq!(rx.try_recv().map(|value| value.0), expected);
                after
            }
            _ => {
                let task = TestTask::new(async move {
                    let received = rx.recv().await;
                    (received.map(|value| value.0), rx)
                });
                return self.poll(task, next);
            }
        };
        self.sides.push((Side::Idle(rx), next));
    }

    fn poll(&mut self, mut task: TestTask<(Received, Receiver)>, next: usize) {
        let (expected, after) = self.expected(next);
        let side = match task.poll() {
            Poll::Pending => {
                assert_eq!(expected, Err(TryRecvError::Empty));
                Side::Waiting(task)
            }
            Poll::Ready((received, rx)) => {
                let received = received.map_err(|error| match error {
                    RecvError::Closed => TryRecvError::Closed,
                    RecvError::Lagged(missed) => TryRecvError::Lagged(missed),
                });
                assert_eq!(received, expected);
                Side::Idle(rx)
            }
        };
        self.sides.push((side, after));
    }

    fn check(&self) {
        for (side, next) in &self.sides {
            match side {
                Side::Idle(rx) => assert_eq!(rx.len(), self.sent - next),
                Side::Waiting(task) => {
                    let (expected, _) = self.expected(*next);
                    assert_eq!(task.is_woken(), expected != Err(TryRecvError::Empty));
                }
            }
        }
        if let Some(tx) = self.senders.last() {
            let first = self.sides.iter().map(|(_, next)| *next).min();
            let kept = self.sent - first.unwrap_or(self.sent);
            assert_eq!(tx.len(), kept.min(self.ring));
            assert_eq!(tx.receiver_count(), self.sides.len());
            let strong = self.senders.len() + self.closing.len();
            assert_eq!(
                (tx.strong_count(), tx.weak_count()),
                (strong, self.weak.len())
            );
            // What nobody reads any more is dropped.
            assert_eq!(Arc::strong_count(&self.token), 2 + kept.min(self.ring));
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_log(
        capacity in 1usize..6,
        steps in collection::vec((0u8..22, 0usize..8), 1..150),
    ) {
        let token = Arc::new(());
        let (tx, rx) = broadcast::channel::<Value>(capacity);
        let mut pair = Pair {
            senders: vec![tx],
            weak: Vec::new(),
            closing: Vec::new(),
            sides: vec![(Side::Idle(rx), 0)],
            token: token.clone(),
            sent: 0,
            ring: capacity.next_power_of_two(),
        };
        for (step, index) in steps {
            match step {
                0..=8 => pair.sender_step(step, index),
                9 | 10 => pair.closing_step(index, step == 9),
                _ => pair.receiver_step(step, index),
            }
            pair.check();
        }
        drop(pair);
        prop_assert_eq!(Arc::strong_count(&token), 1, "every value was dropped once");
    }
}

/// Every waiter is woken by a send, also beyond one batch of wakers, and by the close.
#[test]
fn all_waiters_are_woken() {
    let (tx, rx) = broadcast::channel::<u8>(4);
    drop(rx);
    let mut tasks: Vec<_> = (0..70)
        .map(|_| {
            let mut rx = tx.subscribe();
            TestTask::new(async move { (rx.recv().await, rx.recv().await) })
        })
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    tx.send(1).unwrap();
    assert!(tasks.iter().all(TestTask::is_woken));
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    drop(tx);
    for task in &mut tasks {
        assert_eq!(task.poll(), Poll::Ready((Ok(1), Err(RecvError::Closed))));
    }
}

/// Threads receive as one sends; each sees every value or is notified how many it missed.
#[test]
fn stress_every_value_is_seen_or_counted() {
    const SENT: u64 = 20_000;
    let (tx, rx) = broadcast::channel(16);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let mut rx = rx.resubscribe();
            std::thread::spawn(move || {
                let mut next = 0;
                loop {
                    match rx.blocking_recv() {
                        Ok(value) => {
                            assert_eq!(value, next);
                            next += 1;
                        }
                        Err(RecvError::Lagged(missed)) => next += missed,
                        Err(RecvError::Closed) => break next,
                    }
                }
            })
        })
        .collect();
    drop(rx);
    for value in 0..SENT {
        tx.send(value).unwrap();
    }
    drop(tx);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), SENT);
    }
}

/// A value whose `clone` calls what the test says, once.
struct Calls(std::rc::Rc<dyn Fn()>);

impl Clone for Calls {
    fn clone(&self) -> Self {
        (self.0)();
        Self(std::rc::Rc::new(|| {}))
    }
}

/// A channel with a value that calls `inside` with its sender and a second receiver as it is cloned,
/// received by the first.
fn cloned_inside(
    inside: impl Fn(&broadcast::Sender<Calls>, &mut broadcast::Receiver<Calls>) + 'static,
) -> broadcast::Sender<Calls> {
    let (tx, mut rx) = broadcast::channel(1);
    let (sender, second) = (tx.clone(), std::cell::Cell::new(Some(tx.subscribe())));
    let calls = Calls(std::rc::Rc::new(move || {
        if let Some(mut second) = second.take() {
            inside(&sender, &mut second);
        }
    }));
    assert!(tx.send(calls).is_ok());
    assert!(rx.try_recv().is_ok());
    assert!(rx.try_recv().is_err(), "the value was received once");
    tx
}

#[test]
fn a_value_may_be_received_while_it_is_cloned() {
    let tx = cloned_inside(|_, second| {
        assert!(second.try_recv().is_ok());
        assert!(second.try_recv().is_err());
    });
    assert_eq!(tx.len(), 0, "both have seen it");
    // Dropped there, the receiver counts as one that has seen it.
    let tx = cloned_inside(|_, _| {});
    assert_eq!(tx.len(), 0);
}

#[cfg(feature = "std")]
#[test]
fn a_value_cannot_be_overwritten_while_it_is_cloned() {
    let tx = cloned_inside(|sender, _| {
        let send = || sender.send(Calls(std::rc::Rc::new(|| {})));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(send)).is_err());
    });
    assert!(
        tx.send(Calls(std::rc::Rc::new(|| {}))).is_err(),
        "nobody receives, and nobody is stuck"
    );
}

/// A waker that looks at the channel whose last receiver goes finds nothing left in it.
#[test]
fn the_last_receiver_takes_what_it_did_not_see_before_it_tells() {
    let (tx, rx) = broadcast::channel(2);
    tx.send(1).unwrap();
    let (sender, seen) = (tx.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let found = seen.clone();
    let waker = std::task::Waker::from(std::sync::Arc::new(super::harness::OnWake(move || {
        *found.lock().unwrap() = Some((sender.receiver_count(), sender.len()));
    })));
    let mut closed = TestTask::new(async move { tx.closed().await });
    assert!(closed.poll_with(&waker).is_pending());
    drop(rx);
    assert_eq!(*seen.lock().unwrap(), Some((0, 0)));
}
