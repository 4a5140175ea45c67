//! What both sides of a broadcast channel share: a ring of slots, and the lock of its tail.
//!
//! Idea        Senders write under the lock; receivers go from slot to slot, each at its own pace,
//!             and take the lock only where a slot does not hold what they look for: at the tail,
//!             or when they were overtaken.
//! Invariants  I1 positions `tail - capacity .. tail` are in the ring; a slot is empty when each
//!             receiver that was there when its value was sent has seen it or is gone.
//!             I2 a waiting receiver joined at the tail; one that joined at an earlier tail is to
//!             be woken.
//! Rejected    A queue per receiver: each send would clone the value and take a lock for each receiver.
#![allow(unsafe_code)]

use alloc::boxed::Box;

use super::super::notify::Notify;
use super::slot::Slot;
use crate::platform::{AtomicUsize, Lock, LockGuard, Ordering};
use crate::wake::{FinallyGuard, WaitQueue, WakeBatch};

/// The largest capacity that can be asked for.
const MOST_CAPACITY: usize = usize::MAX >> 1;

pub(super) struct Tail {
    pub(super) position: u64,
    pub(super) receivers: usize,
    pub(super) closed: bool,
    pub(super) waiters: WaitQueue<u64>,
}

pub(super) struct Shared<T> {
    slots: Box<[Slot<T>]>,
    pub(super) tail: Lock<Tail>,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    pub(super) no_receivers: Notify,
}

// SAFETY: values are reached by one thread at a time (the slots' I1), so `T: Send` is enough.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> core::panic::UnwindSafe for Shared<T> {}
impl<T> core::panic::RefUnwindSafe for Shared<T> {}

/// What a receiver finds where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookOutcome {
    /// Nothing yet.
    AtTail,
    /// Nothing, for ever.
    Closed,
    /// It was overtaken; the oldest position that is left.
    Overtaken(u64),
    /// A value came meanwhile.
    Value,
}

/// A value's `clone` sends to its own channel, and the value would be overwritten.
#[cold]
fn sent_inside<T>(value: T) -> ! {
    drop(value);
    panic!("the value that a send would overwrite is being cloned by the sender itself");
}

impl<T> Shared<T> {
    #[track_caller]
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        assert!(capacity > 0, "broadcast channel capacity cannot be zero");
        assert!(
            capacity <= MOST_CAPACITY,
            "broadcast channel capacity exceeded `usize::MAX / 2`"
        );
        let slots = (0..capacity.next_power_of_two())
            .map(|_| Slot::new())
            .collect();
        Self {
            slots,
            tail: Lock::new(Tail {
                position: 0,
                receivers,
                closed: false,
                waiters: WaitQueue::new(),
            }),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            no_receivers: Notify::new(),
        }
    }

    fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }

    pub(super) fn slot(&self, position: u64) -> &Slot<T> {
        &self.slots[(position & (self.capacity() - 1)) as usize]
    }

    /// What is at `position`, where the slot holds another value or none.
    pub(super) fn look(&self, tail: &Tail, position: u64) -> LookOutcome {
        if position == tail.position {
            return if tail.closed {
                LookOutcome::Closed
            } else {
                LookOutcome::AtTail
            };
        }
        let oldest = tail.position.saturating_sub(self.capacity());
        if position < oldest {
            LookOutcome::Overtaken(oldest)
        } else {
            LookOutcome::Value
        }
    }

    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let mut tail = self.tail.lock();
        let receivers = tail.receivers;
        if receivers == 0 {
            return Err(value);
        }
        let position = tail.position;
        // SAFETY: we hold the lock.
        let written = unsafe { self.slot(position).write(position, value, receivers) };
        let replaced = match written {
            Ok(replaced) => replaced,
            Err(value) => {
                drop(tail);
                sent_inside(value);
            }
        };
        tail.position += 1;
        if tail.waiters.is_empty() {
            drop(tail);
        } else {
            self.wake_line(tail, position + 1);
        }
        drop(replaced);
        Ok(receivers)
    }

    /// Wakes who joined before `until`.
    fn wake_line<'a>(&'a self, mut tail: LockGuard<'a, Tail>, until: u64) {
        let mut batch = WakeBatch::new();
        loop {
            while let (true, Some(joined)) = (batch.has_room(), tail.waiters.front()) {
                if *joined >= until {
                    break;
                }
                batch.push(tail.waiters.pop_front(0).expect("the front exists"));
            }
            drop(tail);
            let finished = batch.has_room();
            batch.wake_all();
            if finished {
                return;
            }
            tail = self.tail.lock();
        }
    }

    /// Every sender is gone.
    pub(super) fn close(&self) {
        let mut tail = self.tail.lock();
        tail.closed = true;
        self.wake_line(tail, u64::MAX);
    }

    /// Counts one more receiver, which begins at the returned position.
    pub(super) fn add_receiver(&self) -> u64 {
        let mut tail = self.tail.lock();
        assert!(tail.receivers < usize::MAX >> 3, "too many receivers");
        tail.receivers += 1;
        tail.position
    }

    /// Counts one receiver less, which stood at `position`: it will not see the rest.
    pub(super) fn remove_receiver(&self, position: u64) {
        let (until, left) = {
            let mut tail = self.tail.lock();
            tail.receivers -= 1;
            (tail.position, tail.receivers)
        };
        let mut position = position.max(until.saturating_sub(self.capacity()));
        // Whoever is notified finds the channel as it is without this receiver: nothing left to see.
        let _told = FinallyGuard(|| {
            if left == 0 {
                self.no_receivers.notify_waiters();
            }
        });
        // Also the rest, if the drop of a value panics.
        let mut rest = FinallyGuard(|| {
            while position < until {
                position += 1;
                self.slot(position - 1).skip(position - 1);
            }
        });
        (rest.0)();
    }

    /// How many values some receiver has yet to see. Those that all have seen come first.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.lock();
        let (mut low, mut high) = (tail.position.saturating_sub(self.capacity()), tail.position);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.slot(middle).is_unseen() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (tail.position - low) as usize
    }

    /// A weak sender becomes a sender, unless none is left.
    pub(super) fn upgrade(&self) -> bool {
        // AcqRel: pairs with the Release of a sender that goes.
        self.senders
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |count| {
                (count > 0).then_some(count + 1)
            })
            .is_ok()
    }
}
