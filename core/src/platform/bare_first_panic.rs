//! The panic of one call among many, where nothing unwinds.

/// Makes calls. Nothing unwinds here: the first panic among them goes on at once.
#[derive(Debug, Default)]
pub struct FirstPanic;

impl FirstPanic {
    /// No call has panicked.
    pub const fn new() -> Self {
        Self
    }

    /// Calls `f`.
    #[inline]
    pub fn run(&mut self, f: impl FnOnce()) -> bool {
        f();
        true
    }

    /// Nothing was kept.
    pub const fn discard(&mut self) {}
}
