//! Where a poll of several futures begins.

/// Begins each poll one future further on.
#[derive(Debug, Default)]
pub struct Rotator<const COUNT: u32> {
    next: u32,
}

impl<const COUNT: u32> Rotator<COUNT> {
    /// The index of the future that this poll begins with.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        let skip = self.next;
        self.next = (skip + 1) % COUNT;
        skip
    }
}

/// Begins each poll with the first future.
#[derive(Debug, Default)]
pub struct BiasedRotator;

impl BiasedRotator {
    /// Zero.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        0
    }
}
