//! Tasks in slots that were there from the start, and the queue of those that are ready: no heap, no handle, no reference
//! count.
//!
//! Idea        A slot is a header and room for a future. What depends on the future's type is one function, which polls it
//!             and drops it when it is over; all else is compiled once. The queue is a ring that is linked through the
//!             headers and known by its last task, so that it needs one word and never overflows.
//! States      of a slot: vacant (0) ─claim→ LIVE|WOKEN, queued ─pop→ LIVE|RUNNING ─pending→ LIVE, idle ─wake→ queued;
//!             LIVE|RUNNING ─wake→ LIVE|RUNNING|WOKEN ─pending→ queued;   RUNNING ─over→ vacant
//! Invariants  I1 `poll`, `ready` and the body are written by whoever claimed the slot, before it queues the task, and are
//!                read by whoever made the slot WOKEN or RUNNING.
//!             I2 a slot is never freed, so a waker is its plain address; one that is stale wakes another task once more
//!                than needed.
//!             I3 the body follows the header at [`BODY_OFFSET`].
//!             I4 a task is linked exactly while its slot is WOKEN and not RUNNING; `next` is touched under the lock of the
//!                queue that has the task.
//!             I5 the queue's lock is held for a push or a pop, never across a poll or an unpark.
//!             I6 without threads no interrupt handler comes between a task's wake, its push and the unpark. So a task is
//!                in the queue, and its executor unparked, when a handler finds it woken; the task never waits for the
//!                context that woke it and that the handler has suspended.
//! Rejected    Generations in the waker: each slot would need an alignment of 32 bytes, and the state of many tasks on a
//!             chip is smaller than that. A table of functions for each future: the drop of a future that is over is
//!             mostly nothing, and is left out where the poll is known. A static ring as the queue: it can be full, and then
//!             a wake must be dropped or must wait. A lock-free stack: on a chip without compare-exchange it is a critical
//!             section anyhow, and it is last in, first out.
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
use crate::platform::{Flags, InSection, LeafLock, UnsafeCell, in_section};
use crate::time::TimersHandle;

/// Alignment of a slot's body; futures that want more do not fit.
pub(super) const BODY_ALIGN: usize = 8;

/// Bytes from the start of a slot to its body.
pub(super) const BODY_OFFSET: usize = size_of::<FixedHeader>().next_multiple_of(BODY_ALIGN);

/// The slot holds a task.
const LIVE: u8 = 1;
/// The task is to be polled: it is queued, or will be when the running poll ends.
const WOKEN: u8 = 2;
/// The task is being polled.
const RUNNING: u8 = 4;

/// Polls the future at the first argument, and drops it if it is over or unwinds. Says whether it is over.
type PollFunction = unsafe fn(NonNull<()>, &mut Context<'_>) -> bool;

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
        self.flags.load() == 0
    }

    /// Claims the slot, if it is vacant.
    pub(super) fn claim(&self) -> bool {
        let claimed = |now| if now == 0 { LIVE | WOKEN } else { now };
        in_section(|section| self.flags.update(section, claimed)) == 0
    }

    /// # Safety
    /// The caller made the slot WOKEN or RUNNING (I1).
    unsafe fn ready(&self) -> &'static ReadyQueue {
        // SAFETY: nobody writes it meanwhile (I1).
        let ready = self.ready.with(|ready| unsafe { *ready });
        // SAFETY: written before the first push.
        unsafe { ready.unwrap_unchecked() }
    }

    /// # Safety
    /// The caller made the slot RUNNING (I1).
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

/// Polls the future, and drops it if it is over or unwinds.
///
/// # Safety
/// An `F` is at `body`, pinned there, and the caller's alone.
unsafe fn poll<F: Future<Output = ()>>(body: NonNull<()>, cx: &mut Context<'_>) -> bool {
    struct DropGuard<F>(NonNull<F>);
    impl<F> Drop for DropGuard<F> {
        fn drop(&mut self) {
            // SAFETY: it is there, and not used again.
            unsafe { self.0.drop_in_place() };
        }
    }
    let mut guard = DropGuard(body.cast::<F>());
    // SAFETY: by the caller's promise.
    let future = unsafe { guard.0.as_mut() };
    // SAFETY: as above.
    let future = unsafe { Pin::new_unchecked(future) };
    let is_over = future.poll(cx).is_ready();
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

    /// Links `slot`, which is in no queue, behind the last; says whether there was none.
    fn push(&mut self, slot: SlotRef<FixedHeader>) -> bool {
        match self.last.replace(slot) {
            None => {
                self.set_next(slot, slot);
                true
            }
            Some(last) => {
                self.set_next(slot, self.next(last));
                self.set_next(last, slot);
                false
            }
        }
    }

    /// Takes the first out.
    fn pop(&mut self) -> Option<SlotRef<FixedHeader>> {
        let last = self.last?;
        let first = self.next(last);
        if first == last {
            self.last = None;
        } else {
            self.set_next(last, self.next(first));
        }
        Some(first)
    }
}

impl ReadyQueue {
    maybe_const! {
        /// A queue without tasks, whose executor sleeps until `unpark`.
        pub(super) fn new(unpark: ErasedUnpark) -> Self {
            Self {
                guarded: LeafLock::new(ReadyState {
                    last: None,
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

    /// The task that is last now.
    fn last(&self) -> Option<SlotRef<FixedHeader>> {
        let last = |guarded: *const ReadyState| {
            // SAFETY: a field of the value.
            let last = unsafe { &raw const (*guarded).last };
            // SAFETY: one word, which is valid at any time.
            unsafe { last.read_volatile() }
        };
        // SAFETY: one word.
        unsafe { self.guarded.glance(last) }
    }

    /// Whether a task is ready.
    pub(super) fn has_ready(&self) -> bool {
        self.last().is_some()
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

    /// Takes the first task out, to run it.
    fn pop(&self) -> Option<SlotRef<FixedHeader>> {
        in_section(|section| {
            // SAFETY: the closure takes no lock.
            let slot = unsafe { self.guarded.with(section, ReadyState::pop) }?;
            slot.flags.update(section, |_| LIVE | RUNNING);
            Some(slot)
        })
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    ///
    /// # Safety
    /// One context at a time calls this, and futures that are not `Send` belong to it.
    pub(super) unsafe fn turn(&'static self) -> bool {
        let Some(last) = self.last() else {
            return false;
        };
        while let Some(slot) = self.pop() {
            // SAFETY: taken out of the queue; by the caller's promise we are the only one to poll.
            unsafe { run(slot) };
            // A task that was polled is behind those that were ready, or nowhere.
            if slot == last {
                break;
            }
        }
        self.has_ready()
    }
}

/// Polls a task once. A panic of the future goes on to the caller; the task has ended then.
///
/// # Safety
/// The caller took it out of its queue, in the context that polls.
unsafe fn run(slot: SlotRef<FixedHeader>) {
    /// Ends the poll, also one that unwinds.
    struct FinishGuard {
        slot: SlotRef<FixedHeader>,
        is_over: bool,
    }
    impl Drop for FinishGuard {
        fn drop(&mut self) {
            let (slot, is_over) = (self.slot, self.is_over);
            in_section(|section| {
                let before = slot.flags.update(section, |now| match is_over {
                    true => 0,
                    false => now & !RUNNING,
                });
                if !is_over && before & WOKEN != 0 {
                    // SAFETY: RUNNING by us until now, and WOKEN: nobody else queues it.
                    let ready = unsafe { slot.ready() };
                    ready.push(section, slot);
                }
            });
        }
    }
    let mut finish = FinishGuard {
        slot,
        is_over: true,
    };
    // SAFETY: RUNNING by us.
    let poll = unsafe { slot.poll_function() };
    let waker = waker(slot);
    let mut cx = Context::from_waker(&waker);
    // SAFETY: the future of this function is in the body, and ours while RUNNING.
    finish.is_over = coop::raw::budget(|| unsafe { poll(body(slot), &mut cx) });
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
        let woken = |now| if now & LIVE == 0 { now } else { now | WOKEN };
        if slot.flags.update(section, woken) == LIVE {
            // SAFETY: this wake made the slot WOKEN.
            let ready = unsafe { slot.ready() };
            ready.push(section, slot);
        }
    });
}
