//! A hierarchical timing wheel: insert, remove and expire in O(1).
//!
//! Idea        The wheel has six levels of 64 slots on hosted systems, and fewer slots on a chip, as the
//!             platform says. A slot of level `n` spans 64ⁿ ticks. An entry stands at the level of the
//!             highest bit in which its tick differs from `elapsed`, so that no slot ever wraps: the
//!             first occupied slot of the lowest occupied level is the next to fire. When `elapsed`
//!             reaches a slot of a higher level, its entries move to lower levels.
//! States      an entry is in the slot that `place` says | in `overflow`, beyond 2³⁶ ticks' block
//! Invariants  I1 every entry's tick is > `elapsed`, but for those of the level-0 slot being fired.
//!             I2 an entry of level `n` agrees with `elapsed` in all bits above that level, and lies
//!                in a slot after that of `elapsed`: so `place` finds it again at any time.
//!             I3 bit `s` of `occupied` is set exactly if slot `s` holds an entry.
//!             I4 `overflow` holds the entries of other blocks; they are placed again when
//!                `elapsed` enters the next block.
//! Rejected    A binary heap: O(log n) cancels and memory of its own. Clamping far entries to the
//!             last slot: when the wheel wraps, they are inserted again into the slot that fires.
//! Source      Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 7; the
//!             choice of level by exclusive or is a departure, and so is the list for overflow.
#![allow(unsafe_code)]

use core::ptr::NonNull;

use super::entry::Entry;
use crate::collections::List;
use crate::platform::{WHEEL_LEVEL_BITS, WHEEL_LEVELS};

/// Levels of the wheel.
const LEVELS: usize = WHEEL_LEVELS;
/// Bits of the tick that one level decides.
const LEVEL_BITS: u32 = WHEEL_LEVEL_BITS;
/// Slots of one level.
const SLOTS: usize = 1 << LEVEL_BITS;
/// Bits of the tick that the wheel decides: 2.2 years of milliseconds on hosted systems.
const BLOCK_BITS: u32 = LEVEL_BITS * LEVELS as u32;

/// The latest tick; later deadlines are taken to be this one.
pub(super) const LAST_TICK: u64 = (1 << 60) - 1;

#[derive(Debug)]
struct Level {
    occupied: u64,
    slots: [List<Entry>; SLOTS],
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WheelSlot {
    Slot { level: usize, slot: usize },
    Overflow,
}

/// Timers in the order of their ticks.
#[derive(Debug)]
pub(super) struct Wheel {
    elapsed: u64,
    len: usize,
    levels: [Level; LEVELS],
    overflow: List<Entry>,
}

impl Wheel {
    /// An empty wheel.
    pub(super) const fn new() -> Self {
        const EMPTY: Level = Level {
            occupied: 0,
            slots: [const { List::new() }; SLOTS],
        };
        Self {
            elapsed: 0,
            len: 0,
            levels: [EMPTY; LEVELS],
            overflow: List::new(),
        }
    }

    /// Entries in the wheel.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The tick up to which everything has fired.
    pub(super) const fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// Moves an empty wheel to `elapsed`, forward or back.
    pub(super) fn restart(&mut self, elapsed: u64) {
        debug_assert_eq!(self.len, 0, "a wheel with timers was restarted");
        self.elapsed = elapsed;
    }

    /// Adds `entry`, whose tick is set; false, and nothing added, if that tick has passed.
    ///
    /// # Safety
    /// The caller holds the wheel's lock; `entry` is alive, in no list, and stays so until it is
    /// taken out.
    pub(super) unsafe fn insert(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: alive, and the caller holds the lock.
        if unsafe { Entry::tick(entry) } <= self.elapsed {
            return false;
        }
        // SAFETY: by the caller's promise.
        unsafe { self.link(entry) };
        self.len += 1;
        true
    }

    /// Takes `entry` out.
    ///
    /// # Safety
    /// The caller holds the wheel's lock, and `entry` is in this wheel.
    pub(super) unsafe fn remove(&mut self, entry: NonNull<Entry>) {
        // SAFETY: entries in the wheel are alive, and the caller holds the lock.
        let tick = unsafe { Entry::tick(entry) };
        match self.place(tick) {
            WheelSlot::Overflow => {
                // SAFETY: `place` finds the list the entry is in (I2, I4).
                unsafe { self.overflow.remove(entry) };
            }
            WheelSlot::Slot { level, slot } => {
                let level = &mut self.levels[level];
                // SAFETY: as above.
                unsafe { level.slots[slot].remove(entry) };
                level.settle(slot);
            }
        }
        self.len -= 1;
    }

    /// A tick not later than the next entry's; `None` if there is no entry.
    pub(super) fn next_tick(&self) -> Option<u64> {
        self.next_place().map(|(tick, _)| tick)
    }

    /// Moves to `now` and takes out one entry whose tick has come; `None` if there is no more.
    ///
    /// A `now` before [`elapsed`](Self::elapsed) changes nothing.
    pub(super) fn expire(&mut self, now: u64) -> Option<NonNull<Entry>> {
        loop {
            let Some((tick, place)) = self.next_place().filter(|&(tick, _)| tick <= now) else {
                self.elapsed = self.elapsed.max(now);
                return None;
            };
            self.elapsed = tick;
            match place {
                WheelSlot::Slot { level: 0, slot } => {
                    let level = &mut self.levels[0];
                    let entry = level.slots[slot].pop_front();
                    level.settle(slot);
                    self.len -= 1;
                    return entry;
                }
                WheelSlot::Slot { level, slot } => {
                    let level = &mut self.levels[level];
                    let fallen = core::mem::take(&mut level.slots[slot]);
                    level.settle(slot);
                    self.place_anew(fallen);
                }
                WheelSlot::Overflow => {
                    let fallen = core::mem::take(&mut self.overflow);
                    self.place_anew(fallen);
                }
            }
        }
    }

    /// Takes out any entry, whatever its tick.
    pub(super) fn drain_one(&mut self) -> Option<NonNull<Entry>> {
        let entry = match self.next_place()?.1 {
            WheelSlot::Overflow => self.overflow.pop_front(),
            WheelSlot::Slot { level, slot } => {
                let level = &mut self.levels[level];
                let entry = level.slots[slot].pop_front();
                level.settle(slot);
                entry
            }
        };
        self.len -= 1;
        entry
    }

    fn place_anew(&mut self, mut fallen: List<Entry>) {
        while let Some(entry) = fallen.pop_front() {
            // SAFETY: it was in this wheel, so it is alive and its lock is held. Its tick may equal
            // `elapsed`: then it goes to the level-0 slot that fires next (I1).
            unsafe { self.link(entry) };
        }
    }

    /// # Safety
    /// As `insert`.
    unsafe fn link(&mut self, entry: NonNull<Entry>) {
        // SAFETY: alive, and the caller holds the lock.
        let tick = unsafe { Entry::tick(entry) };
        let list = match self.place(tick) {
            WheelSlot::Overflow => &mut self.overflow,
            WheelSlot::Slot { level, slot } => {
                self.levels[level].occupied |= 1 << slot;
                &mut self.levels[level].slots[slot]
            }
        };
        // SAFETY: in no list by the caller's promise.
        unsafe { list.push_back(entry) };
    }

    /// Where an entry of `tick` stands, by the highest bit in which it differs from `elapsed`.
    const fn place(&self, tick: u64) -> WheelSlot {
        let differs = (self.elapsed ^ tick) | 1;
        let level = (u64::BITS - 1 - differs.leading_zeros()) / LEVEL_BITS;
        if level >= LEVELS as u32 {
            return WheelSlot::Overflow;
        }
        let slot = (tick >> (level * LEVEL_BITS)) as usize % SLOTS;
        WheelSlot::Slot {
            level: level as usize,
            slot,
        }
    }

    /// The place that comes next, and the tick at which it begins.
    fn next_place(&self) -> Option<(u64, WheelSlot)> {
        for (index, level) in self.levels.iter().enumerate() {
            if level.occupied != 0 {
                let slot = level.occupied.trailing_zeros();
                let shift = index as u32 * LEVEL_BITS;
                let block = self.elapsed >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
                let tick = block | u64::from(slot) << shift;
                return Some((
                    tick,
                    WheelSlot::Slot {
                        level: index,
                        slot: slot as usize,
                    },
                ));
            }
        }
        if self.overflow.is_empty() {
            return None;
        }
        Some((
            ((self.elapsed >> BLOCK_BITS) + 1) << BLOCK_BITS,
            WheelSlot::Overflow,
        ))
    }
}

impl Level {
    /// Clears the bit of a slot that is empty now (I3).
    fn settle(&mut self, slot: usize) {
        if self.slots[slot].is_empty() {
            self.occupied &= !(1 << slot);
        }
    }
}
