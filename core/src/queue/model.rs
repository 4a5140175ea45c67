//! Models of the queues: no item is lost, and none is taken twice.

use std::boxed::Box;
use std::ptr::NonNull;
use std::vec::Vec;

use loom::sync::Arc;
use loom::thread;

use super::{FixedQueue, Inject, RING_SLOTS, Ring};
use crate::collections::{ChainLink, QueueHandle, QueueItem};

#[derive(Debug)]
struct Item {
    number: usize,
    next: ChainLink<Item>,
}

#[allow(unsafe_code)]
// SAFETY: one link, always the same.
unsafe impl QueueItem for Item {
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

/// The one handle to an item.
#[derive(Debug)]
struct Handle(Box<Item>);

#[allow(unsafe_code)]
// SAFETY: a box is the one to have its item.
unsafe impl QueueHandle for Handle {
    type Item = Item;

    fn into_raw(self) -> NonNull<Item> {
        NonNull::from(Box::leak(self.0))
    }

    unsafe fn from_raw(raw: NonNull<Item>) -> Self {
        // SAFETY: by the caller's promise.
        Self(unsafe { Box::from_raw(raw.as_ptr()) })
    }
}

fn item(number: usize) -> Handle {
    Handle(Box::new(Item {
        number,
        next: ChainLink::new(),
    }))
}

fn free(item: Handle) -> usize {
    item.0.number
}

/// Attacks I1 and I2: the owner pushes and pops over the wrap of the counters while two thieves
/// take halves; every item comes out once.
fn owner_meets_thieves(start: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let ring = Arc::new(Ring::<Handle>::with_counters_at(start));
        let steal = |ring: Arc<Ring<Handle>>| {
            thread::spawn(move || {
                let mut taken = Vec::new();
                ring.take_half(|item| taken.push(free(item)));
                taken
            })
        };
        let owner = ring.claim().unwrap();
        for number in 0..3 {
            owner.push(item(number)).unwrap();
        }
        let thieves = [steal(ring.clone()), steal(ring.clone())];
        let mut seen = Vec::new();
        let mut next = 3;
        for _ in 0..2 {
            seen.extend(owner.pop().map(free));
            if let Err(refused) = owner.push(item(next)) {
                seen.push(free(refused));
            }
            next += 1;
        }
        for thief in thieves {
            seen.extend(thief.join().unwrap());
        }
        while let Some(item) = owner.pop() {
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
        let rings = [
            Arc::new(Ring::<Handle>::new()),
            Arc::new(Ring::<Handle>::new()),
        ];
        let owner = rings[0].claim().unwrap();
        for number in 0..2 {
            owner.push(item(number)).unwrap();
        }
        // This thread gives the other ring's end back, and the thief claims it.
        rings[1].claim().unwrap().push(item(2)).unwrap();
        let thief = {
            let (from, to) = (rings[0].clone(), rings[1].clone());
            thread::spawn(move || {
                let to = to.claim().unwrap();
                let mut seen = Vec::new();
                from.take_half(|item| to.push(item).unwrap());
                seen.extend(to.pop().map(free));
                seen
            })
        };
        let mut seen = Vec::new();
        rings[1].take_half(|item| owner.push(item).unwrap());
        seen.extend(owner.pop().map(free));
        seen.extend(thief.join().unwrap());
        for ring in &rings {
            while ring.take_half(|item| seen.push(free(item))) > 0 {}
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

/// Attacks I1 and I2 of `inject`: pushes meet pops and the close; what was accepted comes out.
#[test]
fn model_inject_push_meets_pop_and_close() {
    loom::model(|| {
        let inject = Arc::new(Inject::<Handle>::new());
        let theirs = inject.clone();
        let pushing = thread::spawn(move || {
            let mut refused = Vec::new();
            for number in 0..2 {
                if let Err(back) = theirs.push(item(number)) {
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

/// Attacks I4: of two threads that want to be the owner one is refused, and the owner after the first sees what that has
/// pushed.
#[test]
fn model_ring_has_one_owner_at_a_time() {
    loom::model(|| {
        let ring = Arc::new(Ring::<Handle>::new());
        let theirs = ring.clone();
        let other = thread::spawn(move || {
            let Some(owner) = theirs.claim() else {
                return false;
            };
            assert!(theirs.claim().is_none(), "a ring with two owners");
            owner.push(item(owner.len())).unwrap();
            true
        });
        let here = ring.claim().map(|owner| {
            owner.push(item(owner.len())).unwrap();
        });
        let pushed = usize::from(here.is_some()) + usize::from(other.join().unwrap());
        assert!(pushed > 0);
        let owner = ring.claim().unwrap();
        let seen: Vec<_> = std::iter::from_fn(|| owner.pop().map(free)).collect();
        assert_eq!(seen, (0..pushed).collect::<Vec<_>>());
    });
}
