//! What a thread has entered, as a stack of guards that may be dropped in any order.
//!
//! Idea        The guards themselves form a linked list, the innermost first. A guard that is dropped unlinks itself,
//!             wherever it is in the list, so that nothing is restored later that belongs to a guard that is gone.
//! Invariants  I1 every node of the list stays at its address, and what it holds is alive, until it has left.
//!             I2 the list belongs to one thread.
//! Rejected    Keeping the previous value in each guard, which restores it: that is right in reverse order only; in another
//!             order it restores a pointer to what has been freed.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

/// Where a thread keeps the innermost entry: null if there is none.
pub(crate) type InnermostEntry<T> = Cell<*const Node<T>>;

/// One entry.
#[derive(Debug)]
pub(crate) struct Node<T> {
    pub(crate) value: T,
    outer: Cell<*const Node<T>>,
}

/// How an entry left.
pub(crate) enum ExitOrder<'a, T> {
    /// It was the innermost.
    InOrder,
    /// It was not: this one was entered right after it.
    Before(&'a Node<T>),
}

impl<T> Node<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value,
            outer: Cell::new(ptr::null()),
        }
    }

    /// The entry that this one was entered in.
    pub(crate) fn outer(&self) -> Option<&Self> {
        // SAFETY: nodes in the list are alive (I1), and this one is in it.
        unsafe { self.outer.get().as_ref() }
    }

    /// Makes this the innermost entry.
    ///
    /// # Safety
    /// The node is not in the list, stays where it is, and leaves on this thread before it is gone (I1).
    #[inline]
    pub(crate) unsafe fn enter(&self, innermost: &InnermostEntry<T>) {
        self.outer.set(innermost.replace(self));
    }

    /// Takes this out of the list.
    ///
    /// # Safety
    /// The node entered the same list, on this thread, and has not left.
    #[inline]
    pub(crate) unsafe fn leave<'a>(&self, innermost: &InnermostEntry<T>) -> ExitOrder<'a, T> {
        if ptr::eq(innermost.get(), self) {
            innermost.set(self.outer.get());
            return ExitOrder::InOrder;
        }
        // SAFETY: by the caller's promise.
        unsafe { self.leave_early(innermost) }
    }

    /// # Safety
    /// As for [`leave`](Self::leave); the node is not the innermost.
    #[cold]
    unsafe fn leave_early<'a>(&self, innermost: &InnermostEntry<T>) -> ExitOrder<'a, T> {
        let mut inner = innermost.get();
        loop {
            // SAFETY: nodes in the list are alive (I1), and ours is in it, so the end is not reached.
            let node = unsafe { &*inner };
            if ptr::eq(node.outer.get(), self) {
                node.outer.set(self.outer.get());
                return ExitOrder::Before(node);
            }
            inner = node.outer.get();
        }
    }
}
