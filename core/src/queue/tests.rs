//! The static ring against a naive queue, at its limits, and in a static with many producers.
use std::collections::VecDeque;
use std::sync::Arc;
use std::vec::Vec;

use proptest::prelude::{any, prop_oneof};
use proptest::strategy::{Just, Strategy};
use proptest::{collection, prop_assert_eq, proptest};

use super::{FixedQueue, FixedRing, Full};

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
