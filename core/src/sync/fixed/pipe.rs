//! A stream of bytes that contains its storage: for statics, between interrupt handlers and tasks.
//!
//! Idea        A ring of bytes whose two numbers are under one lock, which on a chip is a critical section. Bytes are copied under
//!             the lock, a few at a time, so that interrupts are not off for long. Who waits is notified: for bytes, and for room.
//! Invariants  I1 the `used` bytes from `start` on are the readers', the others are the writers'; both change under the lock.
//!             I2 bytes are touched under the lock. Without it only a [`PipeReader`](super::PipeReader) looks at the readers', which
//!                has borrowed the pipe mutably: there is no other reader that could give them to the writers.
//!             I3 who adds bytes, or leaves some, notifies one reader after that; without threads in the same critical section,
//!                so that no urgent reader waits until a suspended writer goes on. The same holds for room and writers.
//! Rejected    A `FixedChannel` of bytes: a critical section and a wake for each.
#![allow(unsafe_code)]

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::slice;
use core::task::{Poll, ready};

use super::super::notify::Notify;
use crate::coop;
use crate::maybe_const;
use crate::platform::{LeafLock, UnsafeCell, in_section};

/// Bytes that are copied in one critical section.
const SECTION_BYTES: usize = 64;

/// Where the readers' bytes are.
#[derive(Clone, Copy)]
struct Extent {
    start: usize,
    used: usize,
}

/// A stream of bytes with room for `N`, without a heap, from any number of writers to any number of readers.
///
/// It never closes. [`try_write`](Self::try_write) and [`try_read`](Self::try_read) may be called in an interrupt handler. With the feature
/// `embedded-io` a `&FixedPipe` is `Read` and `Write` of embedded-io-async, and a [`PipeReader`](super::PipeReader) is `BufRead`.
///
/// What one call writes stays in order; what several writers write at the same time is mixed, in pieces of up to 64 bytes.
///
/// # Cost
/// A critical section (on a hosted system, a short lock) for each 64 bytes, and a look at who waits.
///
/// # Examples
/// ```
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::FixedPipe;
///
/// static SERIAL: FixedPipe<64> = FixedPipe::new();
///
/// fn interrupt(received: &[u8]) {
///     if SERIAL.try_write(received) < received.len() {
///         // Count the overrun.
///     }
/// }
///
/// interrupt(b"21.5 C");
/// let mut line = [0; 16];
/// let count = block_on(SERIAL.read(&mut line));
/// assert_eq!(&line[..count], b"21.5 C");
/// ```
pub struct FixedPipe<const N: usize> {
    extent: LeafLock<Extent>,
    bytes: UnsafeCell<[u8; N]>,
    filled: Notify,
    emptied: Notify,
}

// SAFETY: the bytes are plain, and shared as I1 and I2 say.
unsafe impl<const N: usize> Sync for FixedPipe<N> {}

// Nothing foreign runs while the extent is half changed.
impl<const N: usize> core::panic::RefUnwindSafe for FixedPipe<N> {}

impl<const N: usize> FixedPipe<N> {
    maybe_const! {
        /// An empty pipe. One that could hold nothing does not compile.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::FixedPipe;
        ///
        /// static SERIAL: FixedPipe<64> = FixedPipe::new();
        ///
        /// assert!(SERIAL.is_empty());
        /// assert_eq!(SERIAL.capacity(), 64);
        /// ```
        pub fn new() -> Self {
            const { assert!(N > 0, "a pipe has room for one byte at least") };
            Self {
                extent: LeafLock::new(Extent { start: 0, used: 0 }),
                bytes: UnsafeCell::new([0; N]),
                filled: Notify::const_new(),
                emptied: Notify::const_new(),
            }
        }
    }

    /// Reads what is there into `buffer`, as far as it has room; returns how many bytes.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// let pipe = FixedPipe::<4>::new();
    /// let mut buffer = [0; 4];
    /// assert_eq!(pipe.try_read(&mut buffer), 0);
    /// pipe.try_write(b"abc");
    /// assert_eq!(pipe.try_read(&mut buffer), 3);
    /// ```
    pub fn try_read(&self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        for piece in buffer.chunks_mut(SECTION_BYTES) {
            let part = self.transfer(piece.len(), true, |bytes, at| {
                let target = &mut piece[at..at + bytes.len()];
                target.copy_from_slice(bytes);
            });
            count += part;
            if part < piece.len() {
                break;
            }
        }
        count
    }

    /// Writes as much of `bytes` as there is room for; returns how many bytes.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// let pipe = FixedPipe::<4>::new();
    /// assert_eq!(pipe.try_write(b"abcdef"), 4);
    /// assert_eq!(pipe.try_write(b"ef"), 0);
    /// ```
    pub fn try_write(&self, bytes: &[u8]) -> usize {
        let mut count = 0;
        for piece in bytes.chunks(SECTION_BYTES) {
            let part = self.transfer(piece.len(), false, |room, at| {
                room.copy_from_slice(&piece[at..at + room.len()]);
            });
            count += part;
            if part < piece.len() {
                break;
            }
        }
        count
    }

    /// Reads into `buffer` once a byte is there; returns how many bytes: all that are there, as far as `buffer` has room. Zero at once
    /// if it has none.
    ///
    /// # Cancel safety
    /// A cancelled read takes nothing.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pipe = FixedPipe::<8>::new();
    /// pipe.write_all(b"abc").await;
    /// let mut buffer = [0; 8];
    /// assert_eq!(pipe.read(&mut buffer).await, 3);
    /// assert_eq!(&buffer[..3], b"abc");
    /// # }
    /// ```
    pub async fn read(&self, buffer: &mut [u8]) -> usize {
        if buffer.is_empty() {
            return 0;
        }
        self.until_some(&self.filled, || some_bytes(self.try_read(buffer)))
            .await
    }

    /// Writes `bytes` once there is room for one; returns how many bytes: as many as there is room for. Zero at once if there are none.
    ///
    /// # Cancel safety
    /// A cancelled write writes nothing.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pipe = FixedPipe::<2>::new();
    /// assert_eq!(pipe.write(b"abc").await, 2);
    /// # }
    /// ```
    pub async fn write(&self, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        self.until_some(&self.emptied, || some_bytes(self.try_write(bytes)))
            .await
    }

    /// Writes all of `bytes`.
    ///
    /// # Cancel safety
    /// A cancelled call has written a part.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pipe = FixedPipe::<4>::new();
    /// let mut buffer = [0; 8];
    /// let (_, count) = selkie::join!(pipe.write_all(b"abcd"), pipe.read(&mut buffer));
    /// assert_eq!(count, 4);
    /// # }
    /// ```
    pub async fn write_all(&self, bytes: &[u8]) {
        let mut count = 0;
        while count < bytes.len() {
            count += self.write(&bytes[count..]).await;
        }
    }

    /// How many bytes are in the pipe.
    pub fn len(&self) -> usize {
        self.extent().used
    }

    /// Whether the pipe holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the pipe can hold.
    pub const fn capacity(&self) -> usize {
        N
    }

    fn extent(&self) -> Extent {
        // SAFETY: it copies the extent.
        in_section(|section| unsafe { self.extent.with(section, |extent| *extent) })
    }

    /// Waits until `attempt` moves a byte, or finds some; it takes a unit of the budget.
    ///
    /// A notice is taken and followed by a try in the same poll: a wait that is given up between the two would keep the notice from the next
    /// one who waits (I3).
    async fn until_some<R>(&self, notify: &Notify, mut attempt: impl FnMut() -> Option<R>) -> R {
        let mut notified = pin!(notify.notified());
        poll_fn(|cx| {
            let unit = ready!(coop::poll_proceed(cx));
            loop {
                if let Some(moved) = attempt() {
                    unit.made_progress();
                    return Poll::Ready(moved);
                }
                ready!(notified.as_mut().poll(cx));
                notified.set(notify.notified());
            }
        })
        .await
    }

    /// Waits until there are bytes, and returns those that lie in a row.
    ///
    /// # Safety
    /// The caller is the one reader, and gives no byte away before it is done with these.
    pub(super) async unsafe fn filled(&self) -> &[u8] {
        let there = || Some(self.extent()).filter(|extent| extent.used > 0);
        let Extent { start, used } = self.until_some(&self.filled, there).await;
        let count = used.min(N - start);
        let first = self
            .bytes
            .with(|bytes| bytes.cast::<u8>().wrapping_add(start));
        // SAFETY: these are the readers', the caller is the only one (I2), and they lie within the ring.
        unsafe { slice::from_raw_parts(first, count) }
    }

    /// Gives the first `count` bytes of the readers to the writers; no more than there are.
    pub(super) fn consume(&self, count: usize) {
        self.transfer(count, true, |_, _| {});
    }

    /// Moves up to `count` bytes in one critical section: the readers' first, or the writers'. `copy` is called for each row of them, with
    /// how many came before.
    #[inline]
    fn transfer(
        &self,
        count: usize,
        is_read: bool,
        mut copy: impl FnMut(&mut [u8], usize),
    ) -> usize {
        in_section(|section| {
            let moved = |extent: &mut Extent| {
                let most = if is_read {
                    extent.used
                } else {
                    N - extent.used
                };
                let count = count.min(most);
                let start = if is_read {
                    extent.start
                } else {
                    (extent.start + extent.used) % N
                };
                let before_end = count.min(N - start);
                for (from, at, len) in [(start, 0, before_end), (0, before_end, count - before_end)]
                {
                    let first = self
                        .bytes
                        .with_mut(|bytes| bytes.cast::<u8>().wrapping_add(from));
                    // SAFETY: within the ring, and under the lock the caller's own (I1, I2).
                    copy(unsafe { slice::from_raw_parts_mut(first, len) }, at);
                }
                if is_read {
                    extent.start = (start + count) % N;
                    extent.used -= count;
                } else {
                    extent.used += count;
                }
                (count, extent.used)
            };
            // SAFETY: `copy` copies bytes.
            let (count, used) = unsafe { self.extent.with(section, moved) };
            if count > 0 {
                self.notify(used);
            }
            count
        })
    }

    /// Tells one of each kind that waits what there is (I3).
    fn notify(&self, used: usize) {
        if used > 0 {
            self.filled.notify_one();
        }
        if used < N {
            self.emptied.notify_one();
        }
    }
}

fn some_bytes(count: usize) -> Option<usize> {
    (count > 0).then_some(count)
}

impl<const N: usize> Default for FixedPipe<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for FixedPipe<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedPipe")
            .field("len", &self.len())
            .field("capacity", &N)
            .finish()
    }
}
