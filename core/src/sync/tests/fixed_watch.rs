//! `FixedWatch` against a value and its version, with waits that are polled and dropped at
//! random.

use std::task::Poll;

use proptest::{collection, prop_assert_eq, proptest};

use super::harness::TestTask;
use crate::sync::{FixedWatch, FixedWatchReceiver};

type Receiver = FixedWatchReceiver<'static, usize>;

/// A receiver, or its wait, and the version that it saw; `None` if it counts none as seen.
enum Side {
    Idle(Receiver),
    Waiting(TestTask<Receiver>),
}

/// The channel and the model side by side.
struct Pair {
    watch: &'static FixedWatch<usize>,
    sides: Vec<(Side, Option<usize>)>,
    value: usize,
    version: usize,
}

impl Pair {
    fn change(&mut self, step: u8, number: usize) {
        match step {
            0 => {
                assert_eq!(self.watch.send_replace(number), self.value);
                self.value = number;
            }
            1 => {
                let told = self.watch.send_if_modified(|value| {
                    *value += 1;
                    number % 2 == 0
                });
                assert_eq!(told, number % 2 == 0);
                self.value += 1;
                self.version += usize::from(told);
                return;
            }
            _ => {
                self.watch.send(number);
                self.value = number;
            }
        }
        self.version += 1;
    }

    fn receive(&mut self, step: u8, index: usize) {
        if self.sides.is_empty() {
            return;
        }
        let index = index % self.sides.len();
        let (side, seen) = self.sides.swap_remove(index);
        match side {
            Side::Idle(receiver) => self.receive_idle(step, receiver, seen),
            Side::Waiting(mut task) => match step {
                // A wait that is dropped has seen nothing, and takes its receiver along.
                4 => drop(task),
                _ => match task.poll() {
                    Poll::Ready(receiver) => {
                        assert_ne!(seen, Some(self.version));
                        self.sides.push((Side::Idle(receiver), Some(self.version)));
                    }
                    Poll::Pending => {
                        assert_eq!(seen, Some(self.version));
                        self.sides.push((Side::Waiting(task), seen));
                    }
                },
            },
        }
    }

    fn receive_idle(&mut self, step: u8, mut receiver: Receiver, seen: Option<usize>) {
        assert_eq!(receiver.has_changed(), seen != Some(self.version));
        let seen = match step {
            4 => return,
            5 => {
                self.sides.push((Side::Idle(receiver.clone()), seen));
                seen
            }
            6 => {
                assert_eq!(receiver.get_and_update(), self.value);
                Some(self.version)
            }
            7 => {
                receiver.mark_changed();
                None
            }
            8 => {
                receiver.mark_unchanged();
                Some(self.version)
            }
            _ => {
                let task = TestTask::new(async move {
                    receiver.changed().await;
                    receiver
                });
                self.sides.push((Side::Waiting(task), seen));
                return;
            }
        };
        self.sides.push((Side::Idle(receiver), seen));
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec((0u8..14, 0usize..6), 1..120)) {
        let watch: &'static FixedWatch<usize> = Box::leak(Box::new(FixedWatch::new(0)));
        let sides = vec![(Side::Idle(watch.subscribe()), Some(0))];
        let mut pair = Pair { watch, sides, value: 0, version: 0 };
        for (number, (step, index)) in steps.into_iter().enumerate() {
            match step {
                0..=2 => pair.change(step, number),
                3 => pair.sides.push((Side::Idle(watch.subscribe()), Some(pair.version))),
                _ => pair.receive(step, index),
            }
            prop_assert_eq!(watch.get(), pair.value);
            for (side, seen) in &pair.sides {
                if let Side::Waiting(task) = side {
                    // Who was polled and has something to see was notified.
                    let is_due = task.was_polled() && *seen != Some(pair.version);
                    prop_assert_eq!(is_due, task.is_woken());
                }
            }
        }
    }
}

/// All who wait are notified, whether they see each value or only the last.
#[test]
fn every_receiver_is_told() {
    static WATCH: FixedWatch<u8> = FixedWatch::new(0);
    let mut tasks: Vec<_> = (0..70)
        .map(|_| {
            let mut receiver = WATCH.subscribe();
            TestTask::new(async move { receiver.wait_for(|&value| value == 2).await })
        })
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    WATCH.send(1);
    assert!(tasks.iter().all(TestTask::is_woken));
    let (even, odd) = tasks.split_at_mut(35);
    assert!(even.iter_mut().all(|task| task.poll().is_pending()));
    WATCH.send(2);
    assert!(even.iter_mut().all(|task| task.poll() == Poll::Ready(2)));
    assert!(odd.iter_mut().all(|task| task.poll() == Poll::Ready(2)));
}

/// A value that is replaced is dropped once, and the last with the channel.
#[test]
fn values_are_dropped_once() {
    let token = std::sync::Arc::new(());
    let watch = FixedWatch::new(Some(token.clone()));
    watch.send(Some(token.clone()));
    assert_eq!(std::sync::Arc::strong_count(&token), 2);
    watch.send_modify(|value| drop(value.take()));
    assert_eq!(std::sync::Arc::strong_count(&token), 1);
    assert!(watch.send_replace(Some(token.clone())).is_none());
    drop(watch);
    assert_eq!(std::sync::Arc::strong_count(&token), 1);
}
