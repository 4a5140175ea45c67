//! The wheel against a sorted map.
#![allow(unsafe_code)]

use core::ptr::NonNull;
use core::task::Waker;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::entry::{Entry, Phase};
use super::instant::Instant;
use super::wheel::{LAST_TICK, Wheel};

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Cancel(usize),
    Move(u64),
    Back(u64),
}

fn distance() -> impl Strategy<Value = u64> {
    (0_u32..44, any::<u64>()).prop_map(|(bits, word)| word & ((1 << bits) - 1))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => distance().prop_map(Step::Insert),
        1 => Just(Step::Insert(u64::MAX)),
        2 => any::<usize>().prop_map(Step::Cancel),
        4 => distance().prop_map(Step::Move),
        1 => (0_u64..1_000).prop_map(Step::Back),
    ]
}

/// A wheel beside a sorted map that does the same.
struct Pair {
    wheel: Wheel,
    map: BTreeMap<(u64, usize), NonNull<Entry>>,
    now: u64,
    made: usize,
}

impl Pair {
    fn insert(&mut self, ahead: u64) {
        let tick = self.now.saturating_add(ahead).min(LAST_TICK);
        let entry = NonNull::from(Box::leak(Box::new(Entry::new(0, Instant::machine_now()))));
        // SAFETY: just made.
        let this = unsafe { entry.as_ref() };
        // SAFETY: this test is the owner and the only user, and inserts at once.
        unsafe { this.begin(tick, Waker::noop().clone()) };
        // SAFETY: in no list, and freed only once it is out again.
        let inserted = unsafe { self.wheel.insert(entry) };
        assert_eq!(inserted, tick > self.wheel.elapsed());
        if inserted {
            self.map.insert((tick, self.made), entry);
            self.made += 1;
        } else {
            free(entry);
        }
    }

    fn cancel(&mut self, which: usize) {
        let Some(&key) = self.map.keys().nth(which % self.map.len().max(1)) else {
            return;
        };
        let entry = self.map.remove(&key).expect("a key of the map");
        // SAFETY: it is in the map, thus in the wheel.
        unsafe { self.wheel.remove(entry) };
        free(entry);
    }

    fn advance(&mut self, now: u64) -> Vec<u64> {
        let mut fired = Vec::new();
        while let Some(entry) = self.wheel.expire(now) {
            // SAFETY: alive until freed below.
            fired.push(unsafe { Entry::tick(entry) });
            let gone = self
                .map
                .iter()
                .find(|(_, known)| **known == entry)
                .map(|(key, _)| *key);
            self.map.remove(&gone.expect("fired once"));
            free(entry);
        }
        fired
    }
}

fn free(entry: NonNull<Entry>) {
    // SAFETY: PENDING, and in no list.
    drop(unsafe { Entry::end(entry, Phase::Idle) });
    // SAFETY: made by `Box::leak`, and freed once.
    drop(unsafe { Box::from_raw(entry.as_ptr()) });
}

impl Drop for Pair {
    fn drop(&mut self) {
        while let Some(entry) = self.wheel.drain_one() {
            free(entry);
        }
    }
}

proptest! {
    /// Regression rows 12 and 13: any order of inserts, cancels and moves, wraps and clocks that
    /// go backwards included, fires what a sorted map says, in the order of the ticks.
    #[test]
    fn the_wheel_fires_what_a_sorted_map_says(
        start in distance(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut pair = Pair { wheel: Wheel::new(), map: BTreeMap::new(), now: start, made: 0 };
        pair.wheel.restart(start);
        for step in steps {
            match step {
                Step::Insert(ahead) => pair.insert(ahead),
                Step::Cancel(which) => pair.cancel(which),
                Step::Move(ahead) => {
                    let now = pair.now.saturating_add(ahead).min(LAST_TICK);
                    let due: Vec<u64> =
                        pair.map.keys().map(|key| key.0).take_while(|tick| *tick <= now).collect();
                    prop_assert_eq!(pair.advance(now), due);
                    pair.now = now;
                }
                Step::Back(by) => {
                    let before = pair.now.saturating_sub(by);
                    prop_assert_eq!(pair.advance(before), Vec::<u64>::new());
                }
            }
            prop_assert_eq!(pair.wheel.len(), pair.map.len());
            let earliest = pair.map.keys().next().map(|key| key.0);
            prop_assert_eq!(pair.wheel.next_tick().is_some(), earliest.is_some());
            if let (Some(next), Some(earliest)) = (pair.wheel.next_tick(), earliest) {
                assert!(next <= earliest && next > pair.wheel.elapsed());
            }
        }
    }
}
