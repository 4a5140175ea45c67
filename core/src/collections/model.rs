//! Models of the slots: local and remote give-back.

use std::boxed::Box;
use std::ptr::NonNull;
use std::vec::Vec;

use loom::thread;

use super::{Chained, Home, Shelter, SlotHeader};
use crate::platform::AtomicPtr;

struct Slot {
    next: AtomicPtr<Slot>,
}

#[allow(unsafe_code)]
// SAFETY: one link, always the same.
unsafe impl Chained for Slot {
    fn next(&self) -> &AtomicPtr<Self> {
        &self.next
    }
}

#[allow(unsafe_code)]
// SAFETY: nothing but an atomic.
unsafe impl SlotHeader for Slot {
    fn vacant() -> Self {
        Self {
            next: AtomicPtr::new(std::ptr::null_mut()),
        }
    }
}

/// A slot's address on its way to another thread.
struct Sent(NonNull<Slot>);

#[allow(unsafe_code)]
// SAFETY: slots are for every thread.
unsafe impl Send for Sent {}

/// Attacks I2 and I4: two threads give slots back while the owner gives back and takes; no slot is
/// handed out twice.
#[test]
#[allow(unsafe_code)]
fn model_slots_given_back_remotely() {
    loom::model(|| {
        let shelter: &'static Shelter<Slot> = Box::leak(Box::new(Shelter::new()));
        let lease = shelter.lease(std::ptr::null_mut());
        // SAFETY: dropped below, on this thread, before the lease.
        let entered = unsafe { lease.enter() };
        let slots: Vec<_> = (0..3).map(|_| lease.take(64)).collect();
        let away: Vec<_> = slots[..2]
            .iter()
            .map(|slot| {
                let slot = Sent(*slot);
                thread::spawn(move || {
                    let slot = slot;
                    // SAFETY: taken above, not used any more.
                    unsafe { Home::give_back(slot.0) }
                })
            })
            .collect();
        // SAFETY: taken above, not used any more.
        unsafe { Home::give_back(slots[2]) };
        let mut held: Vec<_> = (0..2).map(|_| lease.take(64)).collect();
        for thread in away {
            thread.join().unwrap();
        }
        held.extend((0..2).map(|_| lease.take(64)));
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), 4, "a slot was handed out twice");
        drop(entered);
    });
}
