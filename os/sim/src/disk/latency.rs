//! How long operations take: a fixed part, a part per byte, a part by chance, and now and then a stall.

use super::operation::Operation;
use crate::random::Random;

/// What operations of a disk cost in time. All times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latency {
    /// Reading, and listing a directory.
    pub read_ns: u64,
    /// Writing to the cache.
    pub write_ns: u64,
    /// Syncing a file or directory.
    pub sync_ns: u64,
    /// Opening, and changing a directory or attributes.
    pub metadata_ns: u64,
    /// For each 1024 bytes read, written or synced.
    pub per_kib_ns: u64,
    /// At most this much more, by chance.
    pub jitter_ns: u64,
    /// The probability that an operation stalls.
    pub stall: f64,
    /// How long a stall is.
    pub stall_ns: u64,
}

impl Latency {
    /// The time of one operation on `bytes`, and whether it stalled.
    pub(super) fn draw(
        &self,
        operation: Operation,
        bytes: u64,
        random: &mut Random,
    ) -> (u64, bool) {
        let fixed = match operation {
            Operation::Read | Operation::List => self.read_ns,
            Operation::Write => self.write_ns,
            Operation::Sync => self.sync_ns,
            Operation::Open | Operation::Change => self.metadata_ns,
            Operation::Stat => 0,
        };
        let jitter = random.below(self.jitter_ns.saturating_add(1));
        let is_stalled = random.chance(self.stall);
        let stall = if is_stalled { self.stall_ns } else { 0 };
        let by_size = u128::from(bytes) * u128::from(self.per_kib_ns) / 1024;
        let by_size = u64::try_from(by_size).unwrap_or(u64::MAX);
        let total = fixed.saturating_add(by_size).saturating_add(stall);
        (total.saturating_add(jitter), is_stalled)
    }
}
