//! The watch channel against a value and its version.

use std::task::Poll;

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::super::watch;
use super::harness::Spawned;

/// The channel and the model side by side.
struct Pair {
    tx: Option<watch::Sender<usize>>,
    receivers: Vec<(watch::Receiver<usize>, usize)>,
    value: usize,
    version: usize,
}

impl Pair {
    fn sent(&mut self, value: usize) {
        self.value = value;
        self.version += 1;
    }

    fn sender_step(&mut self, step: u8, index: usize, number: usize) {
        let Some(tx) = &self.tx else { return };
        match step {
            0 => {
                let accepted = tx.send(number).is_ok();
                assert_eq!(accepted, !self.receivers.is_empty());
                if accepted {
                    self.sent(number);
                }
            }
            1 => {
                assert_eq!(tx.send_replace(number), self.value);
                self.sent(number);
            }
            2 => {
                let changed = tx.send_if_modified(|value| {
                    *value += 1;
                    number % 2 == 0
                });
                self.value += 1;
                self.version += usize::from(changed);
            }
            3 => self.receivers.push((tx.subscribe(), self.version)),
            _ if index == 0 => self.tx = None,
            _ => {}
        }
    }

    fn wait(&mut self, index: usize, number: usize) {
        let (mut rx, seen) = self.receivers.swap_remove(index);
        let mut task = Spawned::new(async move { (rx.changed().await.is_ok(), rx) });
        match task.poll() {
            Poll::Ready((told, rx)) => {
                assert_eq!(told, seen != self.version);
                assert!(told || self.tx.is_none());
                self.receivers.push((rx, self.version));
            }
            Poll::Pending => {
                assert_eq!(seen, self.version);
                let tx = self.tx.as_ref().expect("a closed channel does not wait");
                if number % 3 > 0 {
                    tx.send_modify(|value| *value += 1);
                    self.sent(self.value + 1);
                    assert!(task.is_woken());
                    let Poll::Ready((true, rx)) = task.poll() else {
                        panic!("woken, not told")
                    };
                    self.receivers.push((rx, self.version));
                }
            }
        }
    }

    fn receiver_step(&mut self, step: u8, index: usize, number: usize) {
        if self.receivers.is_empty() {
            return;
        }
        let index = index % self.receivers.len();
        let (rx, seen) = &mut self.receivers[index];
        match step {
            5 => drop(self.receivers.swap_remove(index)),
            6 => {
                let clone = (rx.clone(), *seen);
                self.receivers.push(clone);
            }
            7 => {
                let look = rx.borrow_and_update();
                let expected = (self.value, *seen != self.version);
                assert_eq!((*look, look.has_changed()), expected);
                *seen = self.version;
            }
            8 => self.wait(index, number),
            9 => {
                rx.mark_unchanged();
                *seen = self.version;
            }
            10 => {
                rx.mark_changed();
                *seen = usize::MAX;
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec((0u8..12, 0usize..4), 1..80)) {
        let (tx, rx) = watch::channel(0);
        let mut pair = Pair { tx: Some(tx), receivers: vec![(rx, 0)], value: 0, version: 0 };
        for (number, (step, index)) in steps.into_iter().enumerate() {
            if step < 5 {
                pair.sender_step(step, index, number);
            } else {
                pair.receiver_step(step, index, number);
            }
            for (rx, seen) in &pair.receivers {
                match rx.has_changed() {
                    Ok(changed) => prop_assert_eq!(changed, *seen != pair.version),
                    Err(_) => prop_assert!(pair.tx.is_none()),
                }
                prop_assert_eq!(*rx.borrow(), pair.value);
            }
            if let Some(tx) = &pair.tx {
                prop_assert_eq!(tx.receiver_count(), pair.receivers.len());
            }
        }
    }
}

/// A panic in the closure leaves the channel usable, and nobody is told.
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
