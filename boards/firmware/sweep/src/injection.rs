//! The injected interrupt: what its handler does, and what it has seen.
//!
//! Invariants  I1 one interrupt is injected in a run; its handler does what the protocol says, once.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use selkie_core::raw::platform::Lock;

use crate::chip::Chip;

/// What the handler does in a run.
pub(crate) type Action = fn(&'static dyn Chip);

/// What the handler does, and what it has seen.
struct Injection {
    action: Lock<Cell<Option<Action>>>,
    chip: Lock<Cell<Option<&'static dyn Chip>>>,
    /// Interrupts that came.
    count: AtomicU32,
    /// How often the chip had gone to sleep when it came.
    sleeps: AtomicU32,
}

static INJECTION: Injection = Injection {
    action: Lock::new(Cell::new(None)),
    chip: Lock::new(Cell::new(None)),
    count: AtomicU32::new(0),
    sleeps: AtomicU32::new(0),
};

/// What the handler of the injected interrupt calls, after it has acknowledged it.
pub fn on_injected() {
    let (action, chip) = (
        INJECTION.action.with(|action| action.take()),
        INJECTION.chip.with(|chip| chip.get()),
    );
    let (Some(action), Some(chip)) = (action, chip) else {
        return;
    };
    // Relaxed: one processor, and the one writer is this handler.
    INJECTION
        .sleeps
        .store(chip.sleep().sleeps(), Ordering::Relaxed);
    action(chip);
    let count = INJECTION.count.load(Ordering::Relaxed) + 1;
    INJECTION.count.store(count, Ordering::Relaxed);
}

/// Arms the interrupt, with what its handler does.
pub(crate) fn inject(chip: &'static dyn Chip, moment: u32, action: Action) {
    INJECTION.action.with(|place| place.set(Some(action)));
    chip.inject_after(moment);
}

/// Interrupts that came so far.
pub(crate) fn count() -> u32 {
    // Relaxed: as in the handler.
    INJECTION.count.load(Ordering::Relaxed)
}

/// Sets the chip that handlers act on.
pub(crate) fn set_chip(chip: &'static dyn Chip) {
    INJECTION.chip.with(|place| place.set(Some(chip)));
}

/// How often the chip had gone to sleep when the last one came.
pub(crate) fn sleeps() -> u32 {
    // Relaxed: as in the handler.
    INJECTION.sleeps.load(Ordering::Relaxed)
}
