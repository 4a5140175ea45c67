//! Wakers that panic, and that come back to where they are kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{RawWakerVTable, Wake, Waker};

use super::WakerCell;

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn counting() -> (Arc<Count>, Waker) {
    let count = Arc::<Count>::default();
    (count.clone(), Waker::from(count))
}

std::thread_local! {
    /// What the clone of [`panicking`]'s waker does before it panics.
    static IN_CLONE: std::cell::Cell<fn(&WakerCell)> = const { std::cell::Cell::new(|_| {}) };
}

/// A waker whose clone calls `IN_CLONE` with `cell`, and panics.
#[allow(unsafe_code)]
fn panicking(cell: &'static WakerCell) -> Waker {
    static TABLE: RawWakerVTable = RawWakerVTable::new(
        |cell| {
            // SAFETY: the word was made of a static cell's address.
            let cell = unsafe { &*cell.cast::<WakerCell>() };
            IN_CLONE.get()(cell);
            panic!("no clone");
        },
        |_| {},
        |_| {},
        |_| {},
    );
    // SAFETY: the functions are safe everywhere, and the word needs no freeing.
    unsafe { Waker::new(core::ptr::from_ref(cell).cast(), &TABLE) }
}

/// Row 41: the cell stayed in its store for ever, and woke every later task that registered.
#[test]
fn a_clone_that_panics_leaves_the_cell_as_it_was() {
    let cell: &'static WakerCell = Box::leak(Box::default());
    let (before, waker) = counting();
    cell.register(&waker);
    let caught = catch_unwind(AssertUnwindSafe(|| cell.register(&panicking(cell))));
    assert!(caught.is_err());
    let (after, other) = counting();
    cell.wake();
    assert_eq!(
        before.0.load(SeqCst),
        1,
        "the waker before is still registered"
    );
    cell.register(&other);
    assert_eq!(after.0.load(SeqCst), 0, "the cell is free again");
    cell.wake();
    assert_eq!(after.0.load(SeqCst), 1);
}

#[test]
fn a_wake_inside_a_clone_that_panics_is_not_lost() {
    let cell: &'static WakerCell = Box::leak(Box::default());
    let (before, waker) = counting();
    cell.register(&waker);
    IN_CLONE.set(|cell| cell.wake());
    let caught = catch_unwind(AssertUnwindSafe(|| cell.register(&panicking(cell))));
    assert!(caught.is_err());
    assert_eq!(before.0.load(SeqCst), 1);
    cell.wake();
    assert_eq!(before.0.load(SeqCst), 1, "a waker is taken once");
}
