//! Tasks in slots that were there from the start, and the queue of those that are ready: no heap, no handle, no reference
//! count.
//!
//! Idea        A slot is a header and room for a future. What depends on the future's type is one function, which polls it
//!             and drops it when it is over; all else is compiled once. The queue is a ring that is linked through the
//!             headers and known by its last task, so that it needs one word and never overflows.
//! States      of a slot: vacant (0) ─claim→ LIVE|WOKEN, queued ─pop→ LIVE, polled or idle ─wake→ queued;   polled ─over→ vacant
//! Invariants  I1 `poll`, `ready` and the body are written by whoever claimed the slot, before it queues the task, and are
//!                read by whoever made the slot WOKEN or took it out of the queue.
//!             I2 a slot is never freed, so a waker is its plain address; one that is stale wakes another task once more
//!                than needed.
//!             I3 the body follows the header at [`BODY_OFFSET`].
//!             I4 a task is in its queue, or about to be, exactly while its slot is WOKEN, also while it is polled; `next` is
//!                touched under the lock of the queue that has the task.
//!             I5 the queue's lock is held for a push or a pop, never across a poll or an unpark.
//!             I6 without threads no interrupt handler comes between a task's wake, its push and the unpark. So a task is
//!                in the queue, and its executor unparked, when a handler finds it woken; the task never waits for the
//!                context that woke it and that the handler has suspended.
//!             I7 while `is_polled`, whoever polls looks at the queue once more before it sleeps: a push need not unpark.
//!             I8 a task that is over is in no queue: without threads it is taken out if its last poll woke it. With threads
//!                its waker may not have come to push it, so its slot stays WOKEN until it is popped, and is vacant then.
//! Rejected    Generations in the waker: each slot would need an alignment of 32 bytes, and the state of many tasks on a
//!             chip is smaller than that. A table of functions for each future: the drop of a future that is over is
//!             mostly nothing, and is left out where the poll is known. A static ring as the queue: it can be full, and then
//!             a wake must be dropped or must wait. A lock-free stack: on a chip without compare-exchange it is a critical
//!             section anyhow, and it is last in, first out.
//!
//! Length      slot and queue in one file: each points at the other.
#![allow(unsafe_code)]

use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use super::unpark::ErasedUnpark;
use crate::collections::SlotRef;
use crate::coop;
use crate::maybe_const;
use crate::platform::{Flags, HAS_THREADS, InSection, LeafLock, UnsafeCell, in_section};
use crate::time::TimersHandle;

/// Alignment of a slot's body; futures that want more do not fit.
pub(super) const BODY_ALIGN: usize = 8;

/// Bytes from the start of a slot to its body.
pub(super) const BODY_OFFSET: usize = size_of::<FixedHeader>().next_multiple_of(BODY_ALIGN);

/// The slot holds a task.
const LIVE: u8 = 1;
/// The task is to be polled: it is queued.
const WOKEN: u8 = 2;

/// Polls the future of the slot, and drops it if it is over or unwinds. Says whether it is over.
type PollFunction = unsafe fn(SlotRef<FixedHeader>) -> bool;

/// The front of a slot: four words.
pub(super) struct FixedHeader {
    flags: Flags,
    next: UnsafeCell<Option<SlotRef<Self>>>,
    poll: UnsafeCell<Option<PollFunction>>,
    ready: UnsafeCell<Option<&'static ReadyQueue>>,
}

// Memory: what a task of a chip costs beside its future.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<FixedHeader>() == 16);

// SAFETY: the flags are atomic, `next` is guarded by a lock, the rest as I1 says.
unsafe impl Sync for FixedHeader {}
// SAFETY: nothing in a header belongs to a thread.
unsafe impl Send for FixedHeader {}

impl FixedHeader {
    maybe_const! {
        /// The header of a vacant slot; zero throughout, so that a static one takes no flash.
        pub(super) fn vacant() -> Self {
            Self {
                flags: Flags::new(0),
                next: UnsafeCell::new(None),
                poll: UnsafeCell::new(None),
                ready: UnsafeCell::new(None),
            }
        }
    }

    /// Whether the slot holds no task.
    pub(super) fn is_vacant(&self) -> bool {
        self.flags.load() & LIVE == 0
    }

    /// Claims the slot, if it is vacant.
    pub(super) fn claim(&self) -> bool {
        in_section(|section| self.flags.replace_if(section, 0, LIVE | WOKEN))
    }

    /// # Safety
    /// The caller made the slot WOKEN, or polls (I1).
    unsafe fn ready(&self) -> &'static ReadyQueue {
        // SAFETY: nobody writes it meanwhile (I1).
        let ready = self.ready.with(|ready| unsafe { *ready });
        // SAFETY: written before the first push.
        unsafe { ready.unwrap_unchecked() }
    }

    /// # Safety
    /// The caller took the slot out of the queue (I1).
    unsafe fn poll_function(&self) -> PollFunction {
        // SAFETY: nobody writes it meanwhile (I1).
        let poll = self.poll.with(|poll| unsafe { *poll });
        // SAFETY: written before the first push.
        unsafe { poll.unwrap_unchecked() }
    }
}

/// Where the future is (I3).
fn body(slot: SlotRef<FixedHeader>) -> NonNull<()> {
    // SAFETY: inside the slot, which does not wrap around.
    unsafe { slot.cast::<()>().byte_add(BODY_OFFSET) }
}

/// Moves `future` into the slot and queues the task at `ready`.
///
/// # Safety
/// The caller has claimed the slot, whose body has room for the future. A future that is not `Send` is polled by
/// `ready`'s executor in the context that made it.
#[inline]
pub(super) unsafe fn begin<F: Future<Output = ()> + 'static>(
    slot: SlotRef<FixedHeader>,
    future: F,
    ready: &'static ReadyQueue,
) {
    // SAFETY: there is room, and the slot is ours (I1).
    unsafe { body(slot).cast().write(future) };
    // SAFETY: by the caller's promise, and the future is there.
    unsafe { queue_at(slot, poll::<F>, ready) };
}

/// # Safety
/// As for `begin`; the future that `function` polls is in the body.
unsafe fn queue_at(slot: SlotRef<FixedHeader>, function: PollFunction, ready: &'static ReadyQueue) {
    slot.poll.with_mut(|poll| {
        // SAFETY: the slot is ours until it is queued (I1).
        unsafe { *poll = Some(function) };
    });
    slot.ready.with_mut(|place| {
        // SAFETY: as above.
        unsafe { *place = Some(ready) };
    });
    in_section(|section| ready.push(section, slot));
}

/// Polls the future, and drops it if it is over or unwinds. The waker is made here, where the compiler sees what becomes of
/// it: a future that only passes it on is compiled without calls through its table.
///
/// # Safety
/// An `F` is in the slot's body, pinned there, and the caller's alone.
unsafe fn poll<F: Future<Output = ()>>(slot: SlotRef<FixedHeader>) -> bool {
    struct DropGuard<F>(NonNull<F>);
    impl<F> Drop for DropGuard<F> {
        fn drop(&mut self) {
            // SAFETY: it is there, and not used again.
            unsafe { self.0.drop_in_place() };
        }
    }
    let waker = waker(slot);
    let mut cx = Context::from_waker(&waker);
    let mut guard = DropGuard(body(slot).cast::<F>());
    // SAFETY: by the caller's promise.
    let future = unsafe { guard.0.as_mut() };
    // SAFETY: as above.
    let future = unsafe { Pin::new_unchecked(future) };
    let is_over = future.poll(&mut cx).is_ready();
    if is_over {
        drop(guard);
    } else {
        core::mem::forget(guard);
    }
    is_over
}

/// The tasks that are ready, in the order in which they became so, and what tasks of one executor share.
pub(super) struct ReadyQueue {
    guarded: LeafLock<ReadyState>,
    unpark: ErasedUnpark,
}

/// What the queue's lock guards.
struct ReadyState {
    /// The last task, whose `next` is the first.
    last: Option<SlotRef<FixedHeader>>,
    /// Whether somebody polls (I7).
    is_polled: bool,
    timers: Option<TimersHandle>,
}

impl ReadyState {
    /// The one behind `slot`, which is in this queue (I4).
    fn next(&self, slot: SlotRef<FixedHeader>) -> SlotRef<FixedHeader> {
        // SAFETY: under the lock, which `self` stands for.
        let next = slot.next.with(|next| unsafe { *next });
        // SAFETY: the ring is closed.
        unsafe { next.unwrap_unchecked() }
    }

    /// Puts `next` behind `slot`, which is in this queue, or about to be (I4).
    fn set_next(&mut self, slot: SlotRef<FixedHeader>, next: SlotRef<FixedHeader>) {
        // SAFETY: under the lock, which `self` stands for.
        slot.next.with_mut(|place| unsafe { *place = Some(next) });
    }

    /// Links `slot`, which is in no queue, behind the last; says whether to unpark.
    fn push(&mut self, slot: SlotRef<FixedHeader>) -> bool {
        match self.last.replace(slot) {
            None => {
                self.set_next(slot, slot);
                !self.is_polled
            }
            Some(last) => {
                self.set_next(slot, self.next(last));
                self.set_next(last, slot);
                false
            }
        }
    }

    /// Takes the first out, to be polled by the caller.
    fn pop(&mut self) -> Option<SlotRef<FixedHeader>> {
        let last = self.last?;
        let first = self.next(last);
        self.unlink(first, last);
        Some(first)
    }

    /// Takes `slot` out, which is in the queue.
    fn remove(&mut self, slot: SlotRef<FixedHeader>) {
        // SAFETY: it is in the queue, so there is a last one.
        let mut before = unsafe { self.last.unwrap_unchecked() };
        while self.next(before) != slot {
            before = self.next(before);
        }
        self.unlink(slot, before);
    }

    /// Takes `slot` out, which is behind `before`.
    fn unlink(&mut self, slot: SlotRef<FixedHeader>, before: SlotRef<FixedHeader>) {
        self.set_next(before, self.next(slot));
        if self.last == Some(slot) {
            self.last = (before != slot).then_some(before);
        }
    }
}

impl ReadyQueue {
    maybe_const! {
        /// A queue without tasks, whose executor sleeps until `unpark`.
        pub(super) fn new(unpark: ErasedUnpark) -> Self {
            Self {
                guarded: LeafLock::new(ReadyState {
                    last: None,
                    is_polled: false,
                    timers: None,
                }),
                unpark,
            }
        }
    }

    /// Ends the executor's sleep.
    pub(super) fn unpark(&self) {
        self.unpark.unpark();
    }

    /// The timers of the tasks.
    pub(super) fn timers(&self) -> Option<TimersHandle> {
        self.with(|guarded| guarded.timers)
    }

    /// Changes the timers of the tasks.
    pub(super) fn set_timers(&self, timers: TimersHandle) {
        self.with(|guarded| guarded.timers = Some(timers));
    }

    fn with<R>(&self, f: impl FnOnce(&mut ReadyState) -> R) -> R {
        // SAFETY: `f` is one of this file's, and takes no lock.
        in_section(|section| unsafe { self.guarded.with(section, f) })
    }

    /// Whether a task is ready.
    pub(super) fn has_ready(&self) -> bool {
        let last = |guarded: *const ReadyState| {
            // SAFETY: a field of the value.
            let last = unsafe { &raw const (*guarded).last };
            // SAFETY: one word, which is valid at any time.
            unsafe { last.read_volatile() }
        };
        // SAFETY: one word.
        unsafe { self.guarded.glance(last) }.is_some()
    }

    /// Queues the task (I4), whose slot is WOKEN by the caller.
    fn push(&self, section: &InSection, slot: SlotRef<FixedHeader>) {
        // SAFETY: the closure takes no lock.
        let was_empty = unsafe { self.guarded.with(section, |ready| ready.push(slot)) };
        // A queue that was not empty is looked at before the executor sleeps.
        if was_empty {
            self.unpark.unpark();
        }
    }

    /// Takes the first task out, to run it; whoever polls calls this.
    #[inline]
    fn pop(&self) -> Option<SlotRef<FixedHeader>> {
        while self.has_ready() {
            let (slot, before) = in_section(|section| {
                // SAFETY: the closure takes no lock.
                let slot = unsafe { self.guarded.with(section, ReadyState::pop) };
                // SAFETY: there is one, since nobody else takes any out.
                let slot = unsafe { slot.unwrap_unchecked() };
                let taken = |now| if HAS_THREADS { now & !WOKEN } else { LIVE };
                (slot, slot.flags.update(section, taken))
            });
            if !HAS_THREADS || before & LIVE != 0 {
                return Some(slot);
            }
            // It is over, and vacant now (I8).
        }
        None
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    ///
    /// # Safety
    /// One context at a time calls this, and futures that are not `Send` belong to it.
    pub(super) unsafe fn turn(&'static self) -> bool {
        let last = self.with(|ready| {
            ready.is_polled = true;
            ready.last
        });
        while let Some(slot) = self.pop() {
            // SAFETY: taken out of the queue; by the caller's promise we are the only one to poll.
            unsafe { run(slot) };
            // A task that was polled is behind those that were ready, or nowhere.
            if last == Some(slot) {
                break;
            }
        }
        self.with(|ready| {
            ready.is_polled = false;
            ready.last.is_some()
        })
    }

    /// Runs tasks for ever; `sleep` looks whether one is ready where no wake can come between the look and the sleep.
    ///
    /// # Safety
    /// As for [`turn`](Self::turn).
    pub(super) unsafe fn run_always(&'static self, mut sleep: impl FnMut()) -> ! {
        self.with(|ready| ready.is_polled = true);
        loop {
            while let Some(slot) = self.pop() {
                // SAFETY: as in `turn`.
                unsafe { run(slot) };
            }
            sleep();
        }
    }
}

/// Polls a task once. A panic of the future goes on to the caller; the task has ended then.
///
/// # Safety
/// The caller took it out of its queue, in the context that polls.
#[inline]
unsafe fn run(slot: SlotRef<FixedHeader>) {
    /// Ends the task, also one whose poll unwinds.
    struct EndGuard(SlotRef<FixedHeader>);
    impl Drop for EndGuard {
        fn drop(&mut self) {
            // SAFETY: it is polled here, and over.
            unsafe { end(self.0) };
        }
    }
    let guard = EndGuard(slot);
    // SAFETY: out of the queue.
    let poll = unsafe { slot.poll_function() };
    // SAFETY: the future of this function is in the body, and ours to poll.
    let is_over = coop::raw::budget(|| unsafe { poll(slot) });
    if !is_over {
        core::mem::forget(guard);
    }
}

/// Leaves the slot of a task that is over (I8).
///
/// # Safety
/// The caller polls it.
#[cold]
unsafe fn end(slot: SlotRef<FixedHeader>) {
    in_section(|section| {
        let kept = if HAS_THREADS { WOKEN } else { 0 };
        let before = slot.flags.update(section, |now| now & kept);
        if !HAS_THREADS && before & WOKEN != 0 {
            // SAFETY: the caller polls it.
            let ready = unsafe { slot.ready() };
            // SAFETY: the closure takes no lock.
            unsafe { ready.guarded.with(section, |ready| ready.remove(slot)) };
        }
    });
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_nothing);

/// The waker of whatever task is in the slot (I2).
fn waker(slot: SlotRef<FixedHeader>) -> ManuallyDrop<Waker> {
    // SAFETY: the table's functions are safe in every context, and the word needs no freeing.
    ManuallyDrop::new(unsafe { Waker::new(slot.cast::<()>().as_ptr(), &VTABLE) })
}

unsafe fn clone(word: *const ()) -> RawWaker {
    RawWaker::new(word, &VTABLE)
}

unsafe fn drop_nothing(_word: *const ()) {}

unsafe fn wake(word: *const ()) {
    // SAFETY: the word is a header's address.
    let slot = unsafe { NonNull::new_unchecked(word.cast_mut().cast::<FixedHeader>()) };
    // SAFETY: headers stay in place for ever (I2).
    let slot = unsafe { SlotRef::new(slot) };
    // In one section (I6).
    in_section(|section| {
        if slot.flags.replace_if(section, LIVE, LIVE | WOKEN) {
            // SAFETY: this wake made the slot WOKEN.
            let ready = unsafe { slot.ready() };
            ready.push(section, slot);
        }
    });
}
