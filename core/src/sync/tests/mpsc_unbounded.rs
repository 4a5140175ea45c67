//! The channel without a limit against a queue: sends, clones, weak senders, waits that are polled
//! and dropped, and every way to an end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::{collection, prop_assert_eq, proptest};

use super::harness::CountingWaker;
use crate::sync::mpsc;
use crate::sync::mpsc::error::TryRecvError;

/// Wide, so that a block has two slots.
type Value = (usize, Arc<()>, [u8; 300]);

/// The channel and the model side by side.
struct Pair {
    senders: Vec<mpsc::UnboundedSender<Value>>,
    weak: Vec<mpsc::WeakUnboundedSender<Value>>,
    receiver: Option<mpsc::UnboundedReceiver<Value>>,
    token: Arc<()>,
    queue: VecDeque<usize>,
    closed: bool,
    /// The `Notify` of a wait that found nothing.
    parked: Option<Arc<CountingWaker>>,
}

impl Pair {
    fn send(&mut self, number: usize) {
        let Some(tx) = self.senders.last() else {
            return;
        };
        match tx.send((number, self.token.clone(), [0; 300])) {
            Ok(()) => {
                assert!(!self.closed);
                self.queue.push_back(number);
            }
            Err(error) => assert!(self.closed && error.0.0 == number),
        }
    }

    fn change_senders(&mut self, step: u8, index: usize) {
        match step {
            3 => self.senders.extend(self.senders.last().cloned()),
            4 => {
                if !self.senders.is_empty() {
                    self.senders.swap_remove(index % self.senders.len());
                    self.closed |= self.senders.is_empty();
                }
            }
            5 => {
                let weak = self.senders.last().map(|tx| tx.downgrade());
                self.weak.extend(weak);
            }
            _ => {
                if let Some(weak) = self.weak.pop() {
                    let upgraded = weak.upgrade();
                    assert_eq!(upgraded.is_some(), !self.senders.is_empty());
                    self.senders.extend(upgraded);
                }
            }
        }
    }

    fn receive(&mut self, step: u8, index: usize) {
        let Some(rx) = &mut self.receiver else { return };
        match step {
            7 => match rx.try_recv() {
                Ok(value) => assert_eq!(Some(value.0), self.queue.pop_front()),
                Err(TryRecvError::Empty) => assert!(self.queue.is_empty() && !self.closed),
                Err(TryRecvError::Disconnected) => assert!(self.queue.is_empty() && self.closed),
            },
            8 | 9 => {
                // A wait is polled, and dropped at once: nothing is lost by that.
                let counter = Arc::new(CountingWaker::default());
                let waker = Waker::from(counter.clone());
                let mut waiting = std::pin::pin!(rx.recv());
                match waiting.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(Some(value)) => assert_eq!(Some(value.0), self.queue.pop_front()),
                    Poll::Ready(None) => assert!(self.queue.is_empty() && self.closed),
                    Poll::Pending => {
                        assert!(self.queue.is_empty() && !self.closed);
                        self.parked = Some(counter);
                    }
                }
            }
            10 => {
                let (mut buffer, limit) = (Vec::new(), index % 5);
                let waker = Waker::noop();
                let polled = rx.poll_recv_many(&mut Context::from_waker(waker), &mut buffer, limit);
                let expected: Vec<_> = (0..limit).map_while(|_| self.queue.pop_front()).collect();
                assert!(
                    buffer
                        .iter()
                        .map(|value| value.0)
                        .eq(expected.iter().copied())
                );
                match polled {
                    Poll::Ready(0) => assert!(limit == 0 || self.closed),
                    Poll::Ready(count) => assert_eq!(count, expected.len()),
                    // The task of the last call is woken, which is nobody here.
                    Poll::Pending => self.parked = None,
                }
            }
            11 if index == 0 => {
                rx.close();
                // It knows, and looks again by itself.
                (self.closed, self.parked) = (true, None);
            }
            12 if index == 0 => {
                self.receiver = None;
                (self.closed, self.parked) = (true, None);
                self.queue.clear();
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn unbounded_agrees_with_the_model(steps in collection::vec((0u8..13, 0usize..8), 1..200)) {
        let (tx, rx) = mpsc::unbounded_channel();
        let mut pair = Pair {
            senders: vec![tx],
            weak: Vec::new(),
            receiver: Some(rx),
            token: Arc::new(()),
            queue: VecDeque::new(),
            closed: false,
            parked: None,
        };
        for (number, (step, index)) in steps.into_iter().enumerate() {
            match step {
                0..=2 => pair.send(number),
                3..=6 => pair.change_senders(step, index),
                _ => pair.receive(step, index),
            }
            if let Some(rx) = &pair.receiver {
                prop_assert_eq!((rx.len(), rx.is_closed()), (pair.queue.len(), pair.closed));
                prop_assert_eq!(rx.sender_strong_count(), pair.senders.len());
                prop_assert_eq!(rx.sender_weak_count(), pair.weak.len());
            }
            let is_due = !pair.queue.is_empty() || pair.closed;
            if let Some(counter) = pair.parked.take_if(|_| is_due) {
                prop_assert_eq!(counter.wakes(), 1);
            }
            prop_assert_eq!(Arc::strong_count(&pair.token), 1 + pair.queue.len());
        }
        let token = pair.token.clone();
        drop(pair);
        prop_assert_eq!(Arc::strong_count(&token), 1, "every value was dropped once");
    }
}
