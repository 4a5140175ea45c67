//! Models of the slots: local and remote give-back.
#![allow(unsafe_code)]

use std::boxed::Box;
use std::vec::Vec;

use loom::thread;

use super::{
    BlockPool, ChainLink, QueueItem, Slab, SlabHeader, SlabPool, SlotHeader, SlotLayout, SlotRef,
};

struct Slot {
    next: ChainLink<Slot>,
}

#[allow(unsafe_code)]
// SAFETY: one link, always the same.
unsafe impl QueueItem for Slot {
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

#[allow(unsafe_code)]
// SAFETY: nothing but an atomic.
unsafe impl SlotHeader for Slot {
    fn vacant() -> Self {
        Self {
            next: ChainLink::new(),
        }
    }

    fn generation(&self) -> usize {
        0
    }

    unsafe fn restore(_this: SlotRef<Self>, _generation: usize) {}
}

// SAFETY: the slab's functions.
unsafe impl SlabHeader for Slot {
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

/// A slot's address that goes to another thread.
struct SharedSlot(SlotRef<Slot>);

#[allow(unsafe_code)]
// SAFETY: slots are for every thread.
unsafe impl Send for SharedSlot {}

/// Attacks I2 of `slab` and I4 of `block`: two threads give slots back while the owner gives back and takes; no slot is
/// handed out twice.
#[test]
#[allow(unsafe_code)]
fn model_slots_given_back_remotely() {
    loom::model(|| {
        let pool: &'static SlabPool<Slot> = Box::leak(Box::new(SlabPool::new()));
        let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
        // SAFETY: dropped below, on this thread, before the owner.
        let entered = unsafe { owner.enter() };
        let slots: Vec<_> = (0..3).map(|_| owner.take(64)).collect();
        let away: Vec<_> = slots[..2]
            .iter()
            .map(|slot| {
                let slot = SharedSlot(*slot);
                thread::spawn(move || {
                    let slot = slot;
                    // SAFETY: taken above, not used any more.
                    unsafe { Slab::give_back(slot.0) }
                })
            })
            .collect();
        // SAFETY: taken above, not used any more.
        unsafe { Slab::give_back(slots[2]) };
        let mut held: Vec<_> = (0..2).map(|_| owner.take(64)).collect();
        for thread in away {
            thread.join().unwrap();
        }
        held.extend((0..2).map(|_| owner.take(64)));
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), 4, "a slot was handed out twice");
        drop(entered);
    });
}

/// Attacks I4 of `block` and I2 of `slab`: an owner ends while an outsider gives a slot back; the next
/// owner of the slab hands no slot out twice.
#[test]
#[allow(unsafe_code)]
fn model_slab_changes_owners_while_a_slot_is_returned() {
    loom::model(|| {
        let pool: &'static SlabPool<Slot> = Box::leak(Box::new(SlabPool::new()));
        let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
        let sent = SharedSlot(owner.take(64));
        let kept = owner.take(64);
        let away = thread::spawn(move || {
            let sent = sent;
            // SAFETY: taken above, not used any more.
            unsafe { Slab::give_back(sent.0) }
        });
        drop(owner);
        let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
        let mut held = vec![kept, owner.take(64), owner.take(64)];
        away.join().unwrap();
        held.push(owner.take(64));
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), 4, "a slot was handed out twice");
    });
}
