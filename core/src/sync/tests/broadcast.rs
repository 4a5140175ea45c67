//! The broadcast channel against a log of what was sent.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::super::broadcast;
use super::harness::{Bell, Spawned};
use crate::sync::broadcast::error::{RecvError, TryRecvError};

#[derive(Debug, Clone)]
enum Step {
    Send,
    Subscribe,
    Resubscribe(usize),
    TryRecv(usize),
    DropReceiver(usize),
    CancelledRecv(usize),
    CloseSender,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => any::<()>().prop_map(|()| Step::Send),
        2 => any::<()>().prop_map(|()| Step::Subscribe),
        1 => any::<usize>().prop_map(Step::Resubscribe),
        9 => any::<usize>().prop_map(Step::TryRecv),
        2 => any::<usize>().prop_map(Step::DropReceiver),
        2 => any::<usize>().prop_map(Step::CancelledRecv),
        1 => any::<()>().prop_map(|()| Step::CloseSender),
    ];
    collection::vec(step, 1..150)
}

type Value = (usize, Arc<()>);

fn try_recv(
    rx: &mut broadcast::Receiver<Value>,
    next: &mut usize,
    sent: usize,
    ring: usize,
    open: bool,
) {
    let oldest = sent.saturating_sub(ring);
    match rx.try_recv() {
        Ok((value, _)) => {
            assert!(*next >= oldest && *next < sent);
            assert_eq!(value, *next);
            *next += 1;
        }
        Err(TryRecvError::Empty) => assert!(*next == sent && open),
        Err(TryRecvError::Closed) => assert!(*next == sent && !open),
        Err(TryRecvError::Lagged(missed)) => {
            assert_eq!(missed as usize, oldest - *next);
            assert!(missed > 0);
            *next = oldest;
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_log(capacity in 1usize..6, steps in steps()) {
        let ring = capacity.next_power_of_two();
        let token = Arc::new(());
        let (tx, rx) = broadcast::channel::<Value>(capacity);
        let mut tx = Some(tx);
        let mut sent = 0;
        let mut receivers = vec![(rx, 0)];
        for step in steps {
            let at = |index: usize| index % receivers.len().max(1);
            match step {
                Step::Send => if let Some(tx) = &tx {
                    match tx.send((sent, token.clone())) {
                        Ok(count) => {
                            prop_assert_eq!(count, receivers.len());
                            sent += 1;
                        }
                        Err(_) => prop_assert!(receivers.is_empty()),
                    }
                },
                Step::Subscribe => if let Some(tx) = &tx {
                    receivers.push((tx.subscribe(), sent));
                },
                Step::Resubscribe(index) if !receivers.is_empty() => {
                    let new = receivers[at(index)].0.resubscribe();
                    receivers.push((new, sent));
                }
                Step::TryRecv(index) if !receivers.is_empty() => {
                    let index = at(index);
                    let (rx, next) = &mut receivers[index];
                    try_recv(rx, next, sent, ring, tx.is_some());
                }
                Step::DropReceiver(index) if !receivers.is_empty() => {
                    let index = at(index);
                    receivers.swap_remove(index);
                }
                Step::CancelledRecv(index) if !receivers.is_empty() => {
                    let index = at(index);
                    let (rx, next) = &mut receivers[index];
                    if *next == sent && tx.is_some() {
                        let waker = Waker::from(Arc::new(Bell::default()));
                        let mut waiting = Box::pin(rx.recv());
                        let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
                        prop_assert!(polled.is_pending());
                    }
                }
                Step::CloseSender => tx = None,
                _ => {}
            }
            for (rx, next) in &receivers {
                prop_assert_eq!(rx.len(), sent - next);
            }
            if let Some(tx) = &tx {
                let first = receivers.iter().map(|(_, next)| *next).min().unwrap_or(sent);
                prop_assert_eq!(tx.len(), (sent - first).min(ring));
            }
        }
        drop((tx, receivers));
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
            Spawned::new(async move { (rx.recv().await, rx.recv().await) })
        })
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    tx.send(1).unwrap();
    assert!(tasks.iter().all(Spawned::is_woken));
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    drop(tx);
    for task in &mut tasks {
        assert_eq!(task.poll(), Poll::Ready((Ok(1), Err(RecvError::Closed))));
    }
}

/// Threads receive as one sends; each sees every value or is told how many it missed.
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
