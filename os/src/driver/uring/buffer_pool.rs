//! Provided buffers: buffers that are lent to the system, which puts what arrives into the next one.
//!
//! Idea        The buffers lie in one block. A second block, shared with the system, is the buffer ring: a queue
//!             that the system takes buffers from, and to whose end a buffer goes back when its owner drops it. The
//!             system takes the buffers in turn, so that each buffer in the queue costs memory and room in caches.
//!             So the queue begins short, and grows when it has run out.
//! States      of a buffer: not offered ─the queue grows→ in the queue ─a completion names it→ provided ─dropped→
//!             in the queue
//! Invariants  I1 a buffer that is provided is not in the queue: only its owner touches it.
//!             I2 the queue and the buffers outlive every operation that names their group: each such operation
//!                owns the pool.
//!             I3 `successors[buffer]`, for a buffer out of the queue, is the buffer that was put behind it: the
//!                system fills buffers in the order of the queue, and names only the first.
//!             I4 no waker is cloned, woken or dropped under the lock.
//!             I5 a task that waits for a buffer is in `waiters` before it checks whether one was given back and
//!                whether the runtime has shut down: whatever happens after that check wakes it.
//! Rejected    To read the successor from the queue itself: if a buffer is out for long, its entry has been
//!             overwritten.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::Waker;

use io_uring::types::BufRingEntry;
use selkie_core::raw::platform::{Lock, LockGuard};
use selkie_core::raw::wake::wake_each;

use super::buffer_waiters::BufferWaiters;
use super::ring::Ring;

/// The system wants a buffer ring that begins with a page.
const PAGE_BYTES: usize = 65_536;
/// The alignment that the allocator gives anyway. For a larger one it would write the zeros itself, and so all
/// memory would be backed at once.
const ANY_BYTES: usize = 16;
/// Buffers in the queue at first.
const FIRST_OFFERED: u16 = 64;

/// A block of zeroed memory.
#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    #[inline]
    fn new(bytes: usize, align_bytes: usize) -> io::Result<Self> {
        let layout = Layout::from_size_align(bytes, align_bytes)
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        // SAFETY: the layout is not empty: there is a buffer, and it has a byte.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, layout })
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}

#[derive(Debug)]
struct BufferRing {
    /// The tail of the buffer ring: where the next buffer goes, counted as the system does.
    tail: u16,
    last: u16,
    successors: Vec<u16>,
    /// PlannedOutcome many buffers have ever been in the queue: those with the lowest numbers.
    offered: u16,
    returned: u64,
    /// Whether a task is in `waiters`.
    has_waiters: bool,
}

/// A group of provided buffers.
#[derive(Debug)]
pub(crate) struct BufferPool {
    ring: Arc<Ring>,
    group: Option<u16>,
    count: u16,
    size: usize,
    /// Dropped by hand: see `drop`.
    entries: ManuallyDrop<Block>,
    bytes: Block,
    buffer_ring: Lock<BufferRing>,
    waiters: Arc<BufferWaiters>,
}

// SAFETY: the queue is touched under the lock, a buffer by its one owner (I1).
unsafe impl Send for BufferPool {}
// SAFETY: as above.
unsafe impl Sync for BufferPool {}

impl BufferPool {
    /// `count` buffers of `size` bytes each. The caller has checked both: a power of two of at most 32,768, and
    /// at most 1 GiB.
    #[inline]
    pub(crate) fn new(ring: Arc<Ring>, count: u16, size: usize) -> io::Result<Arc<Self>> {
        let total = usize::from(count)
            .checked_mul(size)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let entries = Block::new(usize::from(count) * size_of::<BufRingEntry>(), PAGE_BYTES)?;
        let mut pool = Self {
            ring,
            group: None,
            count,
            size,
            entries: ManuallyDrop::new(entries),
            bytes: Block::new(total, ANY_BYTES)?,
            buffer_ring: Lock::new(BufferRing {
                tail: 0,
                last: 0,
                successors: vec![0; usize::from(count)],
                offered: count.min(FIRST_OFFERED),
                returned: 0,
                has_waiters: false,
            }),
            waiters: Arc::default(),
        };
        let waiters = Arc::clone(&pool.waiters);
        // SAFETY: the block holds so many entries, and goes after the group (see `drop`).
        let group = unsafe {
            pool.ring
                .add_group(pool.entries.start.as_ptr().cast(), count, waiters)
        };
        pool.group = Some(group?);
        (0..count.min(FIRST_OFFERED)).for_each(|buffer| pool.put(buffer));
        Ok(Arc::new(pool))
    }

    /// PlannedOutcome many buffers are in the queue or provided.
    #[inline]
    pub(crate) fn offered(&self) -> u16 {
        self.lock().offered
    }

    /// Doubles the number of buffers that are offered, after those ran out when there were `offered`. `false`:
    /// there are no others.
    #[inline]
    pub(crate) fn grow(&self, offered: u16) -> bool {
        let mut queue = self.lock();
        if queue.offered != offered {
            return true; // Another thread was faster.
        }
        let more = offered..offered.saturating_mul(2).min(self.count);
        queue.offered = more.end;
        drop(queue);
        let has_grown = !more.is_empty();
        more.for_each(|buffer| self.put(buffer));
        has_grown
    }

    #[inline]
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// The number of the group, by which operations name it.
    #[inline]
    pub(crate) fn group(&self) -> u16 {
        self.group.expect("a pool in use has a group")
    }

    /// PlannedOutcome many buffers have been given back so far.
    #[inline]
    pub(crate) fn returned(&self) -> u64 {
        self.lock().returned
    }

    /// Registers `waker` to be woken when a buffer is given back, or the runtime shuts down. `false` if either
    /// has happened since `returned` buffers were given back.
    #[inline]
    pub(crate) fn wait(&self, returned: u64, waker: &Waker) -> bool {
        self.waiters.add(waker.clone()); // I5
        let mut queue = self.lock();
        let waits = queue.returned == returned;
        queue.has_waiters = true; // Also if it does not wait: the next buffer that is given back takes the waker out.
        drop(queue);
        waits && !self.ring.has_ended()
    }

    #[inline]
    fn lock(&self) -> LockGuard<'_, BufferRing> {
        self.buffer_ring.lock()
    }

    /// The buffers that hold `bytes` bytes, from the buffer `first` on, each with its number of bytes; at least
    /// one.
    #[inline]
    pub(crate) fn provided(self: &Arc<Self>, first: u16, bytes: usize) -> Vec<ProvidedBuffer> {
        let queue = self.lock();
        let (mut buffer, mut left) = (first, bytes);
        let mut all = Vec::with_capacity(bytes.div_ceil(self.size).max(1));
        loop {
            let len = left.min(self.size);
            all.push(ProvidedBuffer {
                pool: Arc::clone(self),
                buffer,
                len,
            });
            left -= len;
            if left == 0 {
                return all;
            }
            buffer = queue.successors[usize::from(buffer)]; // I3
        }
    }

    #[inline]
    fn start_of(&self, buffer: u16) -> *mut u8 {
        assert!(buffer < self.count, "the system named a buffer of another");
        let offset = usize::from(buffer) * self.size;
        // SAFETY: within the block, by the assertion.
        unsafe { self.bytes.start.as_ptr().add(offset) }
    }

    /// Puts `buffer` at the end of the queue.
    #[inline]
    fn put(&self, buffer: u16) {
        if !self.ring.is_same_process() {
            return; // The queue belongs to the parent process, and so does the lock.
        }
        let start = self.start_of(buffer);
        let mut queue = self.lock();
        let index = usize::from(queue.tail & (self.count - 1));
        let entries: *mut BufRingEntry = self.entries.start.as_ptr().cast();
        // SAFETY: the index is less than the count of entries.
        let entry = unsafe { entries.add(index) };
        // SAFETY: aligned as the block, zeroed or set before, and the system reads it only once the
        // tail is past it. The tail's own bytes, in the first entry, are not written by these.
        let entry = unsafe { &mut *entry };
        entry.set_addr(start as u64);
        entry.set_len(self.size as u32);
        entry.set_bid(buffer);
        let last = usize::from(std::mem::replace(&mut queue.last, buffer));
        queue.successors[last] = buffer; // I3
        queue.tail = queue.tail.wrapping_add(1);
        // SAFETY: the first entry of the buffer ring.
        let tail = unsafe { BufRingEntry::tail(entries) }.cast_mut();
        // SAFETY: aligned, in the block, and shared with the system alone.
        let tail = unsafe { AtomicU16::from_ptr(tail) };
        // Release: pairs with the system's acquiring load of the tail; it sees the entry.
        tail.store(queue.tail, Ordering::Release);
        queue.returned += 1;
        let has_waiters = std::mem::take(&mut queue.has_waiters);
        drop(queue);
        if has_waiters {
            wake_each(self.waiters.take()); // I4
        }
    }
}

impl Drop for BufferPool {
    #[inline]
    fn drop(&mut self) {
        // I2: no operation names the group. If the system keeps the group all the same, the buffer ring is
        // leaked.
        let is_removed = match self.group {
            Some(group) => self.ring.remove_group(group).is_ok(),
            None => true,
        };
        if is_removed {
            // SAFETY: dropped here alone.
            unsafe { ManuallyDrop::drop(&mut self.entries) };
        }
    }
}

/// A buffer that the system has filled, until it is dropped.
#[derive(Debug)]
pub(crate) struct ProvidedBuffer {
    pool: Arc<BufferPool>,
    buffer: u16,
    len: usize,
}

impl ProvidedBuffer {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        let start = self.pool.start_of(self.buffer);
        // SAFETY: in the block, initialised, and this is the buffer's owner (I1).
        unsafe { std::slice::from_raw_parts(start, self.len) }
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let start = self.pool.start_of(self.buffer);
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(start, self.len) }
    }
}

impl Drop for ProvidedBuffer {
    #[inline]
    fn drop(&mut self) {
        self.pool.put(self.buffer);
    }
}
