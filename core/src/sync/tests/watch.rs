//! `watch` against a value and its version, with waits on both sides that are polled and
//! dropped at random.

use std::sync::Arc;
use std::task::Poll;

use proptest::{collection, prop_assert_eq, proptest};

use super::super::watch;
use super::harness::TestTask;

type Value = (usize, Arc<()>);
type Receiver = watch::Receiver<Value>;

/// What a receiver does.
enum Side {
    Idle(Receiver),
    /// Waits for a change; comes back with whether it was notified of one.
    Changed(TestTask<(bool, Receiver)>),
    /// Waits for a multiple of three; comes back with what it found.
    Multiple(TestTask<(Option<usize>, Receiver)>),
}

/// The channel and the model side by side.
struct Pair {
    senders: Vec<watch::Sender<Value>>,
    /// Senders that wait until nobody receives.
    closing: Vec<TestTask<()>>,
    /// Receivers with the version that each saw; `None` if it counts none as seen.
    sides: Vec<(Side, Option<usize>)>,
    token: Arc<()>,
    value: usize,
    version: usize,
}

impl Pair {
    fn is_closed(&self) -> bool {
        self.senders.is_empty() && self.closing.is_empty()
    }

    fn sent(&mut self, value: usize) {
        self.value = value;
        self.version += 1;
    }

    fn sender_step(&mut self, step: u8, index: usize, number: usize) {
        let Some(tx) = self.senders.last() else {
            return;
        };
        let token = self.token.clone();
        match step {
            0 => {
                let accepted = tx.send((number, token)).is_ok();
                assert_eq!(accepted, !self.sides.is_empty());
                if accepted {
                    self.sent(number);
                }
            }
            1 => {
                assert_eq!(tx.send_replace((number, token)).0, self.value);
                self.sent(number);
            }
            2 => {
                let changed = tx.send_if_modified(|value| {
                    value.0 += 1;
                    number % 2 == 0
                });
                self.value += 1;
                self.version += usize::from(changed);
            }
            3 => {
                let side = Side::Idle(tx.subscribe());
                self.sides.push((side, Some(self.version)));
            }
            4 => self.senders.push(tx.clone()),
            5 => {
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
        let (side, seen) = self.sides.swap_remove(index % self.sides.len());
        let side = match side {
            gone if step == 9 => {
                drop(gone);
                None
            }
            Side::Idle(receiver) => self.idle(step, receiver, seen),
            Side::Changed(task) => self.poll_changed(task, seen),
            Side::Multiple(task) => self.poll_multiple(task, seen),
        };
        self.sides.extend(side);
        for task in &self.closing {
            assert!(task.is_woken() || !self.sides.is_empty());
        }
    }

    fn idle(
        &mut self,
        step: u8,
        mut rx: Receiver,
        seen: Option<usize>,
    ) -> Option<(Side, Option<usize>)> {
        let seen = match step {
            10 => {
                self.sides.push((Side::Idle(rx.clone()), seen));
                seen
            }
            11 => {
                let look = rx.borrow_and_update();
                let expected = (self.value, seen != Some(self.version));
                assert_eq!((look.0, look.has_changed()), expected);
                drop(look);
                Some(self.version)
            }
            12 => {
                rx.mark_changed();
                None
            }
            13 => {
                rx.mark_unchanged();
                Some(self.version)
            }
            14 | 15 => {
                let task = TestTask::new(async move { (rx.changed().await.is_ok(), rx) });
                return self.poll_changed(task, seen);
            }
            _ => {
                let task = TestTask::new(async move {
                    let found = rx.wait_for(|value| value.0 % 3 == 0).await;
                    let found = found.ok().map(|value| value.0);
                    (found, rx)
                });
                return self.poll_multiple(task, seen);
            }
        };
        Some((Side::Idle(rx), seen))
    }

    fn poll_changed(
        &self,
        mut task: TestTask<(bool, Receiver)>,
        seen: Option<usize>,
    ) -> Option<(Side, Option<usize>)> {
        let is_news = seen != Some(self.version);
        match task.poll() {
            Poll::Ready((told, rx)) => {
                assert_eq!(told, is_news);
                assert!(told || self.is_closed());
                Some((Side::Idle(rx), Some(self.version)))
            }
            Poll::Pending => {
                assert!(!is_news && !self.is_closed());
                Some((Side::Changed(task), seen))
            }
        }
    }

    fn poll_multiple(
        &self,
        mut task: TestTask<(Option<usize>, Receiver)>,
        seen: Option<usize>,
    ) -> Option<(Side, Option<usize>)> {
        // A wait looks again only after a change with a notification.
        let looks = !task.was_polled() || seen != Some(self.version);
        match task.poll() {
            Poll::Ready((Some(found), rx)) => {
                assert!(looks && found == self.value && found % 3 == 0);
                Some((Side::Idle(rx), Some(self.version)))
            }
            Poll::Ready((None, rx)) => {
                assert!(self.is_closed());
                assert!(!looks || self.value % 3 != 0);
                Some((Side::Idle(rx), Some(self.version)))
            }
            Poll::Pending => {
                assert!(!self.is_closed());
                assert!(!looks || self.value % 3 != 0);
                Some((Side::Multiple(task), Some(self.version)))
            }
        }
    }

    fn check(&self) {
        for (side, seen) in &self.sides {
            let is_due = *seen != Some(self.version) || self.is_closed();
            match side {
                Side::Idle(rx) => {
                    let changed = rx.has_changed().ok();
                    let expected = (!self.is_closed()).then_some(*seen != Some(self.version));
                    assert_eq!(changed, expected);
                    assert_eq!(rx.borrow().0, self.value);
                }
                Side::Changed(task) => assert!(task.is_woken() || !is_due),
                Side::Multiple(task) => assert!(task.is_woken() || !is_due),
            }
        }
        if let Some(tx) = self.senders.last() {
            assert_eq!(tx.receiver_count(), self.sides.len());
            assert_eq!(tx.sender_count(), self.senders.len() + self.closing.len());
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec((0u8..22, 0usize..12), 1..120)) {
        let token = Arc::new(());
        let (tx, rx) = watch::channel((0, token.clone()));
        let mut pair = Pair {
            senders: vec![tx],
            closing: Vec::new(),
            sides: vec![(Side::Idle(rx), Some(0))],
            token: token.clone(),
            value: 0,
            version: 0,
        };
        for (number, (step, index)) in steps.into_iter().enumerate() {
            match step {
                0..=6 => pair.sender_step(step, index, number),
                7 | 8 => pair.closing_step(index, step == 7),
                _ => pair.receiver_step(step, index),
            }
            pair.check();
        }
        drop(pair);
        prop_assert_eq!(Arc::strong_count(&token), 1, "every value was dropped once");
    }
}

/// A panic in the closure leaves the channel usable, and nobody is notified.
#[test]
fn a_panic_in_modify_tells_nobody() {
    let (tx, rx) = watch::channel(1);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tx.send_modify(|_| panic!("on purpose"));
    }));
    assert!(result.is_err());
    assert!(!rx.has_changed().unwrap());
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow(), 2);
}
