//! A chip that a thread of a test simulates: critical sections, and an interrupt handler that runs
//! between any two steps outside of them.
//!
//! Idea        The test says what the interrupt handler does and when the interrupt comes: at the
//!             k-th step of the thread, or whenever a signal arrives. A step is an atomic operation,
//!             an access to a cell, or either end of a critical section. An interrupt that comes in
//!             a critical section is pending and is taken at the section's end, as on a chip.
//! States      thread level ─interrupt→ handling → thread level;   in a section ─interrupt→ pending
//! Invariants  I1 the handler runs outside of critical sections only, and never inside itself.
//!             I2 sections end in the reverse order of their beginning, in the context that began
//!             them.
//!             I3 what a signal handler may meet here are atomics, which are lock-free.
//! Rejected    An interrupt controller on another thread: it would run beside the thread that it
//!             interrupts, which no interrupt does.
#![allow(unsafe_code)]

use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed, compiler_fence,
};
use std::alloc::{GlobalAlloc, Layout, System};

/// Steps after which a run counts as one that makes no progress.
const MOST_STEPS: u64 = 1_000_000;

/// What a thread keeps that simulates a chip. Relaxed throughout: the thread and the signals that it
/// handles are one thread, and [`compiler_fence`] keeps the order of the code.
struct Chip {
    /// Sections that are open.
    depth: AtomicU32,
    handling: AtomicBool,
    pending: AtomicBool,
    /// A [`Handler`] of a caller of [`interrupted_by`], or null.
    handler: AtomicPtr<Handler<'static>>,
    /// Steps that the thread has made outside of its handler.
    steps: AtomicU64,
    /// The step before which the interrupt comes, or zero.
    at: AtomicU64,
    /// All steps, those of the handler included.
    all_steps: AtomicU64,
}

/// What the interrupt handler does.
type Handler<'a> = &'a dyn Fn();

std::thread_local! {
    static CHIP: Chip = const {
        Chip {
            depth: AtomicU32::new(0),
            handling: AtomicBool::new(false),
            pending: AtomicBool::new(false),
            handler: AtomicPtr::new(core::ptr::null_mut()),
            steps: AtomicU64::new(0),
            at: AtomicU64::new(0),
            all_steps: AtomicU64::new(0),
        }
    };
}

/// What the end of a section needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct RestoreState {
    outer: critical_section::RestoreState,
    depth: u32,
}

fn close_interrupts() -> u32 {
    let depth = CHIP.with(|chip| chip.depth.fetch_add(1, Relaxed)) + 1;
    compiler_fence(core::sync::atomic::Ordering::SeqCst);
    depth
}

/// Lets interrupts in again if no other section is open, and takes one that is pending.
fn open_interrupts() {
    compiler_fence(core::sync::atomic::Ordering::SeqCst);
    let is_outermost = CHIP.with(|chip| chip.depth.fetch_sub(1, Relaxed)) == 1;
    if is_outermost && CHIP.with(|chip| !chip.handling.load(Relaxed) && chip.pending.load(Relaxed))
    {
        interrupt();
    }
}

/// Begins a section; sections nest.
///
/// # Safety
/// As for `critical_section::acquire`.
pub(super) unsafe fn acquire() -> RestoreState {
    step();
    let depth = close_interrupts();
    // SAFETY: by the caller's promise. Threads that simulate other chips are kept out, too.
    let outer = unsafe { critical_section::acquire() };
    RestoreState { outer, depth }
}

/// Ends a section.
///
/// # Safety
/// `restore` came from the last [`acquire`] that was not released, in this context.
pub(super) unsafe fn release(restore: RestoreState) {
    let depth = CHIP.with(|chip| chip.depth.load(Relaxed));
    assert!(
        depth == restore.depth || std::thread::panicking(),
        "critical section {} of {depth} ended first",
        restore.depth
    );
    // SAFETY: by the caller's promise.
    unsafe { critical_section::release(restore.outer) };
    open_interrupts();
    step();
}

/// Runs `f` in a section.
pub(super) fn with<R>(f: impl FnOnce() -> R) -> R {
    struct End(RestoreState);
    impl Drop for End {
        fn drop(&mut self) {
            // SAFETY: dropped at the end of the block below, on unwinding, too.
            unsafe { release(self.0) };
        }
    }
    // SAFETY: `End` releases it.
    let _end = End(unsafe { acquire() });
    f()
}

/// The thread is about to make a step: if it is the one that the test named, the interrupt comes.
pub(super) fn step() {
    CHIP.with(|chip| {
        if chip.handler.load(Relaxed).is_null() {
            return;
        }
        let all_steps = chip.all_steps.fetch_add(1, Relaxed);
        if all_steps == MOST_STEPS && !std::thread::panicking() {
            panic!("no progress after {MOST_STEPS} steps");
        }
        if chip.depth.load(Relaxed) != 0 || chip.handling.load(Relaxed) {
            return;
        }
        let steps = chip.steps.fetch_add(1, Relaxed) + 1;
        if steps == chip.at.load(Relaxed) {
            interrupt();
        }
    });
}

/// An interrupt comes: its handler runs now, or at the end of the section or the handler that runs.
pub fn interrupt() {
    CHIP.with(|chip| {
        let handler = chip.handler.load(Relaxed);
        if handler.is_null() {
            return;
        }
        chip.pending.store(true, Relaxed);
        if chip.depth.load(Relaxed) != 0 || chip.handling.swap(true, Relaxed) {
            return;
        }
        // One that comes in the handler is taken after it, as by an interrupt controller.
        while chip.pending.swap(false, Relaxed) {
            compiler_fence(core::sync::atomic::Ordering::SeqCst);
            // SAFETY: `interrupted_by` keeps the handler alive while the pointer is here.
            let handler = unsafe { *handler };
            handler();
            compiler_fence(core::sync::atomic::Ordering::SeqCst);
        }
        chip.handling.store(false, Relaxed);
    });
}

/// Runs `f` with `handler` as the interrupt handler of this thread, and with the interrupt coming
/// before the step number `at` (never, if that is zero). Returns how many steps `f` made.
pub fn interrupted_by(handler: &dyn Fn(), at: u64, f: impl FnOnce()) -> u64 {
    struct NoHandler;
    impl Drop for NoHandler {
        fn drop(&mut self) {
            CHIP.with(|chip| {
                chip.handler.store(core::ptr::null_mut(), Relaxed);
                chip.handling.store(false, Relaxed);
                chip.pending.store(false, Relaxed);
            });
        }
    }
    let mut handler = handler;
    CHIP.with(|chip| {
        assert!(chip.handler.load(Relaxed).is_null(), "one test at a time");
        chip.steps.store(0, Relaxed);
        chip.all_steps.store(0, Relaxed);
        chip.at.store(at, Relaxed);
        let pointer = core::ptr::from_mut(&mut handler);
        chip.handler.store(pointer.cast(), Relaxed);
    });
    let _no_handler = NoHandler;
    f();
    CHIP.with(|chip| chip.steps.load(Relaxed))
}

/// The allocator of the tests: a critical section, as a chip's is, so that handlers may allocate.
struct GuardedHeap;

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for GuardedHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        close_interrupts();
        // SAFETY: by the caller's promise.
        let memory = unsafe { System.alloc(layout) };
        open_interrupts();
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        close_interrupts();
        // SAFETY: by the caller's promise.
        unsafe { System.dealloc(memory, layout) };
        open_interrupts();
    }
}

#[global_allocator]
static ALLOCATOR: GuardedHeap = GuardedHeap;
