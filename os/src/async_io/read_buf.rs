//! A buffer that is filled piece by piece, and may start uninitialised.
//!
//! Idea        Two marks divide the buffer into what is filled, what is initialised, and what is neither.
//! Invariants  I1 `filled <= initialized <= buf.len()`.
//!             I2 the first `initialized` bytes are initialised.
//! Rejected    To zero each buffer before each read: that costs as much as reading a small one.
#![allow(unsafe_code)]

use std::fmt;
use std::mem::MaybeUninit;

use bytes::BufMut;
use bytes::buf::UninitSlice;

/// A byte buffer that a reader fills, and that knows how far it is filled and initialised.
///
/// ```text
/// [             capacity              ]
/// [ filled |         unfilled         ]
/// [    initialized    | uninitialized ]
/// ```
///
/// # Examples
/// ```
/// use selkie::io::ReadBuf;
///
/// let mut memory = [0; 8];
/// let mut buf = ReadBuf::new(&mut memory);
/// buf.put_slice(b"seal");
/// assert_eq!(buf.filled(), b"seal");
/// assert_eq!(buf.remaining(), 4);
/// ```
pub struct ReadBuf<'a> {
    buf: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

/// `bytes` as bytes that may be uninitialised.
///
/// # Safety
/// The caller writes nothing uninitialised through the result.
unsafe fn as_uninit(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the two types have one layout; by the caller's promise the bytes stay initialised.
    unsafe { &mut *(&raw mut *bytes as *mut [MaybeUninit<u8>]) }
}

/// # Safety
/// All of `bytes` is initialised.
unsafe fn assume_init(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    // SAFETY: the two types have one layout, and the bytes hold values by the caller's promise.
    unsafe { &*(&raw const *bytes as *const [u8]) }
}

/// # Safety
/// All of `bytes` is initialised.
unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the two types have one layout, and the bytes hold values by the caller's promise.
    unsafe { &mut *(&raw mut *bytes as *mut [u8]) }
}

impl<'a> ReadBuf<'a> {
    /// An empty buffer over initialised memory.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// assert_eq!((buf.filled().len(), buf.initialized().len()), (0, 4));
    /// buf.put_slice(b"ab");
    /// assert_eq!(buf.filled(), b"ab");
    /// ```
    #[inline]
    pub fn new(buf: &'a mut [u8]) -> ReadBuf<'a> {
        let initialized = buf.len();
        // SAFETY: nothing uninitialised is written: `unfilled_mut` and `inner_mut` are unsafe and
        // ask their callers for as much.
        let buf = unsafe { as_uninit(buf) };
        ReadBuf {
            buf,
            filled: 0,
            initialized,
        }
    }

    /// An empty buffer over memory that may be uninitialised.
    ///
    /// # Examples
    /// ```
    /// use std::mem::MaybeUninit;
    /// use selkie::io::ReadBuf;
    ///
    /// // Nobody has to write zeroes there first.
    /// let mut memory = [MaybeUninit::uninit(); 1024];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// assert_eq!((buf.capacity(), buf.initialized().len()), (1024, 0));
    /// buf.put_slice(b"read");
    /// assert_eq!((buf.filled(), buf.initialized().len()), (&b"read"[..], 4));
    /// ```
    #[inline]
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> ReadBuf<'a> {
        ReadBuf {
            buf,
            filled: 0,
            initialized: 0,
        }
    }

    /// Bytes that fit in all.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// The filled part.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.buf[..self.filled];
        // SAFETY: what is filled is initialised (I1, I2).
        unsafe { assume_init(filled) }
    }

    /// The filled part, to change.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"ab");
    /// buf.filled_mut().make_ascii_uppercase();
    /// assert_eq!(buf.filled(), b"AB");
    /// ```
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.buf[..self.filled];
        // SAFETY: what is filled is initialised (I1, I2).
        unsafe { assume_init_mut(filled) }
    }

    /// A new buffer over the first `n` bytes of the unfilled part, or over all of it if it is
    /// shorter.
    ///
    /// What is put there does not count here: use [`assume_init`](Self::assume_init) and
    /// [`advance`](Self::advance) for it.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// let mut part = buf.take(3);
    /// assert_eq!(part.capacity(), 3);
    /// part.put_slice(b"abc");
    /// let filled = part.filled().len();
    /// // What was put into the part counts when we say so.
    /// buf.advance(filled);
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let len = n.min(self.remaining());
        let initialized = (self.initialized - self.filled).min(len);
        let buf = &mut self.buf[self.filled..][..len];
        ReadBuf {
            buf,
            filled: 0,
            initialized,
        }
    }

    /// The initialised part, filled or not.
    #[inline]
    pub fn initialized(&self) -> &[u8] {
        let initialized = &self.buf[..self.initialized];
        // SAFETY: I2.
        unsafe { assume_init(initialized) }
    }

    /// The initialised part, to change.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.initialized_mut()[0] = b'x';
    /// assert_eq!(buf.filled(), b"", "initialised is not filled");
    /// buf.set_filled(1);
    /// assert_eq!(buf.filled(), b"x");
    /// ```
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        let initialized = &mut self.buf[..self.initialized];
        // SAFETY: I2.
        unsafe { assume_init_mut(initialized) }
    }

    /// The whole memory.
    ///
    /// # Safety
    /// The caller does not uninitialise what is [`initialized`](Self::initialized).
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.buf
    }

    /// The unfilled part.
    ///
    /// # Safety
    /// The caller does not uninitialise what of it is initialised.
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.buf[self.filled..]
    }

    /// The unfilled part, with zeroes where it was uninitialised.
    ///
    /// # Cost
    /// Bytes are zeroed once; later calls find them initialised.
    ///
    /// # Examples
    /// ```
    /// use std::mem::MaybeUninit;
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// // For a function that fills a plain slice.
    /// buf.initialize_unfilled().copy_from_slice(b"read");
    /// buf.advance(4);
    /// assert_eq!(buf.filled(), b"read");
    /// ```
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` unfilled bytes, with zeroes where they were uninitialised.
    ///
    /// # Panics
    /// If fewer than `n` bytes are unfilled.
    ///
    /// # Examples
    /// ```
    /// use std::mem::MaybeUninit;
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 1024];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// assert_eq!(buf.initialize_unfilled_to(16), [0; 16]);
    /// assert_eq!(buf.initialized().len(), 16, "and no more");
    /// ```
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(self.remaining() >= n, "n overflows remaining");
        let end = self.filled + n;
        if self.initialized < end {
            self.buf[self.initialized..end].fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        let unfilled = &mut self.buf[self.filled..end];
        // SAFETY: all up to `end` is initialised now (I2).
        unsafe { assume_init_mut(unfilled) }
    }

    /// Unfilled bytes.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.capacity() - self.filled
    }

    /// Makes the buffer empty; what is initialised stays so.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"full");
    /// buf.clear();
    /// assert_eq!((buf.filled(), buf.remaining()), (&b""[..], 4));
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Counts the next `n` initialised bytes as filled.
    ///
    /// # Panics
    /// If fewer than `n` unfilled bytes are initialised.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = *b"there";
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.advance(2);
    /// buf.advance(3);
    /// assert_eq!(buf.filled(), b"there");
    /// ```
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let filled = self.filled.checked_add(n).expect("filled overflow");
        self.set_filled(filled);
    }

    /// Makes `n` bytes the filled part.
    ///
    /// # Panics
    /// If fewer than `n` bytes are initialised.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"header!");
    /// // Takes the last byte back.
    /// buf.set_filled(6);
    /// assert_eq!(buf.filled(), b"header");
    /// ```
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(
            n <= self.initialized,
            "filled must not become larger than initialized"
        );
        self.filled = n;
    }

    /// Counts the first `n` unfilled bytes as initialised.
    ///
    /// # Safety
    /// They hold values.
    ///
    /// # Examples
    /// ```
    /// use std::mem::MaybeUninit;
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 4];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// // SAFETY: nothing is uninitialised here, and two bytes are written before they count.
    /// unsafe {
    ///     buf.unfilled_mut()[0].write(1);
    ///     buf.unfilled_mut()[1].write(2);
    ///     buf.assume_init(2);
    /// }
    /// buf.advance(2);
    /// assert_eq!(buf.filled(), [1, 2]);
    /// ```
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        self.initialized = self.initialized.max(self.filled + n);
    }

    /// Appends `buf`.
    ///
    /// # Panics
    /// If it does not fit.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"sea");
    /// buf.put_slice(b"weed");
    /// assert_eq!((buf.filled(), buf.remaining()), (&b"seaweed"[..], 1));
    /// ```
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, buf: &[u8]) {
        assert!(
            self.remaining() >= buf.len(),
            "buf.len() must fit in remaining()"
        );
        let end = self.filled + buf.len();
        let target = self.buf[self.filled..end].as_mut_ptr().cast::<u8>();
        // SAFETY: both have `buf.len()` bytes, and `&mut` keeps them from overlapping.
        unsafe { target.copy_from_nonoverlapping(buf.as_ptr(), buf.len()) };
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }
}

// SAFETY: `chunk_mut` gives the unfilled part, which `advance_mut` moves into by as much as its
// caller initialised.
unsafe impl BufMut for ReadBuf<'_> {
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    // SAFETY: the caller promises that `cnt` bytes were written.
    unsafe fn advance_mut(&mut self, cnt: usize) {
        // SAFETY: by the caller's promise.
        unsafe { self.assume_init(cnt) };
        self.advance(cnt);
    }

    fn chunk_mut(&mut self) -> &mut UninitSlice {
        let spare = &mut self.buf[self.filled..];
        let (start, len) = (spare.as_mut_ptr().cast(), spare.len());
        // By its parts, as the oldest `bytes` that Tokio takes knows it.
        // SAFETY: the part of the buffer that is borrowed here.
        unsafe { UninitSlice::from_raw_parts_mut(start, len) }
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}
