//! Barriers of C programs.

/// How many threads a barrier is for, and how many have come in which round.
#[derive(Debug)]
pub(crate) struct Barrier {
    count: u32,
    waiting: u32,
    pub(crate) round: u64,
}

impl Barrier {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            count,
            waiting: 0,
            round: 0,
        }
    }

    /// A thread has come; whether it was the last of the round, and the next one begins.
    pub(crate) fn arrive(&mut self) -> bool {
        self.waiting += 1;
        let is_last = self.waiting == self.count;
        if is_last {
            self.waiting = 0;
            self.round += 1;
        }
        is_last
    }
}
