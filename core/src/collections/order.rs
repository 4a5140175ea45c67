//! Sorting what is rarely sorted.
//!
//! Idea        A sort of the standard library is four thousand lines of LLVM's language for each type that is sorted. Here
//!             numbers are sorted, by one function, and the values are swapped into their order.

use alloc::vec::Vec;

/// Sorts `items` by the number that `key` gives, the lowest first; equal ones stay in their order.
///
/// # Cost
/// Two allocations.
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

/// Sorts by merging runs of twice the length each time; pairs that are in order already are only looked at.
fn sort_pairs(pairs: &mut Vec<(u64, usize)>) {
    let len = pairs.len();
    let mut merged = Vec::with_capacity(len);
    let mut run = 1;
    while run < len {
        let mut start = 0;
        while start < len {
            let end = len.min(start + 2 * run);
            merge(&pairs[start..end], run.min(end - start), &mut merged);
            start = end;
        }
        core::mem::swap(pairs, &mut merged);
        merged.clear();
        run *= 2;
    }
}

/// Adds `pairs` to `merged`, of which those before `middle` and those behind it are in order.
fn merge(pairs: &[(u64, usize)], middle: usize, merged: &mut Vec<(u64, usize)>) {
    if middle == pairs.len() || pairs[middle - 1] <= pairs[middle] {
        merged.extend_from_slice(pairs);
        return;
    }
    let (mut left, mut right) = (0, middle);
    while left < middle && right < pairs.len() {
        let place = if pairs[left] <= pairs[right] {
            &mut left
        } else {
            &mut right
        };
        merged.push(pairs[*place]);
        *place += 1;
    }
    merged.extend_from_slice(&pairs[left..middle]);
    merged.extend_from_slice(&pairs[right..]);
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
