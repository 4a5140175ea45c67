//! Channels and queues with their storage in place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::queue::FixedQueue;
use crate::sync::{FixedChannel, FixedPipe, FixedWatch};

/// Values that one side sends.
const SENT: u32 = 5;

/// Numbers in order, through two slots.
struct Numbers {
    channel: Arc<FixedChannel<u32, 2>>,
    next: AtomicU32,
    received: Arc<AtomicU32>,
    receiver: Task<()>,
    sender: Task<()>,
}

impl Numbers {
    fn new() -> Self {
        let channel = Arc::new(FixedChannel::new());
        let received = Arc::new(AtomicU32::new(0));
        let (to, from, count) = (channel.clone(), channel.clone(), received.clone());
        Self {
            channel,
            next: AtomicU32::new(0),
            received,
            receiver: Task::new(async move {
                loop {
                    let value = from.recv().await;
                    assert_eq!(count.fetch_add(1, SeqCst), value, "out of order");
                }
            }),
            sender: Task::new(async move {
                for value in 0..SENT {
                    to.send(value).await;
                }
            }),
        }
    }

    fn try_send(&self) {
        let value = self.next.load(SeqCst);
        if self.channel.try_send(value).is_ok() {
            self.next.store(value + 1, SeqCst);
        }
    }
}

/// The handler sends as long as there is room, thread level receives.
pub(super) struct ChannelFromHandler(Numbers);

impl Scenario for ChannelFromHandler {
    fn new() -> Self {
        Self(Numbers::new())
    }

    fn thread(&self) {
        self.0.receiver.run();
        self.0.receiver.run();
    }

    fn interrupt(&self) {
        self.0.try_send();
        self.0.try_send();
        self.0.try_send();
    }

    fn check(&self) {
        self.0.receiver.run();
        assert_eq!(self.0.received.load(SeqCst), self.0.next.load(SeqCst));
        assert!(self.0.channel.is_empty());
    }
}

/// Thread level sends and waits for room, an urgent task receives.
pub(super) struct ChannelFromThread(Numbers);

impl Scenario for ChannelFromThread {
    fn new() -> Self {
        Self(Numbers::new())
    }

    fn thread(&self) {
        self.0.sender.run();
        self.0.sender.run();
    }

    fn interrupt(&self) {
        self.0.receiver.run();
    }

    fn check(&self) {
        // The two run by turns until all is sent.
        for _ in 0..SENT {
            self.0.receiver.run();
            self.0.sender.run();
        }
        assert!(self.0.sender.is_over(), "a promise of room was lost");
        assert_eq!(self.0.received.load(SeqCst), SENT);
    }
}

/// A watch that both sides write and both read.
pub(super) struct BidirectionalWatch {
    watch: &'static FixedWatch<u32>,
    sent: AtomicU32,
    low: Task<()>,
    urgent: Task<()>,
    seen: Arc<[AtomicU32; 2]>,
}

impl BidirectionalWatch {
    fn send(&self) {
        self.sent.fetch_add(1, SeqCst);
        self.watch.send_modify(|value| *value += 1);
    }
}

impl Scenario for BidirectionalWatch {
    fn new() -> Self {
        let watch: &'static FixedWatch<u32> = Box::leak(Box::new(FixedWatch::new(0)));
        let seen = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let task = |side: usize| {
            let (mut receiver, seen) = (watch.subscribe(), seen.clone());
            Task::new(async move {
                loop {
                    receiver.changed().await;
                    seen[side].store(receiver.get_and_update(), SeqCst);
                }
            })
        };
        let (low, urgent) = (task(0), task(1));
        let sent = AtomicU32::new(0);
        Self {
            watch,
            sent,
            low,
            urgent,
            seen,
        }
    }

    fn thread(&self) {
        self.low.run();
        self.send();
        self.low.run();
    }

    fn interrupt(&self) {
        self.urgent.run();
        self.send();
    }

    fn check(&self) {
        self.low.run();
        self.urgent.run();
        let sent = self.sent.load(SeqCst);
        assert_eq!(
            self.seen[0].load(SeqCst),
            sent,
            "thread level missed the last value"
        );
        assert_eq!(
            self.seen[1].load(SeqCst),
            sent,
            "the handler missed the last value"
        );
    }
}

/// A queue that both sides push to and pop from: nothing is lost, nothing comes twice.
pub(super) struct BidirectionalQueue {
    queue: FixedQueue<u32, 4>,
    pushed: AtomicU32,
    popped: AtomicU32,
}

impl BidirectionalQueue {
    fn push(&self) {
        if self.queue.push(1).is_ok() {
            self.pushed.fetch_add(1, SeqCst);
        }
    }

    fn pop(&self) {
        self.popped.fetch_add(self.queue.pop().unwrap_or(0), SeqCst);
    }
}

impl Scenario for BidirectionalQueue {
    fn new() -> Self {
        Self {
            queue: FixedQueue::new(),
            pushed: AtomicU32::new(0),
            popped: AtomicU32::new(0),
        }
    }

    fn thread(&self) {
        self.push();
        self.push();
        self.pop();
        self.push();
    }

    fn interrupt(&self) {
        self.push();
        self.pop();
        self.pop();
    }

    fn check(&self) {
        let left = self.queue.len() as u32;
        assert_eq!(self.pushed.load(SeqCst), self.popped.load(SeqCst) + left);
    }
}

/// Bytes through a pipe of three: thread level writes and waits for room, an urgent task reads.
pub(super) struct UrgentReader {
    pipe: &'static FixedPipe<3>,
    read: Arc<AtomicU32>,
    writer: Task<()>,
    reader: Task<()>,
}

impl Scenario for UrgentReader {
    fn new() -> Self {
        let pipe: &'static FixedPipe<3> = Box::leak(Box::new(FixedPipe::new()));
        let read = Arc::new(AtomicU32::new(0));
        let count = read.clone();
        let reader = Task::new(async move {
            let mut buffer = [0; 2];
            loop {
                let bytes = pipe.read(&mut buffer).await;
                for byte in &buffer[..bytes] {
                    let expected = count.fetch_add(1, SeqCst);
                    assert_eq!(u32::from(*byte), expected, "out of order");
                }
            }
        });
        reader.run();
        let writer = Task::new(async move { pipe.write_all(&[0, 1, 2, 3, 4]).await });
        Self {
            pipe,
            read,
            writer,
            reader,
        }
    }

    fn thread(&self) {
        self.writer.run();
        self.writer.run();
    }

    fn interrupt(&self) {
        // What it has not read is not there yet: a write that was suspended half-way keeps nothing from it.
        self.reader.run();
        assert!(self.pipe.is_empty(), "a byte without a wake");
    }

    fn check(&self) {
        for _ in 0..SENT {
            self.reader.run();
            self.writer.run();
        }
        assert!(self.writer.is_over(), "a notice of room was lost");
        assert_eq!(self.read.load(SeqCst), SENT);
    }
}

#[test]
fn a_pipe_is_read_by_an_urgent_task_whenever_it_has_a_byte() {
    sweep::<UrgentReader>();
}

#[test]
fn a_fixed_channel_passes_values_between_priorities() {
    sweep::<ChannelFromHandler>();
    sweep::<ChannelFromThread>();
}

#[test]
fn a_fixed_watch_is_written_and_read_at_every_priority() {
    sweep::<BidirectionalWatch>();
}

#[test]
fn a_fixed_queue_is_used_at_every_priority() {
    sweep::<BidirectionalQueue>();
}
