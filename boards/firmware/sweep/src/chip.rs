//! What the sweep needs of a chip.

use selkie_core::executor::{ChipUnpark, Executor};

/// A chip with a timer for the injected interrupt.
pub trait Chip: Sync {
    /// Makes the injected interrupt come after so many counts, each no longer than an instruction.
    fn inject_after(&self, counts: u32);

    /// The sleep of the chip.
    fn sleep(&self) -> &'static ChipUnpark;

    /// The executor of thread mode.
    fn executor(&self) -> &'static Executor;

    /// An executor whose interrupt has the priority of the injected one, or a higher.
    fn urgent(&self) -> &'static Executor;

    /// Does what the alarm's handler does, although no alarm has come.
    fn fire_alarm(&self);
}
