//! The stack, painted and read.
//!
//! Idea        Memory below the stack pointer holds a pattern; what no longer holds it was used. All contexts of these chips share one stack, so
//!             what interrupts take while a task is polled counts for that task, as it would on the chip.
//! Invariants  I1 from `bottom` on up to the stack pointer nothing but the stack lies, which the linker's script says.
//!             I2 the pattern is written at least [`MARGIN_BYTES`] below a local variable of the painting function, whose own frame is smaller.
//! Rejected    A bound by the compiler's listing of frames: it knows no calls by pointers, and an executor makes little else.
#![allow(unsafe_code)]

use core::future::{Future, poll_fn};
use core::hint::black_box;
use core::pin::pin;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use selkie_core::sync::OnceCell;

const PATTERN: u32 = 0x5e1c_1e5e;
/// Not painted: the frame of who paints.
const MARGIN_BYTES: usize = 64;
/// Painted at a time: more than any poll takes.
const REACH_BYTES: usize = 6 * 1024;
const WORD: usize = size_of::<u32>();

/// The deepest use so far, in bytes.
#[derive(Debug, Default)]
pub struct Depth(AtomicUsize);

impl Depth {
    /// Nothing was used.
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The deepest use so far.
    pub fn bytes(&self) -> usize {
        // Relaxed: written in the one context that asks.
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, bytes: usize) {
        // Relaxed: as above.
        self.0.store(self.bytes().max(bytes), Ordering::Relaxed);
    }
}

/// The one stack of the chip.
#[derive(Debug)]
pub struct Stack {
    bottom: usize,
    top: usize,
    in_all: Depth,
}

/// Puts the stack's description where it stays.
///
/// # Panics
/// The second time.
pub fn keep(stack: Stack) -> &'static Stack {
    static KEPT: OnceCell<Stack> = OnceCell::const_new();
    assert!(KEPT.set(stack).is_ok(), "there is one stack");
    KEPT.get().expect("it was just set")
}

impl Stack {
    /// The stack between two addresses.
    ///
    /// # Safety
    /// They are the linker's: between them lies nothing else, and the stack grows down from `top`.
    pub const unsafe fn new(bottom: usize, top: usize) -> Self {
        Self {
            bottom,
            top,
            in_all: Depth::new(),
        }
    }

    /// The deepest use of all since the first painting.
    pub fn in_all(&self) -> usize {
        let lowest = self.lowest();
        self.in_all.note(self.top - lowest);
        self.in_all.bytes()
    }

    /// Runs `task`, and notes how much stack its deepest poll took.
    pub async fn measured<F: Future>(&self, depth: &Depth, task: F) -> F::Output {
        let mut task = pin!(task);
        poll_fn(|cx| {
            // What was used since the last painting, by executors and interrupts.
            let _so_far = self.in_all();
            let from = self.paint();
            let polled = task.as_mut().poll(cx);
            let lowest = self.lowest();
            self.in_all.note(self.top - lowest);
            depth.note(from - lowest);
            polled
        })
        .await
    }

    /// Where painting ends, for a stack pointer here.
    fn reach(&self, here: usize) -> usize {
        here.saturating_sub(REACH_BYTES).max(self.bottom) & !(WORD - 1)
    }

    /// Paints what is below the stack pointer; returns where it stands.
    #[inline(never)]
    pub fn paint(&self) -> usize {
        let local = 0_u32;
        let here = ptr::from_ref(black_box(&local)).expose_provenance();
        let (mut at, end) = (self.reach(here), (here - MARGIN_BYTES) & !(WORD - 1));
        while at < end {
            let word = ptr::with_exposed_provenance_mut::<u32>(at);
            // SAFETY: below the stack pointer, in the stack's memory (I1, I2): nobody's. An interrupt that comes now is done with it.
            unsafe { word.write_volatile(PATTERN) };
            at += WORD;
        }
        here
    }

    /// The lowest address that no longer holds the pattern; where it is not painted counts as used.
    #[inline(never)]
    fn lowest(&self) -> usize {
        let local = 0_u32;
        let here = ptr::from_ref(black_box(&local)).expose_provenance();
        // What lies lower was painted from a deeper place, if at all: used memory is found from the first painted word on.
        let mut at = self.reach(here);
        let mut is_painted = false;
        while at < here {
            let word = ptr::with_exposed_provenance::<u32>(at);
            // SAFETY: in the stack's memory (I1); any bytes are a word.
            let value = unsafe { word.read_volatile() };
            if is_painted && value != PATTERN {
                return at;
            }
            is_painted |= value == PATTERN;
            at += WORD;
        }
        here
    }
}
