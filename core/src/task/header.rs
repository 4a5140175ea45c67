//! What every task slot starts with, and the `Notified` that stands for a queued task.
//!
//! Invariants  I1 `vtable` and `words` are written before the slot's state leaves vacant, and read by an owner or the holder
//!                of a `Notified` until it is vacant again; by all others the words alone, as `meta_words` says.
//!             I2 `join_waker` is guarded by the JOIN_WAKER bit of the state (its I4).
//!             I3 a [`Notified`] exists once per NOTIFIED state and is consumed exactly once.
#![allow(unsafe_code)]

use core::panic::Location;
use core::ptr::NonNull;
use core::task::{Context, Waker};

use super::error::Payload;
use super::id::Id;
use super::meta_words::MetaWords;
use super::state::State;
use crate::collections::{
    BlockPool, ChainLink, QueueHandle, QueueItem, Slab, SlabHeader, SlotClass, SlotHeader, SlotRef,
};
use crate::platform::{UnsafeCell, contain_panic};

/// The front of a task: seven words, 32 bytes on a 32-bit chip; the future follows. Its slot gives it
/// an alignment of 32.
#[repr(C)]
pub struct Header {
    pub(super) state: State,
    /// Link of the free list, or of the queue that holds the task's `Notified`.
    next: ChainLink<Header>,
    vtable: UnsafeCell<Option<&'static Vtable>>,
    words: MetaWords,
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
}

/// The task's metadata: what does not change while the slot holds it.
#[derive(Clone, Copy)]
pub(super) struct Meta {
    pub(super) vtable: &'static Vtable,
    pub(super) id: Id,
    pub(super) location: &'static Location<'static>,
}

/// What differs between tasks of different futures.
pub(super) struct Vtable {
    /// The size of a slot with the future.
    pub(super) class: SlotClass,
    /// Moves the future that is pointed to into a vacant slot.
    pub(super) place: unsafe fn(SlotRef<Header>, *mut ()),
    /// Polls the future of a task that the caller runs; `true`: it has returned, and the output is in its place. If it panics,
    /// the future is dropped.
    pub(super) poll: unsafe fn(SlotRef<Header>, &mut Context<'_>) -> bool,
    /// Drops the future of a task that the caller runs.
    pub(super) drop_future: unsafe fn(SlotRef<Header>),
    /// Moves the output of a task that returned to the place pointed to.
    pub(super) take_output: unsafe fn(SlotRef<Header>, *mut ()),
    /// Drops the output of a task that returned.
    pub(super) drop_output: unsafe fn(SlotRef<Header>),
    /// Where the payload of a task that panicked is, or will be.
    pub(super) payload: unsafe fn(SlotRef<Header>) -> *mut Payload,
}

// Memory: on a 32-bit chip a header takes eight words.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<Header>() <= 32);

// SAFETY: state and link are atomic; the cells are guarded as I1 and I2 say.
unsafe impl Sync for Header {}

// SAFETY: one link, used by the free list while vacant and by a queue while a `Notified` is out.
unsafe impl QueueItem for Header {
    #[inline]
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

// SAFETY: a vacant header's atomics may be read by stale wakers at any time, and nothing else is read
// of it; zeros are a vacant state (I7 of `state`).
unsafe impl SlotHeader for Header {
    fn vacant() -> Self {
        Self {
            state: State::vacant(0),
            next: ChainLink::new(),
            vtable: UnsafeCell::new(None),
            words: MetaWords::vacant(),
            join_waker: UnsafeCell::new(None),
        }
    }

    fn generation(&self) -> usize {
        self.state.load().generation()
    }

    unsafe fn restore(this: SlotRef<Self>, generation: usize) {
        // Stale wakers look at the atomics alone.
        this.state.restore(generation);
        this.next.set(core::ptr::null_mut());
        // SAFETY: nobody reads it while the slot is vacant (I1); what zeros left is not dropped.
        this.vtable.with_mut(|vtable| unsafe { vtable.write(None) });
        // SAFETY: as above; a vacant slot has no join waker (I2).
        this.join_waker
            .with_mut(|waker| unsafe { waker.write(None) });
    }
}

// SAFETY: the slab's functions.
unsafe impl SlabHeader for Header {
    unsafe fn take_slowly(
        slab: &'static Slab<Self>,
        class: usize,
        pool: &BlockPool<Self>,
    ) -> SlotRef<Self> {
        // SAFETY: by the caller's promise.
        unsafe { slab.take_slowly(class, pool) }
    }

    unsafe fn settle(slab: &Slab<Self>, slot: SlotRef<Self>) {
        // SAFETY: by the caller's promise.
        unsafe { slab.settle(slot) };
    }
}

impl core::fmt::Debug for Header {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Header")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Header {
    /// What differs between tasks of different futures.
    ///
    /// # Safety
    /// The caller is an owner or holds the `Notified` (I1).
    #[inline]
    pub(super) unsafe fn vtable(&self) -> &'static Vtable {
        // SAFETY: nobody writes it while the slot holds a task (I1).
        let vtable = self.vtable.with(|vtable| unsafe { *vtable });
        // SAFETY: written before the task began (I1).
        unsafe { vtable.unwrap_unchecked() }
    }

    /// The id of the slot's task.
    ///
    /// # Safety
    /// As for [`vtable`](Self::vtable).
    #[inline]
    pub(super) unsafe fn id(&self) -> Id {
        // SAFETY: by the caller's promise.
        unsafe { self.words.id() }
    }

    /// Where the slot's task was spawned.
    ///
    /// # Safety
    /// As for [`vtable`](Self::vtable).
    #[inline]
    pub(super) unsafe fn location(&self) -> &'static Location<'static> {
        // SAFETY: by the caller's promise.
        unsafe { self.words.location() }
    }

    /// Writes what the slot's next task is.
    ///
    /// # Safety
    /// The slot is vacant, and the caller has taken it.
    #[inline]
    pub(super) unsafe fn set_meta(&self, meta: Meta) {
        // SAFETY: nobody reads it while the state is vacant (I1).
        self.vtable
            .with_mut(|vtable| unsafe { *vtable = Some(meta.vtable) });
        self.words.set(meta.id, meta.location);
    }

    /// The task in the slot, if it holds one that has not ended; any context may ask.
    pub(super) fn listed(&self) -> Option<ListedTask> {
        let before = self.state.load();
        if !before.is_owned_by_runtime() || before.is_complete() {
            return None;
        }
        let is_still_there = || self.state.load().generation() == before.generation();
        let (id, location) = self.words.read(is_still_there)?;
        let state = match (before.is_running(), before.is_notified()) {
            (true, _) => ListedState::Polled,
            (false, true) => ListedState::Queued,
            (false, false) => ListedState::Waiting,
        };
        Some(ListedTask {
            id,
            location,
            state,
        })
    }

    /// Gives the slot back: the caller was the last owner.
    ///
    /// # Safety
    /// Neither RUNTIME nor JOIN is set, and the caller cleared the last of them.
    pub(super) unsafe fn release(this: SlotRef<Self>) {
        if this.state.load().has_join_waker() {
            // The waker's drop is foreign code, whose panic must not keep the slot.
            // SAFETY: the bit says a waker is there, and the last owner owns it.
            contain_panic(|| unsafe { this.drop_join_waker() });
        }
        if this.state.end() {
            // SAFETY: the slot came from a slab and its last owner left.
            unsafe { Slab::give_back(this) };
        }
    }

    /// # Safety
    /// The join waker belongs to the caller (I2).
    #[inline]
    pub(super) unsafe fn drop_join_waker(&self) {
        // SAFETY: it is ours by the caller's promise.
        drop(self.join_waker.with_mut(|waker| unsafe { (*waker).take() }));
    }
}

/// A task, as others than its owner see it.
#[derive(Debug, Clone, Copy)]
pub struct ListedTask {
    /// The task's id.
    pub id: Id,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
    /// What it did when it was looked at.
    pub state: ListedState,
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ListedState {
    /// It waits for a waker.
    Waiting,
    /// It waits for its next poll.
    Queued,
    /// It is polled, or dropped.
    Polled,
}

/// A queued task: the right and the duty to run it once, on any thread. Tasks whose futures must stay on a thread are
/// handed out only to schedulers that keep them there.
///
/// Dropping it without [`run`](Self::run) or [`discard`](Self::discard) leaks the task.
#[derive(Debug)]
#[must_use = "a notified that is dropped leaks its task"]
pub struct Notified(SlotRef<Header>);

impl Notified {
    /// # Safety
    /// The state just became NOTIFIED by the caller, who holds the `Notified` (I3).
    #[inline]
    pub(super) unsafe fn new(header: SlotRef<Header>) -> Self {
        Self(header)
    }

    /// Gives the `Notified` back because the queue is closed; the shutdown of the task's runtime finds
    /// the task by its slot.
    pub fn discard(self) {
        if self.0.state.drop_notified() {
            // SAFETY: the runtime left with the `Notified`, and the handle before.
            unsafe { Header::release(self.0) };
        }
    }

    pub(super) fn slot(&self) -> SlotRef<Header> {
        self.0
    }

    /// The address of the task's slot: no other queued task has it.
    pub fn address(&self) -> usize {
        self.0.address()
    }

    /// The task's id.
    #[inline]
    pub fn id(&self) -> Id {
        // SAFETY: the `Notified` keeps the task in its slot (I3).
        unsafe { self.0.id() }
    }

    /// Where the task was spawned.
    #[inline]
    pub fn location(&self) -> &'static Location<'static> {
        // SAFETY: the `Notified` keeps the task in its slot (I3).
        unsafe { self.0.location() }
    }
}

// SAFETY: a `Notified` exists once (I3), and keeps its slot, whose header stays in place.
unsafe impl QueueHandle for Notified {
    type Item = Header;

    #[inline]
    fn into_raw(self) -> NonNull<Header> {
        self.0.as_non_null()
    }

    #[inline]
    unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        // SAFETY: by the caller's promise it is a `Notified`'s slot.
        Self(unsafe { SlotRef::new(raw) })
    }
}
