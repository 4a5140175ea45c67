//! Buffers that are lent to the system, which puts what arrives into whichever comes next.
//!
//! Idea        The buffers lie in one block. A second one, shared with the system, is the line that
//!             it takes them from; whoever is done with a buffer puts it at the line's end. The system
//!             takes them in turn, so that each in the line costs memory and a place in caches: the line
//!             begins short, and grows when it ran out.
//! States      a buffer: not lent ─the line grows→ in the line ─a completion names it→ provided
//!             ─dropped→ in the line
//! Invariants  I1 a buffer that is provided is not in the line: its owner alone touches it.
//!             I2 line and buffers outlive every operation that names their group: each owns the pool.
//!             I3 `follower` of a buffer out of the line is the one that was put behind it: the system
//!                fills buffers in the line's order, and names the first alone.
//!             I4 no waker is cloned, woken or dropped under the lock.
//!             I5 who waits for a buffer is in `starved` before it looks whether one was given back, and
//!                whether the runtime has ended: whatever comes after that look wakes it.
//! Rejected    To look into the line for what follows: a buffer that is out for long has been overwritten
//!             there.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::Waker;

use io_uring::types::BufRingEntry;
use selkie_core::platform::{Lock, LockGuard};
use selkie_core::wake::wake_each;

use super::ring::Ring;
use super::starved::Starved;

/// The system takes a line that begins with a page.
const PAGE_BYTES: usize = 65_536;
/// What the allocator aligns to anyway: for more it would write the zeros itself, and so have all memory
/// backed at once.
const ANY_BYTES: usize = 16;
/// Buffers in a line at first.
const FIRST_LENT: u16 = 64;

/// A block of zeroed memory.
#[derive(Debug)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
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
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}

#[derive(Debug)]
struct Line {
    /// Where the next buffer goes, as the system counts.
    tail: u16,
    last: u16,
    follower: Vec<u16>,
    /// How many buffers have ever been in the line: those of the lowest numbers.
    lent: u16,
    returned: u64,
    /// Somebody is in `starved`.
    has_starved: bool,
}

/// A group of buffers.
#[derive(Debug)]
pub(crate) struct Pool {
    ring: Arc<Ring>,
    group: Option<u16>,
    count: u16,
    size: usize,
    /// Dropped by hand: see `drop`.
    entries: ManuallyDrop<Block>,
    bytes: Block,
    line: Lock<Line>,
    starved: Arc<Starved>,
}

// SAFETY: the line is touched under the lock, a buffer by its one owner (I1).
unsafe impl Send for Pool {}
// SAFETY: as above.
unsafe impl Sync for Pool {}

impl Pool {
    /// `count` buffers of `size` bytes each; both were checked by the caller: a power of two of at most
    /// 32,768, and 1 to 4 GiB.
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
            line: Lock::new(Line {
                tail: 0,
                last: 0,
                follower: vec![0; usize::from(count)],
                lent: count.min(FIRST_LENT),
                returned: 0,
                has_starved: false,
            }),
            starved: Arc::default(),
        };
        let starved = Arc::clone(&pool.starved);
        // SAFETY: the block holds so many entries, and goes after the group (see `drop`).
        let group = unsafe {
            pool.ring
                .add_group(pool.entries.start.as_ptr().cast(), count, starved)
        };
        pool.group = Some(group?);
        (0..count.min(FIRST_LENT)).for_each(|buffer| pool.put(buffer));
        Ok(Arc::new(pool))
    }

    /// How many buffers there are in the line and provided.
    pub(crate) fn lent(&self) -> u16 {
        self.lock().lent
    }

    /// Doubles the buffers in the line, which ran out when it had `lent`. `false`: there are no others.
    pub(crate) fn grow(&self, lent: u16) -> bool {
        let mut line = self.lock();
        if line.lent != lent {
            return true; // Somebody else was faster.
        }
        let more = lent..lent.saturating_mul(2).min(self.count);
        line.lent = more.end;
        drop(line);
        let has_grown = !more.is_empty();
        more.for_each(|buffer| self.put(buffer));
        has_grown
    }

    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// The number that operations name it by.
    pub(crate) fn group(&self) -> u16 {
        self.group.expect("a pool in use has a group")
    }

    /// How many buffers were given back so far.
    pub(crate) fn returned(&self) -> u64 {
        self.lock().returned
    }

    /// Has `waker` woken when a buffer is given back, or the runtime ends; `false` if one was since
    /// `returned` said so many, or the runtime has ended.
    pub(crate) fn wait(&self, returned: u64, waker: &Waker) -> bool {
        self.starved.add(waker.clone()); // I5
        let mut line = self.lock();
        let waits = line.returned == returned;
        line.has_starved = true; // Also if it does not wait: the next buffer takes the waker out.
        drop(line);
        waits && !self.ring.has_ended()
    }

    fn lock(&self) -> LockGuard<'_, Line> {
        self.line.lock()
    }

    /// The buffers that hold `bytes` bytes from `first` on, each with how many; one at least.
    pub(crate) fn provided(self: &Arc<Self>, first: u16, bytes: usize) -> Vec<Provided> {
        let line = self.lock();
        let (mut buffer, mut left) = (first, bytes);
        let mut all = Vec::with_capacity(bytes.div_ceil(self.size).max(1));
        loop {
            let len = left.min(self.size);
            all.push(Provided {
                pool: Arc::clone(self),
                buffer,
                len,
            });
            left -= len;
            if left == 0 {
                return all;
            }
            buffer = line.follower[usize::from(buffer)]; // I3
        }
    }

    fn start_of(&self, buffer: u16) -> *mut u8 {
        assert!(buffer < self.count, "the system named a buffer of another");
        let offset = usize::from(buffer) * self.size;
        // SAFETY: within the block, by the assertion.
        unsafe { self.bytes.start.as_ptr().add(offset) }
    }

    /// Puts `buffer` at the end of the line.
    fn put(&self, buffer: u16) {
        if !self.ring.is_same_process() {
            return; // The line is the parent's, and so is the lock.
        }
        let start = self.start_of(buffer);
        let mut line = self.lock();
        let place = usize::from(line.tail & (self.count - 1));
        let entries: *mut BufRingEntry = self.entries.start.as_ptr().cast();
        // SAFETY: the place is less than the count of entries.
        let entry = unsafe { entries.add(place) };
        // SAFETY: aligned as the block, zeroed or set before, and the system reads it only once the
        // tail is past it. The tail's own bytes, in the first entry, are not written by these.
        let entry = unsafe { &mut *entry };
        entry.set_addr(start as u64);
        entry.set_len(self.size as u32);
        entry.set_bid(buffer);
        let last = usize::from(std::mem::replace(&mut line.last, buffer));
        line.follower[last] = buffer; // I3
        line.tail = line.tail.wrapping_add(1);
        // SAFETY: the first entry of the line.
        let tail = unsafe { BufRingEntry::tail(entries) }.cast_mut();
        // SAFETY: aligned, in the block, and shared with the system alone.
        let tail = unsafe { AtomicU16::from_ptr(tail) };
        // Release: pairs with the system's acquiring load of the tail; it sees the entry.
        tail.store(line.tail, Ordering::Release);
        line.returned += 1;
        let has_starved = std::mem::take(&mut line.has_starved);
        drop(line);
        if has_starved {
            wake_each(self.starved.take()); // I4
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // I2: no operation names the group. Should the system keep it all the same, it keeps the line.
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
pub(crate) struct Provided {
    pool: Arc<Pool>,
    buffer: u16,
    len: usize,
}

impl Provided {
    pub(crate) fn bytes(&self) -> &[u8] {
        let start = self.pool.start_of(self.buffer);
        // SAFETY: in the block, initialised, and this is the buffer's owner (I1).
        unsafe { std::slice::from_raw_parts(start, self.len) }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let start = self.pool.start_of(self.buffer);
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(start, self.len) }
    }
}

impl Drop for Provided {
    fn drop(&mut self) {
        self.pool.put(self.buffer);
    }
}
