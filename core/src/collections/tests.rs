//! Slabs against a naive record of who has which slot, with memory that the system zeroes.
#![allow(unsafe_code)]

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;
use std::vec::Vec;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use super::{
    BlockPool, ChainLink, QueueItem, Slab, SlabHeader, SlabOwner, SlabPool, SlotHeader, SlotLayout,
    SlotRef,
};
use crate::platform::{AtomicUsize, Ordering};

/// By how much less is made under Miri, which is slow.
const LESS: usize = if cfg!(miri) { 100 } else { 1 };

/// A slot that counts its lives. Zeros are a vacant one.
struct Slot {
    next: ChainLink<Slot>,
    lives: AtomicUsize,
}

// SAFETY: one link, always the same.
unsafe impl QueueItem for Slot {
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

// SAFETY: atomics, which zeros are good for.
unsafe impl SlotHeader for Slot {
    fn vacant() -> Self {
        Self {
            next: ChainLink::new(),
            lives: AtomicUsize::new(0),
        }
    }

    fn generation(&self) -> usize {
        self.lives.load(Ordering::Relaxed)
    }

    unsafe fn restore(this: SlotRef<Self>, generation: usize) {
        this.next.set(std::ptr::null_mut());
        this.lives.store(generation, Ordering::Relaxed);
    }
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

/// A system that zeroes what it takes at once.
unsafe fn zero(start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: by the caller's promise nobody needs what is there.
    unsafe { start.write_bytes(0, bytes) };
    true
}

fn pool() -> &'static SlabPool<Slot> {
    // SAFETY: it does no more than the contract says.
    unsafe { crate::platform::install_release_pages(zero) };
    Box::leak(Box::new(SlabPool::new()))
}

/// Who has which slot, and how many lives each slot has had.
#[derive(Default)]
struct Record {
    taken: BTreeSet<SlotRef<Slot>>,
    lives: BTreeMap<SlotRef<Slot>, usize>,
}

impl Record {
    fn take(&mut self, owner: &SlabOwner<Slot>, bytes: usize) {
        let slot = owner.take(bytes);
        assert!(self.taken.insert(slot), "a slot was handed out twice");
        let lives = slot.generation();
        let before = self.lives.insert(slot, lives);
        assert!(
            before.is_none_or(|before| before < lives),
            "life {lives} after {before:?}"
        );
    }

    fn give_back(&mut self, slot: SlotRef<Slot>) {
        assert!(self.taken.remove(&slot));
        slot.lives.fetch_add(1, Ordering::Relaxed);
        // SAFETY: taken, and not used any more.
        unsafe { Slab::give_back(slot) };
    }

    /// Any of the slots that are taken, by a number.
    fn some(&self, number: usize) -> Option<SlotRef<Slot>> {
        let index = number.checked_rem(self.taken.len())?;
        self.taken.iter().nth(index).copied()
    }

    fn assert_walked(&self, owner: &SlabOwner<Slot>) {
        let mut walked = BTreeSet::new();
        owner.walk(|slot| {
            assert!(walked.insert(slot));
        });
        assert!(walked.is_superset(&self.taken), "a taken slot is not found");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take { bytes: usize, times: usize },
    GiveBackHere(usize),
    GiveBackElsewhere(usize),
    GiveAllBack,
    Trim(usize),
    Walk,
    ChangeOwner,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![Just(32_usize), Just(1_024), Just(2_048)];
    prop_oneof![
        4 => (bytes, 1..40_usize).prop_map(|(bytes, times)| Step::Take { bytes, times }),
        6 => any::<usize>().prop_map(Step::GiveBackHere),
        6 => any::<usize>().prop_map(Step::GiveBackElsewhere),
        1 => Just(Step::GiveAllBack),
        1 => (1..20_usize).prop_map(Step::Trim),
        1 => Just(Step::Walk),
        1 => Just(Step::ChangeOwner),
    ]
}

/// A slab hands out each slot once, finds those that are taken, and gives slots new lives only,
/// whatever the order.
fn check(steps: Vec<Step>) {
    let pool = pool();
    let mut owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    let mut record = Record::default();
    for step in steps {
        match step {
            Step::Take { bytes, times } => (0..times).for_each(|_| record.take(&owner, bytes)),
            Step::GiveBackHere(number) => {
                if let Some(slot) = record.some(number) {
                    // SAFETY: dropped here, before the owner.
                    let _entered = unsafe { owner.enter() };
                    record.give_back(slot);
                }
            }
            Step::GiveBackElsewhere(number) => {
                if let Some(slot) = record.some(number) {
                    record.give_back(slot);
                }
            }
            Step::GiveAllBack => {
                while let Some(slot) = record.some(0) {
                    record.give_back(slot);
                }
            }
            Step::Trim(limit) => {
                owner.trim(limit);
            }
            Step::Walk => record.assert_walked(&owner),
            Step::ChangeOwner => {
                drop(owner);
                owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
            }
        }
    }
    record.assert_walked(&owner);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    #[test]
    fn slots_are_handed_out_once_and_found(steps in proptest::collection::vec(step(), 1..60 / if cfg!(miri) { 4 } else { 1 })) {
        check(steps);
    }
}

/// Many blocks: more than the pool keeps, so that memory is released, zeroed and used again.
#[test]
fn released_memory_is_reused_with_new_generations() {
    let pool = pool();
    let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    let mut record = Record::default();
    for round in 0..4 {
        (0..3_000 / LESS).for_each(|_| record.take(&owner, 2_048));
        record.assert_walked(&owner);
        if round % 2 == 0 {
            // SAFETY: dropped here, before the owner.
            let _entered = unsafe { owner.enter() };
            while let Some(slot) = record.some(0) {
                record.give_back(slot);
            }
        } else {
            while let Some(slot) = record.some(0) {
                record.give_back(slot);
            }
        }
        let mut steps = 0;
        while owner.trim(16) {
            steps += 1;
            assert!(steps < 1_000, "trimming does not end");
        }
        assert!(!owner.has_surplus());
        let mut left = 0;
        owner.walk(|_| left += 1);
        assert!(left <= 15, "{left} slots are walked, and none is taken");
    }
}

/// Row 46: what is walked does not depend on how many slots were once taken.
#[test]
fn regression_46_empty_blocks_are_not_walked() {
    let pool = pool();
    let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    // SAFETY: dropped before the owner.
    let _entered = unsafe { owner.enter() };
    let slots: Vec<_> = (0..100_000 / LESS).map(|_| owner.take(64)).collect();
    // SAFETY: taken above, not used any more.
    slots
        .into_iter()
        .for_each(|slot| unsafe { Slab::give_back(slot) });
    let mut walked = 0;
    owner.walk(|_| walked += 1);
    assert!(
        walked <= 512,
        "{walked} slots are walked, and none is taken"
    );
}

#[test]
fn slots_of_layout_apart_share_no_cache_line() {
    use crate::platform::CACHE_LINE_BYTES;

    let dense = pool().own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    let apart = pool().own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Apart);
    let line = CACHE_LINE_BYTES.max(1);
    let mut lines = BTreeSet::new();
    let mut taken = Vec::new();
    for bytes in [1, 32, 33, 64, 100, 128, 129, 300, super::LARGEST_SLOT] {
        for _ in 0..200 / LESS.min(10) {
            let slot = apart.take(bytes);
            let first = slot.address() / line;
            let last = (slot.address() + bytes - 1) / line;
            for line in first..=last {
                assert!(lines.insert(line), "a slot of {bytes} bytes shares a line");
            }
            taken.push(slot);
        }
    }
    // Others are not spread: there the memory counts.
    if line > 32 {
        let [one, two] = [(); 2].map(|()| dense.take(32).address());
        assert_eq!(two - one, 32);
    }
}

/// A block that went to the pool while its slots are visited could be another owner's by the time the visit comes to it.
#[test]
fn a_trim_during_a_walk_releases_no_block() {
    let owner = pool().own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    let slots: Vec<_> = (0..100).map(|_| owner.take(super::LARGEST_SLOT)).collect();
    // SAFETY: dropped below, on this thread, before the owner.
    let entered = unsafe { owner.enter() };
    let (kept, back) = slots.split_first().unwrap();
    // SAFETY: taken, and not used any more.
    back.iter()
        .for_each(|&slot| unsafe { Slab::give_back(slot) });
    let had_surplus = owner.has_surplus();
    owner.walk(|_| {
        owner.trim(usize::MAX);
        assert_eq!(owner.has_surplus(), had_surplus, "a block has gone");
    });
    while owner.trim(usize::MAX) {}
    assert!(!owner.has_surplus());
    // SAFETY: as above.
    unsafe { Slab::give_back(*kept) };
    drop(entered);
}

/// A header that panics when it is made, if that is asked of it.
struct PanickingSlot {
    next: ChainLink<PanickingSlot>,
    whole: AtomicUsize,
}

const WHOLE: usize = 0x5e1f_1e55;

std::thread_local! {
    static BREAKS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

// SAFETY: one link, always the same.
unsafe impl QueueItem for PanickingSlot {
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

// SAFETY: atomics; no memory of theirs is released here.
unsafe impl SlotHeader for PanickingSlot {
    fn vacant() -> Self {
        assert!(!BREAKS.get(), "no header today");
        Self {
            next: ChainLink::new(),
            whole: AtomicUsize::new(WHOLE),
        }
    }

    fn generation(&self) -> usize {
        0
    }

    unsafe fn restore(_this: SlotRef<Self>, _generation: usize) {}
}

// SAFETY: the slab's functions.
unsafe impl SlabHeader for PanickingSlot {
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

/// A slot whose header was never made would be memory that nobody has written.
#[test]
fn a_header_whose_constructor_panics_leaves_no_slot_without_a_header() {
    let pool: &'static SlabPool<PanickingSlot> = Box::leak(Box::new(SlabPool::new()));
    let owner = pool.own(std::ptr::null_mut(), std::ptr::null(), SlotLayout::Dense);
    let first = owner.take(64);
    BREAKS.set(true);
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| owner.take(64)));
    BREAKS.set(false);
    assert!(broken.is_err());
    let mut found = Vec::new();
    owner.walk(|slot| found.push((slot, slot.whole.load(Ordering::Relaxed))));
    assert_eq!(found, [(first, WHOLE)]);
    // The place is not lost: it is the next one.
    let second = owner.take(64);
    assert_eq!(second.address() - first.address(), 64);
    for slot in [first, second] {
        // SAFETY: taken, and not used any more.
        unsafe { Slab::give_back(slot) };
    }
}
