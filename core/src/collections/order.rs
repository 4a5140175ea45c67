//! Sorting what is rarely sorted.
//!
//! Idea        A sort of the standard library is four thousand lines of LLVM's language for each type that is sorted. Here
//!             numbers are sorted, by one function, and the values are swapped into their order.

use alloc::vec::Vec;

/// Sorts `items` by the number that `key` gives, the lowest first; equal ones stay in their order.
///
/// # Cost
/// An allocation.
pub fn sort_by_number<T>(items: &mut [T], key: impl Fn(&T) -> u64) {
    let mut order = Vec::with_capacity(items.len());
    for item in &*items {
        order.push((key(item), order.len()));
    }
    sort_pairs(&mut order);
    // Each cycle of the permutation: a value goes to its place, and the one that stood there goes on.
    for start in 0..order.len() {
        let mut place = start;
        loop {
            let from = core::mem::replace(&mut order[place].1, place);
            if from == start {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

fn sort_pairs(pairs: &mut [(u64, usize)]) {
    pairs.sort_unstable();
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use proptest::prelude::{any, proptest};
    use std::vec::Vec;

    use super::sort_by_number;

    proptest! {
        #[test]
        fn it_sorts_as_std_does(numbers: Vec<u8>, shift in any::<u8>()) {
            let key = |&(_, number): &(usize, u8)| u64::from(number.wrapping_add(shift) / 4);
            let mut sorted: Vec<_> = numbers.into_iter().enumerate().collect();
            let mut expected = sorted.clone();
            expected.sort_by_key(key);
            sort_by_number(&mut sorted, key);
            assert_eq!(sorted, expected);
        }
    }
}
