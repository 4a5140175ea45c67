//! A doubly linked list of nodes that live in their owners: no allocation, removal in O(1).
//!
//! Idea        The links stand inside the node; the list holds pointers to pinned nodes that others
//!             own. Whoever guards the list (a lock) guards the links of every node in it.
//! Invariants  I1 a node is in one list at most, and stays pinned and alive while it is in.
//!             I2 links are read and written only by the holder of the list's guard.
//!             I3 `Link::prev` dangles exactly while the node is in no list: no node lies at an address
//!                as small as its alignment.
//! Rejected    `VecDeque<Arc<Node>>`: allocates per waiter and cannot remove from the middle.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

/// The links of one node.
#[derive(Debug)]
pub struct Link<T> {
    prev: Option<NonNull<T>>,
    next: Option<NonNull<T>>,
}

impl<T> Link<T> {
    /// Links of a node that is in no list.
    pub const fn new() -> Self {
        Self {
            prev: Some(NonNull::dangling()),
            next: None,
        }
    }

    /// Whether the node is in a list.
    #[inline]
    pub fn is_linked(&self) -> bool {
        self.prev != Some(NonNull::dangling())
    }
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A node that carries its own links.
///
/// # Safety
/// `link` returns a pointer to the same `Link` of `node` each time, and nothing but the list
/// changes it while the node is in a list.
pub unsafe trait Linked: Sized {
    /// The links inside `node`.
    ///
    /// # Safety
    /// `node` points to a live node.
    unsafe fn link(node: NonNull<Self>) -> NonNull<Link<Self>>;
}

/// The links of `node`, for the holder of the guard.
///
/// # Safety
/// `node` is alive, and the caller holds the guard of the list it is in, if any (I2).
unsafe fn links<'a, T: Linked>(node: NonNull<T>) -> &'a mut Link<T> {
    // SAFETY: the node is alive by the caller's promise.
    let mut link = unsafe { T::link(node) };
    // SAFETY: nobody else touches the links while we hold the guard.
    unsafe { link.as_mut() }
}

/// A list of nodes owned elsewhere; the oldest is at the front.
#[derive(Debug)]
pub struct List<T: Linked> {
    front: Option<NonNull<T>>,
    back: Option<NonNull<T>>,
    _nodes: PhantomData<*const T>,
}

// SAFETY: the list only holds pointers; I2 puts every use of them under the list's guard.
unsafe impl<T: Linked + Send> Send for List<T> {}

impl<T: Linked> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Linked> List<T> {
    /// A list without nodes.
    pub const fn new() -> Self {
        Self {
            front: None,
            back: None,
            _nodes: PhantomData,
        }
    }

    /// Whether there is no node.
    pub const fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    /// The oldest node.
    pub const fn front(&self) -> Option<NonNull<T>> {
        self.front
    }

    /// The youngest node.
    pub const fn back(&self) -> Option<NonNull<T>> {
        self.back
    }

    /// Adds `node` as the youngest.
    ///
    /// # Safety
    /// `node` is alive, in no list, and stays pinned until it is removed (I1); the caller holds
    /// the guard of this list (I2).
    pub unsafe fn push_back(&mut self, node: NonNull<T>) {
        // SAFETY: the node is alive by the caller's promise.
        let link = unsafe { links(node) };
        debug_assert!(!link.is_linked(), "node pushed twice");
        link.prev = self.back;
        link.next = None;
        match self.back {
            // SAFETY: nodes in the list are alive (I1).
            Some(back) => unsafe { links(back) }.next = Some(node),
            None => self.front = Some(node),
        }
        self.back = Some(node);
    }

    /// The node in front of `node`.
    ///
    /// # Safety
    /// `node` is in this list, whose guard the caller holds.
    pub unsafe fn before(&self, node: NonNull<T>) -> Option<NonNull<T>> {
        // SAFETY: nodes in the list are alive (I1).
        unsafe { links(node) }.prev
    }

    /// Adds `node` in front of `next`.
    ///
    /// # Safety
    /// As [`push_back`](Self::push_back), and `next` is in this list.
    pub unsafe fn insert_before(&mut self, next: NonNull<T>, node: NonNull<T>) {
        // SAFETY: nodes in the list are alive (I1).
        let before = unsafe { links(next) }.prev.replace(node);
        // SAFETY: the node is alive by the caller's promise.
        let link = unsafe { links(node) };
        debug_assert!(!link.is_linked(), "node pushed twice");
        link.prev = before;
        link.next = Some(next);
        match before {
            // SAFETY: nodes in the list are alive (I1).
            Some(before) => unsafe { links(before) }.next = Some(node),
            None => self.front = Some(node),
        }
    }

    /// Takes the oldest node out.
    pub fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.front?;
        // SAFETY: `front` is a node of this list, whose guard `&mut self` stands for.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Takes the youngest node out.
    pub fn pop_back(&mut self) -> Option<NonNull<T>> {
        let node = self.back?;
        // SAFETY: `back` is a node of this list, whose guard `&mut self` stands for.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Takes `node` out and says whether it was in.
    ///
    /// # Safety
    /// `node` is alive and is in this list or in none; the caller holds the guard of this list.
    pub unsafe fn remove(&mut self, node: NonNull<T>) -> bool {
        // SAFETY: the node is alive by the caller's promise.
        let link = unsafe { links(node) };
        if !link.is_linked() {
            return false;
        }
        let (prev, next) = (link.prev.replace(NonNull::dangling()), link.next.take());
        match prev {
            // SAFETY: neighbours are nodes of this list and alive (I1).
            Some(prev) => unsafe { links(prev) }.next = next,
            None => self.front = next,
        }
        match next {
            // SAFETY: neighbours are nodes of this list and alive (I1).
            Some(next) => unsafe { links(next) }.prev = prev,
            None => self.back = prev,
        }
        true
    }

    /// Moves every node of `other` behind the nodes of this list.
    pub fn append(&mut self, other: &mut Self) {
        let Some(other_front) = other.front.take() else {
            return;
        };
        match self.back {
            Some(back) => {
                // SAFETY: nodes in both lists are alive (I1), both guards are held.
                unsafe { links(back) }.next = Some(other_front);
                // SAFETY: as above.
                unsafe { links(other_front) }.prev = Some(back);
            }
            None => self.front = Some(other_front),
        }
        self.back = other.back.take();
    }
}
