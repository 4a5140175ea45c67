//! The readiness of one source, and who waits for it. 64 bytes.
//!
//! Idea        The poller tells of changes, so what it told is kept until an operation finds it no
//!             longer true. One word holds the readiness, a tick for each direction and the
//!             generation of the slot; an operation remembers the word it saw and clears only
//!             what no later event has confirmed.
//! States      generation g ─open→ in use ─watch→ watched ─close→ generation g + 1;
//!             any ─shutdown→ the same, over
//! Invariants  I1 readiness is published before the waiters' lock is taken to wake; a waiter looks
//!                at the readiness again after it stored its waker under that lock. One of the two
//!                sees the other.
//!             I2 a node of `others` is pinned and leaves the list, under the lock, before it dies.
//!             I3 no waker is woken, nor dropped, under the lock.
//!             I4 only a watched slot is waited for: of another the poller knows nothing.
//! Rejected    One tick of 8 bits for both directions: it wraps at 256 events, and a writer's
//!             events make a reader try again for nothing.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use selkie_core::collections::{Link, Linked, List};
use selkie_core::platform::{AtomicU64, Lock, Ordering};
use selkie_core::wake::WakeBatch;

use super::word::Word;
use crate::io::{Interest, Ready};

/// The direction of a poll: each has one waker of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Direction {
    const fn mask(self) -> Ready {
        match self {
            Self::Read => Interest::READABLE.mask(),
            Self::Write => Interest::WRITABLE.mask(),
        }
    }
}

/// What an operation saw before it was tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadyEvent {
    /// What the source was ready for, within what was asked.
    pub(crate) ready: Ready,
    word: Word,
}

impl ReadyEvent {
    /// Whether the driver was gone.
    pub(crate) const fn is_shutdown(&self) -> bool {
        self.word.is_shut_down()
    }

    /// Whether the poller knew the source.
    pub(super) const fn is_watched(&self) -> bool {
        self.word.is_watched()
    }

    /// Whether there is nothing to wait for: the source is ready, nobody can tell, or nobody will.
    pub(super) fn is_answer(&self) -> bool {
        !self.ready.is_empty() || !self.is_watched() || self.is_shutdown()
    }
}

/// One of several that wait for the same source; lives in its future.
#[derive(Debug)]
pub(super) struct Waiter {
    link: Link<Waiter>,
    interest: Interest,
    waker: Option<Waker>,
}

impl Waiter {
    pub(super) const fn new(interest: Interest) -> Self {
        Self {
            link: Link::new(),
            interest,
            waker: None,
        }
    }
}

// SAFETY: a node in the list is touched under the slot's lock alone, by whichever thread holds it.
unsafe impl Send for Waiter {}

// SAFETY: `link` is a field of the node, and only the list changes it while it is in (I2).
unsafe impl Linked for Waiter {
    unsafe fn link(node: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: the caller promises a live node; this makes no reference to it.
        let link = unsafe { &raw mut (*node.as_ptr()).link };
        // SAFETY: a field of a live node is not at address zero.
        unsafe { NonNull::new_unchecked(link) }
    }
}

#[derive(Debug)]
struct Waiters {
    reader: Option<Waker>,
    writer: Option<Waker>,
    others: List<Waiter>,
}

/// The readiness of one source.
#[derive(Debug)]
pub(super) struct Slot {
    word: AtomicU64,
    waiters: Lock<Waiters>,
}

impl Slot {
    pub(super) fn new() -> Self {
        let waiters = Waiters {
            reader: None,
            writer: None,
            others: List::new(),
        };
        Self {
            word: AtomicU64::new(Word::FIRST.0),
            waiters: Lock::new(waiters),
        }
    }

    /// The generation that events of the present owner carry.
    pub(super) fn generation(&self) -> u16 {
        // Relaxed: only the owner of the slot asks, and only the owner changes it.
        Word(self.word.load(Ordering::Relaxed)).generation()
    }

    /// Ends this generation: the slot may serve another source.
    pub(super) fn close(&self) {
        // Relaxed: as in `generation`.
        let next = Word(self.word.load(Ordering::Relaxed)).next_generation();
        // Release: pairs with the Acquire in `publish`, which then sees another generation (I2).
        self.word.store(next.0, Ordering::Release);
        let gone = {
            let mut waiters = self.waiters.lock();
            (waiters.reader.take(), waiters.writer.take())
        };
        drop(gone); // I3
    }

    /// The readiness within `mask`, without waiting.
    pub(super) fn peek(&self, mask: Ready) -> ReadyEvent {
        // Acquire: pairs with the Release in `publish`; what the driver did before is seen.
        let word = Word(self.word.load(Ordering::Acquire));
        ReadyEvent {
            ready: word.ready() & mask,
            word,
        }
    }

    fn answers(&self, mask: Ready) -> Option<ReadyEvent> {
        let event = self.peek(mask);
        event.is_answer().then_some(event)
    }

    /// Waits with the one waker of `direction`.
    pub(super) fn poll(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        if let Some(event) = self.answers(direction.mask()) {
            return Poll::Ready(event);
        }
        let replaced;
        {
            let mut waiters = self.waiters.lock();
            let place = match direction {
                Direction::Read => &mut waiters.reader,
                Direction::Write => &mut waiters.writer,
            };
            replaced = match place {
                Some(waker) if waker.will_wake(cx.waker()) => None,
                place => place.replace(cx.waker().clone()),
            };
        }
        drop(replaced); // I3
        self.answers(direction.mask())
            .map_or(Poll::Pending, Poll::Ready) // I1
    }

    /// Puts `node` among the waiters, unless the source is ready already.
    ///
    /// # Safety
    /// `node` is alive, pinned, in no list, and is taken out by [`forget`](Self::forget) before it
    /// dies (I2). The caller makes no reference into it while it may be in the list.
    pub(super) unsafe fn enqueue(
        &self,
        node: NonNull<Waiter>,
        waker: &Waker,
    ) -> Option<ReadyEvent> {
        let waker = waker.clone();
        let mut waiters = self.waiters.lock();
        // SAFETY: the node is alive and in no list; nobody else looks at it.
        let waiter = unsafe { &mut *node.as_ptr() };
        let mask = waiter.interest.mask();
        waiter.waker = Some(waker);
        // SAFETY: by the caller's promise (I2); the lock is the list's guard.
        unsafe { waiters.others.push_back(node) };
        let event = self.answers(mask)?; // I1
        // SAFETY: the node was just put in, and the lock has been held since.
        unsafe { waiters.others.remove(node) };
        Some(event)
    }

    /// Whether `node` was woken; if not, it is `waker` that will be.
    ///
    /// # Safety
    /// `node` was given to [`enqueue`](Self::enqueue) of this slot and is alive.
    pub(super) unsafe fn was_woken(&self, node: NonNull<Waiter>, waker: &Waker) -> bool {
        let replaced;
        {
            let _guard = self.waiters.lock();
            // SAFETY: alive by the caller's promise, and the lock keeps others away.
            let waiter = unsafe { &mut *node.as_ptr() };
            if !waiter.link.is_linked() {
                return true;
            }
            replaced = match &waiter.waker {
                Some(had) if had.will_wake(waker) => None,
                _ => waiter.waker.replace(waker.clone()),
            };
        }
        drop(replaced); // I3
        false
    }

    /// Takes `node` out if it is in.
    ///
    /// # Safety
    /// As for [`was_woken`](Self::was_woken).
    pub(super) unsafe fn forget(&self, node: NonNull<Waiter>) {
        let mut waiters = self.waiters.lock();
        // SAFETY: alive, in this list or in none; the lock is the list's guard.
        unsafe { waiters.others.remove(node) };
    }

    /// Forgets what `event` told, as far as no later event told it anew (see word.rs).
    pub(super) fn clear(&self, event: ReadyEvent) {
        // Acquire: pairs with the Release in `publish`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let Some(Word(next)) = Word(word).cleared(event.word, event.ready) else {
                return;
            };
            // AcqRel: pairs with `publish`, so that its order with this clear is one for all.
            match self
                .word
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Whether the poller knows the source.
    pub(super) fn is_watched(&self) -> bool {
        // Acquire: pairs with the Release in `watch`.
        Word(self.word.load(Ordering::Acquire)).is_watched()
    }

    /// Tells the poller of the source by `tell`, unless that was done.
    ///
    /// The lock makes it happen once, whoever comes at the same time.
    pub(super) fn watch<E>(&self, tell: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let _guard = self.waiters.lock();
        if self.is_watched() {
            return Ok(());
        }
        tell()?;
        // An event may have come already: all but this bit stays.
        // Relaxed: the exchange takes the word that it saw.
        let mut word = self.word.load(Ordering::Relaxed);
        // Release: pairs with the Acquire in `peek`.
        while let Err(now) = self.word.compare_exchange_weak(
            word,
            Word(word).watched().0,
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            word = now;
        }
        Ok(())
    }

    /// Records an event for `generation` and wakes those who wait for it.
    pub(super) fn publish(&self, generation: u16, ready: Ready) {
        // Acquire: pairs with the Release in `close`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let Some(Word(next)) = Word(word).told(generation, ready) else {
                return;
            };
            // AcqRel: pairs with the Acquire in `peek` and `clear`.
            match self
                .word
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        self.wake(ready);
    }

    /// Marks the driver as gone and wakes everyone.
    pub(super) fn shut_down(&self) {
        // AcqRel: pairs with the Acquire in `peek`.
        let mut word = self.word.load(Ordering::Acquire);
        while let Err(now) = self.word.compare_exchange_weak(
            word,
            Word(word).shut_down().0,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            word = now;
        }
        self.wake(Ready::ALL);
    }

    fn wake(&self, ready: Ready) {
        let (mut reader, mut writer) = (None, None);
        let crowd;
        {
            let mut waiters = self.waiters.lock();
            if ready.intersects(Direction::Read.mask()) {
                reader = waiters.reader.take();
            }
            if ready.intersects(Direction::Write.mask()) {
                writer = waiters.writer.take();
            }
            crowd = !waiters.others.is_empty();
        }
        // I3: the lock is free again.
        if let Some(reader) = reader {
            reader.wake();
        }
        if let Some(writer) = writer {
            writer.wake();
        }
        if crowd {
            self.wake_others(ready);
        }
    }

    #[cold]
    fn wake_others(&self, ready: Ready) {
        let mut batch = WakeBatch::new();
        let mut more = true;
        while more {
            more = false;
            {
                let mut waiters = self.waiters.lock();
                let mut keep = List::new();
                while let Some(node) = waiters.others.pop_front() {
                    // SAFETY: nodes in the list are alive (I2), and the lock is held.
                    let waiter = unsafe { &mut *node.as_ptr() };
                    let wanted = waiter.interest.mask().intersects(ready);
                    if wanted && batch.has_room() {
                        batch.push(waiter.waker.take().expect("a waiter in line has a waker"));
                    } else {
                        more |= wanted;
                        // SAFETY: alive, pinned, just taken out; the lock guards both lists.
                        unsafe { keep.push_back(node) };
                    }
                }
                waiters.others = keep;
            }
            batch.wake_all(); // I3
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    use super::{Direction, Slot};
    use crate::io::{Interest, Ready};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn watched() -> Slot {
        let slot = Slot::new();
        slot.watch(|| Ok::<(), ()>(())).unwrap();
        slot
    }

    fn is_readable(slot: &Slot) -> bool {
        slot.peek(Interest::READABLE.mask()).ready.is_readable()
    }

    #[test]
    fn a_record_fits_the_budget() {
        assert!(size_of::<Slot>() <= 96, "{} bytes", size_of::<Slot>());
    }

    #[test]
    fn regression_07_events_between_an_operation_and_its_clear() {
        for events in [1, 255, 256, 257, 65_535, 65_536, 65_537] {
            let slot = watched();
            slot.publish(0, Ready::READABLE);
            let seen = slot.peek(Interest::READABLE.mask());
            for _ in 0..events {
                slot.publish(0, Ready::READABLE);
            }
            slot.clear(seen);
            assert!(is_readable(&slot), "{events} events were taken for none");
        }
    }

    #[test]
    fn regression_08_a_write_event_does_not_void_a_readers_clear() {
        let slot = watched();
        slot.publish(0, Ready::READABLE | Ready::WRITABLE);
        let seen = slot.peek(Interest::READABLE.mask());
        slot.publish(0, Ready::WRITABLE);
        slot.clear(seen);
        assert!(!is_readable(&slot));
        assert!(slot.peek(Interest::WRITABLE.mask()).ready.is_writable());
    }

    #[test]
    fn the_poller_is_told_once_and_early_events_stay() {
        let slot = Slot::new();
        assert!(slot.peek(Ready::ALL).is_answer() && !slot.is_watched());
        slot.watch(|| Err("refused")).unwrap_err();
        assert!(!slot.is_watched());
        slot.watch(|| {
            // The poller may tell before it is known to watch.
            slot.word.store(
                slot.word.load(Ordering::Relaxed) | u64::from(Ready::READABLE.bits()),
                Ordering::Relaxed,
            );
            Ok::<(), ()>(())
        })
        .unwrap();
        assert!(slot.is_watched() && is_readable(&slot));
        slot.watch(|| Err("told twice")).unwrap();
        slot.close();
        assert!(!slot.is_watched());
    }

    #[test]
    fn closed_sides_stay_closed() {
        let slot = watched();
        slot.publish(0, Ready::READABLE | Ready::READ_CLOSED);
        slot.clear(slot.peek(Ready::ALL));
        let ready = slot.peek(Ready::ALL).ready;
        assert!(ready.is_read_closed() && ready == Ready::READ_CLOSED);
    }

    #[test]
    fn events_and_clears_of_the_last_owner_do_nothing() {
        let slot = watched();
        slot.publish(0, Ready::READABLE);
        let seen = slot.peek(Ready::ALL);
        slot.close();
        slot.publish(0, Ready::WRITABLE);
        assert!(slot.peek(Ready::ALL).ready.is_empty());
        slot.publish(1, Ready::READABLE);
        slot.clear(seen);
        assert!(is_readable(&slot));
    }

    #[test]
    fn each_direction_wakes_its_own() {
        let slot = watched();
        let (reader, writer) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let count = |of: &Arc<Count>| of.0.load(Ordering::Relaxed);
        let wait = |direction, on: &Arc<Count>| {
            let waker = Waker::from(Arc::clone(on));
            slot.poll(direction, &mut Context::from_waker(&waker))
                .map(|event| event.ready)
        };
        assert!(wait(Direction::Read, &reader).is_pending());
        assert!(wait(Direction::Write, &writer).is_pending());
        slot.publish(0, Ready::WRITABLE);
        assert_eq!((count(&reader), count(&writer)), (0, 1));
        assert_eq!(
            wait(Direction::Write, &writer),
            Poll::Ready(Ready::WRITABLE)
        );
        slot.shut_down();
        assert_eq!((count(&reader), count(&writer)), (1, 1));
    }

    /// Unparks its thread.
    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    #[test]
    fn no_wake_is_lost_between_a_look_and_a_wait() {
        let (slot, seen) = (Arc::new(watched()), Arc::new(AtomicUsize::new(0)));
        let reader = {
            let (slot, seen) = (Arc::clone(&slot), Arc::clone(&seen));
            std::thread::spawn(move || {
                let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
                for _ in 0..20_000 {
                    let event = loop {
                        match slot.poll(Direction::Read, &mut Context::from_waker(&waker)) {
                            Poll::Ready(event) => break event,
                            Poll::Pending => std::thread::park(),
                        }
                    };
                    slot.clear(event);
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        // One event for each round, told only after the last was cleared: a lost wake hangs here.
        for round in 0..20_000 {
            while seen.load(Ordering::SeqCst) < round {
                std::thread::yield_now();
            }
            slot.publish(0, Ready::READABLE);
        }
        reader.join().unwrap();
    }
}
