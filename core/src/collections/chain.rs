//! Items that carry one link: members of a free list or of an intrusive queue, one at a time.
#![allow(unsafe_code)]

use core::ptr::NonNull;

use crate::platform::{AtomicPtr, Ordering};

/// An item with a link to the next of its chain.
///
/// # Safety
/// `next` returns the same link each time, and nothing but the chain that holds the item uses it.
pub unsafe trait Chained: Sized {
    /// The link inside `item`.
    fn next(&self) -> &AtomicPtr<Self>;
}

/// A first-in, first-out chain of items that are owned elsewhere.
#[derive(Debug)]
pub struct Chain<T: Chained> {
    ends: Option<(NonNull<T>, NonNull<T>)>,
    len: usize,
}

// SAFETY: a chain only holds pointers; whoever holds the chain holds the items' links.
unsafe impl<T: Chained + Sync> Send for Chain<T> {}

impl<T: Chained> Default for Chain<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Chained> Chain<T> {
    /// A chain without items.
    pub const fn new() -> Self {
        Self { ends: None, len: 0 }
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds `item` at the end.
    ///
    /// # Safety
    /// `item` is alive until it is taken out, and in no other chain.
    pub unsafe fn push(&mut self, item: NonNull<T>) {
        // SAFETY: alive by the caller's promise.
        let link = unsafe { item.as_ref() }.next();
        // Relaxed: whoever reads the link got the chain from us by the chain's own guard.
        link.store(core::ptr::null_mut(), Ordering::Relaxed);
        match &mut self.ends {
            Some((_, last)) => {
                // SAFETY: members of the chain are alive.
                unsafe { last.as_ref() }
                    .next()
                    .store(item.as_ptr(), Ordering::Relaxed);
                *last = item;
            }
            None => self.ends = Some((item, item)),
        }
        self.len += 1;
    }

    /// Takes the oldest item out.
    pub fn pop(&mut self) -> Option<NonNull<T>> {
        let (first, last) = self.ends?;
        self.len -= 1;
        self.ends = if first == last {
            None
        } else {
            // SAFETY: members of the chain are alive; the link was set when the next one came.
            let next = unsafe { first.as_ref() }.next().load(Ordering::Relaxed);
            NonNull::new(next).map(|next| (next, last))
        };
        Some(first)
    }

    /// Moves all items of `other` to the end of this chain.
    pub fn append(&mut self, other: &mut Self) {
        let Some((other_first, other_last)) = other.ends.take() else {
            return;
        };
        self.ends = Some(match self.ends {
            Some((first, last)) => {
                // SAFETY: members of the chain are alive.
                unsafe { last.as_ref() }
                    .next()
                    .store(other_first.as_ptr(), Ordering::Relaxed);
                (first, other_last)
            }
            None => (other_first, other_last),
        });
        self.len += core::mem::take(&mut other.len);
    }
}
