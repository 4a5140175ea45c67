//! Models of the queues: nothing is lost, nothing comes twice.

use std::boxed::Box;
use std::ptr::NonNull;
use std::vec::Vec;

use loom::sync::Arc;
use loom::thread;

use super::{FixedQueue, Inject, RING_SLOTS, Ring};
use crate::collections::Chained;
use crate::platform::AtomicPtr;

struct Item {
    number: usize,
    next: AtomicPtr<Item>,
}

#[allow(unsafe_code)]
// SAFETY: one link, always the same.
unsafe impl Chained for Item {
    fn next(&self) -> &AtomicPtr<Self> {
        &self.next
    }
}

fn item(number: usize) -> NonNull<Item> {
    let item = Item {
        number,
        next: AtomicPtr::new(std::ptr::null_mut()),
    };
    NonNull::from(Box::leak(Box::new(item)))
}

#[allow(unsafe_code)]
fn free(item: NonNull<Item>) -> usize {
    // SAFETY: made by `item`, and out of every queue.
    let item = unsafe { Box::from_raw(item.as_ptr()) };
    item.number
}

/// Attacks I1 and I2: the owner pushes and pops over the wrap of the counters while two thieves
/// take halves; every item comes out once.
fn owner_meets_thieves(start: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let ring = Arc::new(Ring::<Item>::starting_at(start));
        let steal = |ring: Arc<Ring<Item>>| {
            thread::spawn(move || {
                let mut taken = Vec::new();
                ring.take_half(|item| taken.push(free(item)));
                taken
            })
        };
        for number in 0..3 {
            ring.push(item(number)).unwrap();
        }
        let thieves = [steal(ring.clone()), steal(ring.clone())];
        let mut seen = Vec::new();
        let mut next = 3;
        for _ in 0..2 {
            seen.extend(ring.pop().map(free));
            if let Err(refused) = ring.push(item(next)) {
                seen.push(free(refused));
            }
            next += 1;
        }
        for thief in thieves {
            seen.extend(thief.join().unwrap());
        }
        while let Some(item) = ring.pop() {
            seen.push(free(item));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..next).collect::<Vec<_>>());
    });
}

#[test]
fn model_ring_owner_meets_thieves() {
    owner_meets_thieves(0);
}

/// Regression 6: a thief that sleeps before its compare-and-swap, while the owner moves on over the
/// wrap of the counters.
#[test]
fn model_regression_06_ring_wraps_while_a_thief_sleeps() {
    owner_meets_thieves(usize::MAX - 2);
}

/// Regression 6: a queue that is stolen from steals itself.
#[test]
fn model_regression_06_stealing_while_stolen_from() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let rings = [Arc::new(Ring::<Item>::new()), Arc::new(Ring::<Item>::new())];
        for number in 0..2 {
            rings[0].push(item(number)).unwrap();
        }
        rings[1].push(item(2)).unwrap();
        let thief = {
            let (from, to) = (rings[0].clone(), rings[1].clone());
            // The thief owns `to`.
            thread::spawn(move || {
                let mut seen = Vec::new();
                from.take_half(|item| to.push(item).unwrap());
                seen.extend(to.pop().map(free));
                seen
            })
        };
        let mut seen = Vec::new();
        rings[1].take_half(|item| rings[0].push(item).unwrap());
        seen.extend(rings[0].pop().map(free));
        seen.extend(thief.join().unwrap());
        for ring in &rings {
            while let Some(item) = ring.pop() {
                seen.push(free(item));
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

/// Attacks I1 and I2 of `inject`: pushes meet pops and the close; what was accepted comes out.
#[test]
fn model_inject_push_meets_pop_and_close() {
    loom::model(|| {
        let inject = Arc::new(Inject::<Item>::new());
        let theirs = inject.clone();
        let pushing = thread::spawn(move || {
            let mut refused = Vec::new();
            for number in 0..2 {
                #[allow(unsafe_code)]
                // SAFETY: the item lives until it is taken out.
                if let Err(back) = unsafe { theirs.push(item(number)) } {
                    refused.push(free(back));
                }
            }
            refused
        });
        let mut seen = Vec::new();
        seen.extend(inject.pop().map(free));
        inject.close();
        while let Some(item) = inject.pop() {
            seen.push(free(item));
        }
        seen.extend(pushing.join().unwrap());
        assert!(inject.is_empty());
        seen.sort_unstable();
        assert_eq!(seen, [0, 1]);
        assert!(RING_SLOTS >= 4);
    });
}

/// Attacks I1 of the static queue: two producers and a consumer meet at a ring of one; what was
/// accepted comes out once, the rest comes back.
#[test]
fn model_static_queue_loses_nothing() {
    loom::model(|| {
        let queue = Arc::new(FixedQueue::<Arc<usize>, 1>::new());
        let producers = [1, 2].map(|number| {
            let queue = queue.clone();
            thread::spawn(move || queue.push(Arc::new(number)).is_ok())
        });
        let mut seen: Vec<_> = queue.pop().into_iter().collect();
        let accepted = producers
            .map(|producer| producer.join().unwrap())
            .iter()
            .filter(|&&accepted| accepted)
            .count();
        seen.extend(queue.pop());
        assert!(queue.pop().is_none());
        assert_eq!(seen.len(), accepted);
        assert!(seen.len() < 2 || *seen[0] != *seen[1]);
        // Each has one owner left.
        assert!(seen.iter().all(|value| Arc::strong_count(value) == 1));
    });
}
