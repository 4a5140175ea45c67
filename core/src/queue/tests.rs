//! The static ring against a naive queue, at its limits, and in a static with many producers; the queues of tasks when
//! whoever takes from them panics.
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;
use std::vec::Vec;

use proptest::prelude::{any, prop_oneof};
use proptest::strategy::{Just, Strategy};
use proptest::{collection, prop_assert_eq, proptest};

use super::{FixedQueue, FixedRing, Full, Inject, Ring};
use crate::collections::{ChainLink, QueueHandle, QueueItem};

#[derive(Debug, Clone, Copy)]
enum Step {
    Push(u8),
    Pop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    collection::vec(
        prop_oneof![any::<u8>().prop_map(Step::Push), Just(Step::Pop)],
        0..200,
    )
}

fn agrees_with_a_naive_queue<const N: usize>(steps: &[Step]) {
    let mut ring = FixedRing::<Arc<u8>, N>::new();
    let mut naive = VecDeque::new();
    let mut all = Vec::new();
    for step in steps {
        match *step {
            Step::Push(value) => {
                let value = Arc::new(value);
                all.push(value.clone());
                let pushed = ring.push(value.clone());
                if naive.len() < N {
                    naive.push_back(value);
                    assert!(pushed.is_ok());
                } else {
                    assert_eq!(pushed, Err(Full { value, capacity: N }));
                }
            }
            Step::Pop => assert_eq!(ring.pop(), naive.pop_front()),
        }
        assert_eq!(ring.len(), naive.len());
        assert_eq!(ring.is_empty(), naive.is_empty());
    }
    drop(ring);
    drop(naive);
    // Each value was dropped once: nobody but the list of all has it.
    assert!(all.iter().all(|value| Arc::strong_count(value) == 1));
}

proptest! {
    #[test]
    fn the_static_ring_is_a_queue_with_a_limit(steps in steps()) {
        agrees_with_a_naive_queue::<1>(&steps);
        agrees_with_a_naive_queue::<3>(&steps);
        agrees_with_a_naive_queue::<4>(&steps);
    }

    #[test]
    fn values_are_copied_in_and_out_in_order(tokens in collection::vec(any::<u16>(), 0..=8)) {
        let queue = FixedQueue::<u16, 8>::new();
        for &token in &tokens {
            queue.push(token).unwrap();
        }
        prop_assert_eq!(queue.len(), tokens.len());
        let popped: Vec<u16> = core::iter::from_fn(|| queue.pop()).collect();
        prop_assert_eq!(popped, tokens);
    }
}

#[test]
fn a_full_queue_gives_the_value_back_and_says_its_limit() {
    let queue = FixedQueue::<&str, 2>::new();
    queue.push("a").unwrap();
    queue.push("b").unwrap();
    let full = queue.push("c").unwrap_err();
    assert_eq!(full.value, "c");
    assert_eq!(full.to_string(), "queue full: 2 of 2 slots used");
    assert_eq!(queue.pop(), Some("a"));
    queue.push("c").unwrap();
    assert_eq!(queue.pop(), Some("b"));
    assert_eq!(queue.pop(), Some("c"));
    assert!(queue.is_empty());
}

#[test]
fn producers_on_many_threads_lose_nothing() {
    const PRODUCERS: usize = 4;
    const EACH: usize = 2_000;
    static QUEUE: FixedQueue<(usize, usize), 7> = FixedQueue::new();
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| {
            std::thread::spawn(move || {
                for number in 0..EACH {
                    while QUEUE.push((producer, number)).is_err() {
                        std::thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut next = [0; PRODUCERS];
    for _ in 0..PRODUCERS * EACH {
        let (producer, number) = loop {
            match QUEUE.pop() {
                Some(value) => break value,
                None => std::thread::yield_now(),
            }
        };
        // In order for each producer, so nothing is lost and nothing comes twice.
        assert_eq!(number, next[producer]);
        next[producer] += 1;
    }
    assert_eq!(QUEUE.pop(), None);
    for producer in producers {
        producer.join().unwrap();
    }
}

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

fn handle(number: usize) -> Handle {
    Handle(Box::new(Item {
        number,
        next: ChainLink::new(),
    }))
}

/// Calls `take` with a closure that panics once it has kept two items, and returns what was kept.
fn kept_by_a_closure_that_panics(take: impl FnOnce(&mut dyn FnMut(Handle))) -> Vec<usize> {
    let mut kept = Vec::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        take(&mut |item: Handle| {
            kept.push(item.0.number);
            assert!(kept.len() != 2, "the closure panics");
        });
    }));
    assert!(panicked.is_err());
    kept
}

#[test]
fn a_panic_as_half_of_a_ring_is_taken_loses_no_item() {
    let ring = Ring::<Handle>::new();
    let owner = ring.claim().unwrap();
    for number in 0..8 {
        assert!(owner.push(handle(number)).is_ok());
    }
    let kept = kept_by_a_closure_that_panics(|keep| {
        ring.take_half(keep);
    });
    assert_eq!(kept, [0, 1, 2, 3], "the rest of the half is handed on, too");
    let left: Vec<_> = core::iter::from_fn(|| owner.pop())
        .map(|item| item.0.number)
        .collect();
    assert_eq!(left, [4, 5, 6, 7]);
}

#[test]
fn a_panic_as_the_inject_queue_is_emptied_leaves_the_others_in_it() {
    let inject = Inject::<Handle>::new();
    for number in 0..4 {
        assert!(inject.push(handle(number)).is_ok());
    }
    let kept = kept_by_a_closure_that_panics(|keep| {
        inject.pop_many(4, keep);
    });
    assert_eq!(kept, [0, 1]);
    assert_eq!(inject.len(), 2, "what is in the queue is counted");
    let left: Vec<_> = core::iter::from_fn(|| inject.pop())
        .map(|item| item.0.number)
        .collect();
    assert_eq!(left, [2, 3]);
    assert!(inject.is_empty());
}
