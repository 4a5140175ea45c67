//! The queues against a sequential model: every send, reservation, cancellation and close.
//!
//! Length      one model for both queues; its steps are understood together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::super::mpsc;
use super::harness::{CountingWaker, TestTask};
use crate::sync::mpsc::error::{TryRecvError, TrySendError};

/// A value, and so much beside it that a block has two slots: capacities of one and two make a
/// ring that goes round, larger ones a chain that grows and shrinks.
type Value = (u32, Arc<()>, Width);
type Width = [u8; 300];
const WIDTH: Width = [0; 300];

#[derive(Debug, Clone)]
enum Step {
    Send,
    TrySend,
    Reserve,
    TryReserve,
    SendPermit(usize),
    DropPermit(usize),
    Poll(usize),
    Cancel(usize),
    Recv,
    RecvMany(usize),
    TryRecv,
    Clone,
    DropSender(usize),
    Close,
    DropReceiver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any::<()>().prop_map(|()| Step::Send),
        3 => any::<()>().prop_map(|()| Step::TrySend),
        3 => any::<()>().prop_map(|()| Step::Reserve),
        2 => any::<()>().prop_map(|()| Step::TryReserve),
        3 => any::<usize>().prop_map(Step::SendPermit),
        2 => any::<usize>().prop_map(Step::DropPermit),
        6 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Cancel),
        7 => any::<()>().prop_map(|()| Step::Recv),
        2 => (0usize..5).prop_map(Step::RecvMany),
        3 => any::<()>().prop_map(|()| Step::TryRecv),
        1 => any::<()>().prop_map(|()| Step::Clone),
        1 => any::<usize>().prop_map(Step::DropSender),
        1 => any::<()>().prop_map(|()| Step::Close),
        1 => any::<()>().prop_map(|()| Step::DropReceiver),
    ];
    collection::vec(step, 1..120)
}

/// What a waiting future came to, as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    GrantEvent,
    Refusal,
}

enum Outcome {
    Sent(bool),
    Reserved(Option<mpsc::OwnedPermit<Value>>),
}

struct Waiter {
    id: u32,
    sends: bool,
    standing: Stage,
    task: TestTask<Outcome>,
}

/// The channel and the model side by side.
struct Pair {
    capacity: usize,
    senders: Vec<mpsc::Sender<Value>>,
    receiver: Option<mpsc::Receiver<Value>>,
    permits: Vec<mpsc::OwnedPermit<Value>>,
    waiting: Vec<Waiter>,
    token: Arc<()>,
    next: u32,
    // The model.
    queue: VecDeque<u32>,
    free: usize,
    waiters: VecDeque<u32>,
    closed: bool,
    parked: Option<Arc<CountingWaker>>,
}

impl Pair {
    fn new(capacity: usize) -> Self {
        let (tx, rx) = mpsc::channel(capacity);
        Self {
            capacity,
            senders: vec![tx],
            receiver: Some(rx),
            permits: Vec::new(),
            waiting: Vec::new(),
            token: Arc::new(()),
            next: 0,
            queue: VecDeque::new(),
            free: capacity,
            waiters: VecDeque::new(),
            closed: false,
            parked: None,
        }
    }

    fn value(&mut self) -> Value {
        self.next += 1;
        (self.next, self.token.clone(), WIDTH)
    }

    fn finished(&self) -> bool {
        self.closed && self.queue.is_empty() && self.free == self.capacity
    }

    fn has_room(&self) -> bool {
        !self.closed && self.free > 0 && self.waiters.is_empty()
    }

    fn free_one(&mut self) {
        match self.waiters.pop_front() {
            Some(id) => {
                let served = self.waiting.iter_mut().find(|waiting| waiting.id == id);
                served.expect("in the queue").standing = Stage::GrantEvent;
            }
            None => self.free += 1,
        }
    }

    fn close(&mut self) {
        self.closed = true;
        for id in self.waiters.drain(..) {
            let refused = self.waiting.iter_mut().find(|waiting| waiting.id == id);
            refused.expect("in the queue").standing = Stage::Refusal;
        }
    }

    fn handles(&self) -> usize {
        self.senders.len() + self.permits.len() + self.waiting.len()
    }

    /// A sender went away.
    fn handle_gone(&mut self) {
        if self.handles() == 0 {
            self.close();
        }
    }

    fn begin(&mut self, sends: bool) {
        let Some(tx) = self.senders.first().cloned() else {
            return;
        };
        let (id, token, width) = self.value();
        let mut task = if sends {
            TestTask::new(async move { Outcome::Sent(tx.send((id, token, width)).await.is_ok()) })
        } else {
            drop(token);
            TestTask::new(async move { Outcome::Reserved(tx.reserve_owned().await.ok()) })
        };
        let polled = task.poll();
        if self.closed || self.has_room() {
            let Poll::Ready(outcome) = polled else {
                panic!("waits with room, or closed")
            };
            let room = !self.closed;
            if room {
                self.free -= 1;
            }
            self.settle(outcome, room, id);
        } else {
            assert!(polled.is_pending(), "sent without room");
            self.waiters.push_back(id);
            self.waiting.push(Waiter {
                id,
                sends,
                standing: Stage::Queued,
                task,
            });
        }
    }

    fn settle(&mut self, outcome: Outcome, granted: bool, id: u32) {
        match outcome {
            Outcome::Sent(sent) => {
                assert_eq!(sent, granted);
                if sent && self.receiver.is_some() {
                    self.queue.push_back(id);
                }
            }
            Outcome::Reserved(permit) => {
                assert_eq!(permit.is_some(), granted);
                self.permits.extend(permit);
            }
        }
    }

    fn poll(&mut self, index: usize) {
        if self.waiting.is_empty() {
            return;
        }
        let index = index % self.waiting.len();
        let waiting = &mut self.waiting[index];
        match (waiting.task.poll(), waiting.standing) {
            (Poll::Pending, Stage::Queued) => {}
            (Poll::Ready(outcome), standing) if standing != Stage::Queued => {
                let Waiter { id, task, .. } = self.waiting.remove(index);
                drop(task);
                let granted = standing == Stage::GrantEvent;
                if granted && self.closed {
                    // It came for its room too late.
                    self.free_one();
                }
                self.settle(outcome, granted && !self.closed, id);
                self.handle_gone();
            }
            (polled, standing) => panic!("{standing:?}, ready: {}", polled.is_ready()),
        }
    }

    fn cancel(&mut self, index: usize) {
        if self.waiting.is_empty() {
            return;
        }
        let Waiter { id, standing, .. } = self.waiting.remove(index % self.waiting.len());
        match standing {
            Stage::Queued => self.waiters.retain(|waiting| *waiting != id),
            Stage::GrantEvent => self.free_one(),
            Stage::Refusal => {}
        }
        self.handle_gone();
    }

    fn take_permit(&mut self, index: usize) -> Option<mpsc::OwnedPermit<Value>> {
        let count = self.permits.len();
        (count > 0).then(|| self.permits.swap_remove(index % count))
    }

    fn received(&mut self, value: Option<Value>) {
        assert_eq!(value.map(|value| value.0), self.queue.pop_front());
        self.free_one();
    }

    fn recv(&mut self, many: Option<usize>) {
        let Some(mut rx) = self.receiver.take() else {
            return;
        };
        let counter = Arc::new(CountingWaker::default());
        let waker = Waker::from(counter.clone());
        let mut cx = Context::from_waker(&waker);
        let mut buffer = vec![(0, self.token.clone(), WIDTH)];
        let polled = match many {
            None => rx.poll_recv(&mut cx).map(|value| {
                buffer.extend(value);
            }),
            Some(limit) => rx.poll_recv_many(&mut cx, &mut buffer, limit).map(|count| {
                assert_eq!(count, buffer.len() - 1, "counts what it added");
            }),
        };
        self.receiver = Some(rx);
        if polled.is_pending() {
            assert!(self.queue.is_empty() && !self.finished() && many != Some(0));
            self.parked = Some(counter);
            return;
        }
        let limit = many.unwrap_or(1);
        assert!(!self.queue.is_empty() || self.finished() || limit == 0);
        assert_eq!(buffer.len() - 1, self.queue.len().min(limit));
        for value in buffer.drain(1..) {
            self.received(Some(value));
        }
    }

    fn try_recv(&mut self) {
        let Some(mut rx) = self.receiver.take() else {
            return;
        };
        let result = rx.try_recv();
        self.receiver = Some(rx);
        match result {
            Ok(value) => self.received(Some(value)),
            Err(TryRecvError::Empty) => assert!(self.queue.is_empty() && !self.finished()),
            Err(TryRecvError::Disconnected) => assert!(self.finished()),
        }
    }

    fn try_send(&mut self) {
        if self.senders.is_empty() {
            return;
        }
        let (id, token, width) = self.value();
        match self.senders[0].try_send((id, token, width)) {
            Ok(()) => {
                assert!(self.has_room());
                self.free -= 1;
                self.queue.push_back(id);
            }
            Err(TrySendError::Full(_)) => assert!(!self.closed && !self.has_room()),
            Err(TrySendError::Closed(_)) => assert!(self.closed),
        }
    }

    fn try_reserve(&mut self) {
        let Some(tx) = self.senders.first().cloned() else {
            return;
        };
        match tx.try_reserve_owned() {
            Ok(permit) => {
                assert!(self.has_room());
                self.free -= 1;
                self.permits.push(permit);
            }
            Err(TrySendError::Full(_)) => assert!(!self.closed && !self.has_room()),
            Err(TrySendError::Closed(_)) => assert!(self.closed),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send => self.begin(true),
            Step::Reserve => self.begin(false),
            Step::TrySend => self.try_send(),
            Step::TryReserve => self.try_reserve(),
            Step::SendPermit(index) => {
                if let Some(permit) = self.take_permit(index) {
                    let value = self.value();
                    if self.receiver.is_some() {
                        self.queue.push_back(value.0);
                    }
                    drop(permit.send(value));
                    self.handle_gone();
                }
            }
            Step::DropPermit(index) => {
                if self.take_permit(index).is_some() {
                    self.free_one();
                    self.handle_gone();
                }
            }
            Step::Poll(index) => self.poll(index),
            Step::Cancel(index) => self.cancel(index),
            Step::Recv => self.recv(None),
            Step::RecvMany(limit) => self.recv(Some(limit)),
            Step::TryRecv => self.try_recv(),
            Step::Clone => self.senders.extend(self.senders.first().cloned()),
            Step::DropSender(index) => {
                if !self.senders.is_empty() {
                    let index = index % self.senders.len();
                    self.senders.swap_remove(index);
                    self.handle_gone();
                }
            }
            Step::Close => {
                if let Some(rx) = &mut self.receiver {
                    rx.close();
                    self.close();
                    // It knows, and looks again by itself.
                    self.parked = None;
                }
            }
            Step::DropReceiver => {
                if self.receiver.take().is_some() {
                    self.parked = None;
                    self.close();
                    self.free += self.queue.len();
                    self.queue.clear();
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn bounded_agrees_with_the_model(capacity in 1usize..5, steps in steps()) {
        let mut pair = Pair::new(capacity);
        for step in steps {
            pair.step(step);
            if let Some(rx) = &pair.receiver {
                prop_assert_eq!(rx.len(), pair.queue.len());
                prop_assert_eq!(rx.is_empty(), pair.queue.is_empty());
                prop_assert_eq!(rx.capacity(), pair.free);
                prop_assert_eq!(rx.is_closed(), pair.closed);
                prop_assert_eq!(rx.sender_strong_count(), pair.handles());
            }
            if let Some(counter) = pair.parked.take_if(|_| !pair.queue.is_empty()) {
                prop_assert!(counter.wakes() > 0, "a value came and the receiver sleeps");
            }
            let finished = pair.finished();
            if let Some(counter) = pair.parked.take_if(|_| finished) {
                prop_assert!(counter.wakes() > 0, "finished and the receiver sleeps");
            }
            for waiting in &pair.waiting {
                let served = waiting.standing != Stage::Queued;
                prop_assert_eq!(served, waiting.task.is_woken(), "sends: {}", waiting.sends);
            }
        }
        let token = pair.token.clone();
        drop(pair);
        prop_assert_eq!(Arc::strong_count(&token), 1, "every value was dropped once");
    }
}

/// Values of every size pass through blocks of every length.
#[test]
fn large_and_empty_values() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for number in 0..100u8 {
        tx.send([number; 3000]).unwrap();
    }
    for number in 0..100 {
        assert_eq!(rx.try_recv().unwrap()[2999], number);
    }
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..1000).for_each(|_| tx.send(()).unwrap());
    assert_eq!(rx.len(), 1000);
    (0..1000).for_each(|_| rx.try_recv().unwrap());
}

/// Threads send; every value arrives once, and those of one sender in their order.
#[test]
fn stress_every_value_arrives() {
    const EACH: usize = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    let (tx, mut rx) = mpsc::channel(64);
    let threads: Vec<_> = (0..4)
        .map(|sender| {
            let tx = tx.clone();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    tx.blocking_send((sender, number)).unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    let mut next = [0; 4];
    while let Some((sender, number)) = rx.blocking_recv() {
        assert_eq!(next[sender], number);
        next[sender] += 1;
    }
    assert_eq!(next, [EACH; 4]);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// As above without a limit, with a receiver that waits by polling many and closes in the middle:
/// what was accepted is received.
#[test]
fn stress_accepted_values_arrive_after_close() {
    const EACH: usize = 20_000;
    for _ in 0..4 {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let tx = tx.clone();
                std::thread::spawn(move || {
                    (0..EACH)
                        .take_while(|number| tx.send(*number).is_ok())
                        .count()
                })
            })
            .collect();
        drop(tx);
        let mut buffer = Vec::new();
        let mut received = 0;
        loop {
            let count = rx.blocking_recv_many(&mut buffer, 100);
            if count == 0 {
                break;
            }
            received += count;
            if received > EACH {
                rx.close();
            }
        }
        let sent: usize = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        assert_eq!(received, sent);
    }
}
