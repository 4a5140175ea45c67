//! What the suite needs of the machine that runs it.

use selkie_core::executor::Executor;

/// A machine: a board, or a thread that plays one.
pub trait Machine: Sync {
    /// Makes an interrupt come at once, whose handler calls [`on_interrupt`](crate::on_interrupt).
    fn interrupt(&self);

    /// An executor that preempts the one that runs the suite.
    fn urgent(&self) -> &'static Executor;

    /// What a case does while it waits for an interrupt or an urgent task without giving way.
    fn spin(&self) {
        core::hint::spin_loop();
    }

    /// How often the machine went to sleep so far; `None` if it does not count.
    fn sleeps(&self) -> Option<u32>;

    /// Tells the outcome of a case.
    fn report(&self, case: &str, outcome: Result<(), &'static str>);
}
