//! The queue in place against a sequential model, with waits and cancellations on both sides.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use proptest::{collection, prop_assert_eq, proptest};

use super::super::fixed::FixedChannel;
use super::harness::TestTask;

type Channel = Arc<FixedChannel<usize, 3>>;

/// The order in which values come out is that of the sends that got room; waits are served in
/// the order of the calls, so the model is a queue, a queue of senders and a queue of receivers.
#[derive(Default)]
struct Pair {
    channel: Channel,
    queue: VecDeque<usize>,
    sending: VecDeque<(usize, TestTask<()>)>,
    receiving: VecDeque<TestTask<usize>>,
}

impl Pair {
    /// Lets everyone go on who was woken, until nobody is.
    fn settle(&mut self) {
        while let Some(index) = self.sending.iter().position(|(_, task)| task.is_woken()) {
            assert_eq!(index, 0, "served in order");
            let (value, mut task) = self.sending.pop_front().unwrap();
            assert_eq!(task.poll(), Poll::Ready(()));
            self.queue.push_back(value);
        }
        while let Some(index) = self.receiving.iter().position(TestTask::is_woken) {
            assert_eq!(index, 0, "served in order");
            let mut task = self.receiving.pop_front().unwrap();
            assert_eq!(task.poll(), Poll::Ready(self.queue.pop_front().unwrap()));
        }
    }

    fn step(&mut self, step: u8, number: usize) {
        match step {
            0 | 1 => {
                let room = self.queue.len() < 3;
                assert_eq!(self.channel.try_send(number).is_ok(), room);
                if room {
                    self.queue.push_back(number);
                }
            }
            2 | 3 => assert_eq!(self.channel.try_recv(), self.queue.pop_front()),
            4 | 5 => {
                let channel = self.channel.clone();
                let mut task = TestTask::new(async move { channel.send(number).await });
                if task.poll().is_ready() {
                    self.queue.push_back(number);
                } else {
                    assert_eq!(self.queue.len(), 3);
                    self.sending.push_back((number, task));
                }
            }
            6 | 7 => {
                let channel = self.channel.clone();
                let mut task = TestTask::new(async move { channel.recv().await });
                match task.poll() {
                    Poll::Ready(value) => assert_eq!(Some(value), self.queue.pop_front()),
                    Poll::Pending => {
                        assert!(self.queue.is_empty());
                        self.receiving.push_back(task);
                    }
                }
            }
            8 => drop(self.sending.remove(number % 4)),
            _ => drop(self.receiving.remove(number % 4)),
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec(0u8..10, 1..120)) {
        let mut pair = Pair::default();
        for (number, step) in steps.into_iter().enumerate() {
            pair.step(step, number);
            pair.settle();
            prop_assert_eq!(pair.channel.len(), pair.queue.len());
        }
    }
}

/// A receiver that was promised a value and goes passes the promise on.
#[test]
fn a_dropped_promise_is_passed_on() {
    let channel: Channel = Arc::default();
    let mut tasks: Vec<_> = (0..2)
        .map(|_| {
            let channel = channel.clone();
            TestTask::new(async move { channel.recv().await })
        })
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    channel.try_send(7).unwrap();
    assert_eq!(
        channel.try_recv(),
        None,
        "promised to the first in the queue"
    );
    drop(tasks.remove(0));
    assert!(tasks[0].is_woken());
    assert_eq!(tasks[0].poll(), Poll::Ready(7));
}
