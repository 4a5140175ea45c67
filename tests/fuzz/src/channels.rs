//! Channels and locks against a sequential model, with futures that are polled and dropped at any time.
//!
//! Length      one model for each channel and lock, of the same steps.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

use arbitrary::Unstructured;
use selkie::sync::mpsc::error::TryRecvError;
use selkie::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot, watch};

use crate::bounded::bounded;
use crate::step::Step;
use crate::tasks::Tasks;

/// Steps of one run.
const STEPS: usize = 200;

/// Runs one primitive.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(kind) = input.int_in_range(0..=6) else {
        return;
    };
    let size = input.int_in_range(1..=5).unwrap_or(1);
    let mut steps = Vec::new();
    while let (Ok(step), false) = (input.arbitrary(), input.is_empty()) {
        steps.push(step);
        if steps.len() == STEPS {
            break;
        }
    }
    match kind {
        0 => bounded(size, &steps),
        1 => unbounded(&steps),
        2 => one(&steps),
        3 => all(size, &steps),
        4 => latest(&steps),
        5 => notices(&steps),
        _ => permits(size, &steps),
    }
}

/// An unbounded channel: as above, without a limit.
fn unbounded(steps: &[Step]) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<u32>();
    let mut senders = vec![sender];
    let mut model = VecDeque::new();
    let (mut next, mut closed) = (0, false);
    for step in steps {
        match *step {
            Step::Send | Step::TrySend => {
                next += 1;
                match senders.last().map(|sender| sender.send(next)) {
                    Some(Ok(())) => model.push_back(next),
                    Some(Err(_)) => assert!(closed, "refused by an open channel"),
                    None => (),
                }
            }
            Step::Receive | Step::TryReceive => match receiver.try_recv() {
                Ok(value) => assert_eq!(Some(value), model.pop_front(), "order"),
                Err(TryRecvError::Empty) => assert!(model.is_empty(), "a value is there"),
                Err(TryRecvError::Disconnected) => {
                    assert!(model.is_empty(), "values were lost");
                    assert!(closed || senders.is_empty(), "the end of an open channel");
                }
            },
            Step::Close => {
                closed = true;
                receiver.close();
            }
            Step::DropSender => {
                senders.pop();
            }
            Step::Many(count) => {
                let sender = senders.last().cloned();
                senders.extend(sender);
                let mut values = Vec::new();
                let mut tasks = Tasks::default();
                let limit = usize::from(count % 8) + 1;
                let expected = model.len().min(limit);
                if expected > 0 {
                    let receiver = &mut receiver;
                    // Ready at once, so nothing is borrowed for longer.
                    let taken = poll_now(receiver.recv_many(&mut values, limit));
                    assert_eq!(taken, expected);
                    let front: Vec<_> = model.drain(..expected).collect();
                    assert_eq!(values, front, "order");
                }
                let _none = tasks.start(async {});
            }
            Step::Poll(_) | Step::Cancel(_) | Step::DropReceiver => {
                assert_eq!(receiver.len(), model.len());
            }
        }
    }
}

/// The output of a future that is ready at once.
fn poll_now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it is ready at once"),
    }
}

/// A one-value channel: the value, or an error if the sender is gone or the channel closed.
fn one(steps: &[Step]) {
    let (sender, receiver) = oneshot::channel::<u32>();
    let (mut sender, receiver) = (Some(sender), Rc::new(RefCell::new(Some(receiver))));
    let mut tasks = Tasks::default();
    let (mut sent, mut closed) = (false, false);
    let mut waits = false;
    for step in steps {
        match *step {
            Step::Send | Step::TrySend => {
                if let Some(sender) = sender.take() {
                    sent = sender.send(7).is_ok();
                    assert!(sent != closed, "sent {sent}, closed {closed}");
                }
            }
            Step::Receive if !waits => {
                waits = true;
                let receiver = Rc::clone(&receiver);
                let ended = tasks.start(async move {
                    poll_fn(|cx| match receiver.borrow_mut().as_mut() {
                        Some(receiver) => std::pin::Pin::new(receiver).poll(cx).map(Some),
                        None => std::task::Poll::Ready(None),
                    })
                    .await
                });
                if let Some(outcome) = ended {
                    check_one(outcome, sent, closed || sender.is_none());
                    return;
                }
            }
            Step::Poll(_) | Step::Receive | Step::TryReceive => {
                if let Some(Some(outcome)) = tasks.poll_woken() {
                    check_one(outcome, sent, closed || sender.is_none());
                    return;
                }
            }
            Step::Close => {
                if let Some(receiver) = receiver.borrow_mut().as_mut() {
                    receiver.close();
                    closed = true;
                }
            }
            Step::DropSender => drop(sender.take()),
            Step::Cancel(_) | Step::DropReceiver => {
                tasks.cancel(0);
                waits = false;
            }
            Step::Many(_) => {
                let is_closed = sender.as_ref().is_some_and(oneshot::Sender::is_closed);
                assert_eq!(is_closed, closed && sender.is_some());
            }
        }
    }
}

fn check_one(outcome: Option<Result<u32, oneshot::error::RecvError>>, sent: bool, over: bool) {
    match outcome {
        Some(Ok(value)) => assert!(sent && value == 7),
        Some(Err(_)) => assert!(!sent && over, "an error while the sender lives"),
        None => (),
    }
}

/// A receiver of a broadcast channel, and the next value that it has not seen.
type Listener = (broadcast::Receiver<u32>, u32);
type Received = (Listener, Result<u32, broadcast::error::RecvError>);

/// A broadcast channel: every receiver sees every value in order, or learns how many it missed.
fn all(capacity: usize, steps: &[Step]) {
    let (sender, first) = broadcast::channel::<u32>(capacity);
    let kept = u32::try_from(capacity.next_power_of_two()).expect("small");
    let mut sender = Some(sender);
    let mut log: u32 = 0;
    let mut receivers: Vec<Listener> = vec![(first, 0)];
    let mut tasks: Tasks<Received> = Tasks::default();
    for step in steps {
        let is_closed = sender.is_none();
        let heard = match *step {
            Step::Send | Step::TrySend => {
                if let Some(sender) = &sender {
                    let outcome = sender.send(log);
                    assert_eq!(outcome.is_ok(), receivers.len() + tasks.len() > 0);
                    log += u32::from(outcome.is_ok());
                }
                None
            }
            Step::Receive => receivers.pop().and_then(|(mut receiver, at)| {
                tasks.start(async move {
                    let outcome = receiver.recv().await;
                    ((receiver, at), outcome)
                })
            }),
            Step::TryReceive => {
                if let Some((receiver, at)) = receivers.last_mut() {
                    use broadcast::error::{RecvError, TryRecvError};
                    match receiver.try_recv() {
                        Err(TryRecvError::Empty) => assert!(*at == log && !is_closed, "a value"),
                        Ok(value) => *at = heard_of(*at, Ok(value), log, kept, is_closed),
                        Err(TryRecvError::Lagged(missed)) => {
                            let outcome = Err(RecvError::Lagged(missed));
                            *at = heard_of(*at, outcome, log, kept, is_closed);
                        }
                        Err(TryRecvError::Closed) => assert!(*at == log && is_closed, "the end"),
                    }
                }
                None
            }
            Step::Poll(which) => tasks.poll(which.into()),
            Step::Cancel(which) => {
                tasks.cancel(which.into());
                None
            }
            Step::DropReceiver => {
                drop(receivers.pop());
                None
            }
            Step::DropSender => {
                drop(sender.take());
                None
            }
            Step::Close => tasks.poll_woken().flatten(),
            Step::Many(_) => {
                if let Some(sender) = sender.as_ref().filter(|_| receivers.len() < 8) {
                    receivers.push((sender.subscribe(), log));
                }
                None
            }
        };
        if let Some(((receiver, at), outcome)) = heard {
            receivers.push((receiver, heard_of(at, outcome, log, kept, sender.is_none())));
        }
    }
    drop(sender);
    while let Some(_heard) = tasks.poll_woken() {}
    assert!(tasks.is_empty(), "somebody waits for a closed channel");
}

/// What a receiver that has seen all before `at` hears; returns what it has seen then.
fn heard_of(
    at: u32,
    outcome: Result<u32, broadcast::error::RecvError>,
    log: u32,
    kept: u32,
    is_closed: bool,
) -> u32 {
    match outcome {
        Ok(value) => {
            assert_eq!(value, at, "order");
            at + 1
        }
        Err(broadcast::error::RecvError::Lagged(missed)) => {
            assert!(missed > 0);
            let now = at + u32::try_from(missed).expect("small");
            assert_eq!(now, log.saturating_sub(kept), "what is kept");
            now
        }
        Err(broadcast::error::RecvError::Closed) => {
            assert!(at == log && is_closed, "the end");
            at
        }
    }
}

/// A receiver of a watch channel, and the version that it has seen.
type Watcher = (watch::Receiver<u32>, u32);

/// A watch channel: each receiver sees the latest value, and hears of each change once.
fn latest(steps: &[Step]) {
    let (sender, receiver) = watch::channel(0_u32);
    let mut sender = Some(sender);
    let mut version = 0;
    let mut receivers: Vec<Watcher> = vec![(receiver, 0)];
    let mut tasks: Tasks<(Watcher, bool)> = Tasks::default();
    for step in steps {
        let heard = match *step {
            Step::Send | Step::TrySend => {
                if let Some(sender) = &sender {
                    version += 1;
                    sender.send_replace(version);
                }
                None
            }
            Step::Receive => receivers.pop().and_then(|(mut receiver, seen)| {
                tasks.start(async move {
                    let changed = receiver.changed().await.is_ok();
                    ((receiver, seen), changed)
                })
            }),
            Step::TryReceive => {
                if let Some((receiver, seen)) = receivers.last_mut() {
                    assert_eq!(*receiver.borrow(), version);
                    let changed = receiver.has_changed();
                    assert_eq!(changed.is_err(), sender.is_none());
                    if let Ok(changed) = changed {
                        assert_eq!(changed, *seen != version);
                    }
                    assert_eq!(*receiver.borrow_and_update(), version);
                    *seen = version;
                }
                None
            }
            Step::Poll(which) => tasks.poll(which.into()),
            Step::Cancel(which) => {
                tasks.cancel(which.into());
                None
            }
            Step::DropReceiver => {
                drop(receivers.pop());
                None
            }
            Step::DropSender => {
                drop(sender.take());
                None
            }
            Step::Close => tasks.poll_woken().flatten(),
            Step::Many(_) => {
                if let Some(sender) = sender.as_ref().filter(|_| receivers.len() < 8) {
                    receivers.push((sender.subscribe(), version));
                }
                None
            }
        };
        if let Some(((receiver, seen), changed)) = heard {
            if changed {
                assert_ne!(seen, version, "heard of a change that was seen");
                receivers.push((receiver, version));
            } else {
                assert!(sender.is_none(), "the end of a channel with a sender");
                receivers.push((receiver, seen));
            }
        }
    }
    drop(sender);
    while let Some(_heard) = tasks.poll_woken() {}
    assert!(tasks.is_empty(), "somebody waits for a closed channel");
}

/// Notices: none is lost, and none wakes two; what a dropped wait was given goes on.
fn notices(steps: &[Step]) {
    let notify = Arc::new(Notify::new());
    let mut tasks = Tasks::default();
    // Notices that were given one by one; each ends one wait at most, and all but one stored end one.
    let (mut given, mut taken) = (0_usize, 0_usize);
    let mut all_woken = 0_usize;
    for step in steps {
        match *step {
            Step::Send | Step::TrySend => {
                given += 1;
                notify.notify_one();
            }
            Step::Receive | Step::TryReceive | Step::Many(_) => {
                let notify = Arc::clone(&notify);
                let ended = tasks.start(async move { notify.notified().await });
                taken += usize::from(ended.is_some());
            }
            Step::Poll(which) => taken += usize::from(tasks.poll(which.into()).is_some()),
            Step::Cancel(which) => tasks.cancel(which.into()),
            Step::Close => {
                all_woken += tasks.len();
                notify.notify_waiters();
            }
            Step::DropSender | Step::DropReceiver => {
                if let Some(ended) = tasks.poll_woken() {
                    taken += usize::from(ended.is_some());
                }
            }
        }
        assert!(taken <= given + all_woken, "one notice has ended two waits");
    }
    while let Some(_ended) = tasks.poll_woken() {}
    for _ in 0..tasks.len() {
        notify.notify_one();
        let ended = tasks.poll_woken().flatten();
        assert!(ended.is_some(), "a wait that is notified does not end");
    }
}

/// Permits: never more than there are, and all are back in the end.
fn permits(total: usize, steps: &[Step]) {
    let semaphore = Arc::new(Semaphore::new(total));
    let mut tasks: Tasks<Option<OwnedSemaphorePermit>> = Tasks::default();
    let mut held: Vec<OwnedSemaphorePermit> = Vec::new();
    let mut total = total;
    for step in steps {
        match *step {
            Step::Receive | Step::Send | Step::Many(_) => {
                let count = match *step {
                    Step::Many(count) => u32::from(count % 4) + 1,
                    _ => 1,
                };
                let semaphore = Arc::clone(&semaphore);
                let ended =
                    tasks.start(async move { semaphore.acquire_many_owned(count).await.ok() });
                held.extend(ended.flatten());
            }
            Step::TryReceive => {
                held.extend(Arc::clone(&semaphore).try_acquire_owned().ok());
            }
            Step::TrySend | Step::DropReceiver => drop(held.pop()),
            Step::DropSender => {
                total += 1;
                semaphore.add_permits(1);
            }
            Step::Poll(which) => held.extend(tasks.poll(which.into()).flatten()),
            Step::Cancel(which) => tasks.cancel(which.into()),
            Step::Close => {
                while let Some(ended) = tasks.poll_woken() {
                    held.extend(ended.flatten());
                }
            }
        }
        let out: usize = held.iter().map(OwnedSemaphorePermit::num_permits).sum();
        assert!(
            out + semaphore.available_permits() <= total,
            "more permits than there are"
        );
    }
    // Without those that hold and those that wait, all are there.
    held.clear();
    while let Some(ended) = tasks.poll_woken() {
        drop(ended);
    }
    while !tasks.is_empty() {
        tasks.cancel(0);
        while let Some(ended) = tasks.poll_woken() {
            drop(ended);
        }
    }
    assert_eq!(semaphore.available_permits(), total, "permits were lost");
}
