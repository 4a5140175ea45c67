//! Queues that are linked through their items: each item has room for one link, so that a queue needs no memory of its own.
//!
//! Idea        What is put into a queue is not the item itself but a *handle* to it, of which there is one: the `Notified` of a
//!             task, for example. The queue keeps the handle as one word and gives it back.
//! Invariants  I1 an item is in one queue at a time: its only handle is (`QueueHandle`).
//!             I2 an item's link is written by whoever has the item's handle, or the queue that has it.
//! Rejected    Bare pointers, with the promise that each is in one queue: `push` would be unsafe, and every `pop` too, which
//!             has to say what the pointer once was.
#![allow(unsafe_code)]

use core::fmt;
use core::ptr::NonNull;

use crate::maybe_const;
use crate::platform::{AtomicPtr, Ordering};

/// The link inside an item: what it says is the business of the queue that has the item.
///
/// ```compile_fail,E0624
/// let link = selkie_core::raw::collections::ChainLink::<u32>::new();
/// // Another's item would lead a queue astray.
/// link.set(core::ptr::dangling_mut());
/// ```
#[derive(Debug)]
#[repr(transparent)]
pub struct ChainLink<T>(AtomicPtr<T>);

impl<T> ChainLink<T> {
    maybe_const! {
        /// The link of an item that is in no queue.
        pub fn new() -> Self {
            Self(AtomicPtr::new(core::ptr::null_mut()))
        }
    }

    /// The item behind, or null.
    #[inline]
    pub(crate) fn get(&self) -> *mut T {
        // Relaxed: whoever reads the link got the item, or the queue that has it, by an ordering of its own.
        self.0.load(Ordering::Relaxed)
    }

    /// Puts `next` behind.
    #[inline]
    pub(crate) fn set(&self, next: *mut T) {
        // Relaxed: as above.
        self.0.store(next, Ordering::Relaxed);
    }
}

impl<T> Default for ChainLink<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// An item with a link to the next of its queue.
///
/// # Safety
/// `next` returns the same link each time, and nothing but queues uses it.
pub unsafe trait QueueItem: Sized {
    /// The link inside `item`.
    fn next(&self) -> &ChainLink<Self>;
}

/// The one handle to an item, which queues keep as a word.
///
/// # Safety
/// The item that [`into_raw`](Self::into_raw) points to stays alive until [`from_raw`](Self::from_raw) makes the handle
/// again, and there is no other handle to it meanwhile.
pub unsafe trait QueueHandle: Sized {
    /// The item.
    type Item: QueueItem;

    /// Turns the handle into a word.
    fn into_raw(self) -> NonNull<Self::Item>;

    /// Makes a handle of its word.
    ///
    /// # Safety
    /// `raw` came from [`into_raw`](Self::into_raw), and one handle is made of it.
    unsafe fn from_raw(raw: NonNull<Self::Item>) -> Self;
}

/// A first-in, first-out queue that is linked through its items.
///
/// A handle goes into one queue at a time, since it moves there:
///
/// ```compile_fail,E0382
/// use selkie_core::raw::collections::Chain;
/// use selkie_core::raw::task::Notified;
///
/// fn queue_twice(task: Notified, ready: &mut Chain<Notified>, waiting: &mut Chain<Notified>) {
///     ready.push(task);
///     waiting.push(task);
/// }
/// ```
///
/// Dropping it forgets what is in it.
pub struct Chain<Q: QueueHandle> {
    ends: Option<Ends<Q::Item>>,
    len: usize,
}

/// The first item and the last.
type Ends<T> = (NonNull<T>, NonNull<T>);

// SAFETY: a queue has the handles of its items.
unsafe impl<Q: QueueHandle + Send> Send for Chain<Q> {}

impl<Q: QueueHandle> Default for Chain<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: QueueHandle> fmt::Debug for Chain<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// The link of `item`.
///
/// # Safety
/// The queue that calls this has the item's handle.
unsafe fn link<'a, T: QueueItem + 'a>(item: NonNull<T>) -> &'a ChainLink<T> {
    // SAFETY: an item lives as long as its handle is a word.
    unsafe { item.as_ref() }.next()
}

impl<Q: QueueHandle> Chain<Q> {
    /// A queue without items.
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

    /// Adds an item at the end.
    pub fn push(&mut self, handle: Q) {
        let item = handle.into_raw();
        // SAFETY: its handle is ours.
        unsafe { link(item) }.set(core::ptr::null_mut());
        match &mut self.ends {
            Some((_, last)) => {
                // SAFETY: an item of ours.
                unsafe { link(*last) }.set(item.as_ptr());
                *last = item;
            }
            None => self.ends = Some((item, item)),
        }
        self.len += 1;
    }

    /// Takes the oldest item out.
    pub fn pop(&mut self) -> Option<Q> {
        let (first, last) = self.ends?;
        self.len -= 1;
        self.ends = if first == last {
            None
        } else {
            // SAFETY: an item of ours; its link was set when the next one came.
            let next = unsafe { link(first) }.get();
            NonNull::new(next).map(|next| (next, last))
        };
        // SAFETY: `push` made it of a handle, and it is out of the queue.
        Some(unsafe { Q::from_raw(first) })
    }

    /// Moves all items of `other` to the end of this queue.
    pub fn append(&mut self, other: &mut Self) {
        let Some((other_first, other_last)) = other.ends.take() else {
            return;
        };
        self.ends = Some(match self.ends {
            Some((first, last)) => {
                // SAFETY: an item of ours.
                unsafe { link(last) }.set(other_first.as_ptr());
                (first, other_last)
            }
            None => (other_first, other_last),
        });
        self.len += core::mem::take(&mut other.len);
    }
}
