//! The list against a sorted vector.
#![allow(unsafe_code)]

use core::ptr::NonNull;
use core::task::Waker;
use std::boxed::Box;
use std::vec::Vec;

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::entry::{Entry, Phase};
use super::order::TimerList;
use crate::platform::RawInstant;

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Remove(usize),
    Fire(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..50).prop_map(Step::Insert),
        2 => any::<usize>().prop_map(Step::Remove),
        2 => (0_u64..60).prop_map(Step::Fire),
    ]
}

/// A list beside a vector that does the same.
struct Pair {
    list: TimerList,
    /// Deadlines and entries, in the order in which they are to fire.
    sorted: Vec<(u64, NonNull<Entry>)>,
}

impl Pair {
    fn insert(&mut self, deadline: u64) {
        let entry = Entry::new(RawInstant::from_micros(deadline));
        let entry = NonNull::from(Box::leak(Box::new(entry)));
        // SAFETY: just made.
        let this = unsafe { entry.as_ref() };
        // SAFETY: this test is the only user.
        let state = unsafe { this.state() };
        *state.waker = Some(Waker::noop().clone());
        // SAFETY: in no list, and freed only once it is out again.
        let is_first = unsafe { self.list.insert(entry) };
        let at = self.sorted.partition_point(|known| known.0 <= deadline);
        self.sorted.insert(at, (deadline, entry));
        assert_eq!(is_first, at == 0);
    }

    fn remove(&mut self, which: usize) {
        if self.sorted.is_empty() {
            return;
        }
        let (_, entry) = self.sorted.remove(which % self.sorted.len());
        // SAFETY: it is in the vector, thus in the list.
        let waker = unsafe { self.list.remove(entry) };
        assert!(waker.is_some(), "a timer that waits has a waker");
        free(entry, Phase::Idle);
    }

    fn fire(&mut self, now: u64) {
        let due = self.sorted.partition_point(|known| known.0 <= now);
        for (_, entry) in self.sorted.drain(..due) {
            let now = RawInstant::from_micros(now);
            let waker = self.list.pop_due(now, Phase::Fired);
            assert!(waker.is_some(), "it is due");
            free(entry, Phase::Fired);
        }
        let now = RawInstant::from_micros(now);
        assert!(self.list.pop_due(now, Phase::Fired).is_none());
    }
}

fn free(entry: NonNull<Entry>, phase: Phase) {
    // SAFETY: made by `Box::leak`, and freed once.
    let entry = unsafe { Box::from_raw(entry.as_ptr()) };
    // SAFETY: this test is the only user.
    assert_eq!(unsafe { entry.phase() }, phase);
}

proptest! {
    #[test]
    fn the_list_fires_what_a_sorted_vector_says(steps in prop::collection::vec(step(), 1..100)) {
        let mut pair = Pair { list: TimerList::new(), sorted: Vec::new() };
        for step in steps {
            match step {
                Step::Insert(deadline) => pair.insert(deadline),
                Step::Remove(which) => pair.remove(which),
                Step::Fire(now) => pair.fire(now),
            }
            prop_assert_eq!(pair.list.len(), pair.sorted.len());
            let next = pair.list.next_deadline().map(RawInstant::as_micros);
            prop_assert_eq!(next, pair.sorted.first().map(|known| known.0));
        }
        pair.fire(u64::MAX);
    }
}
