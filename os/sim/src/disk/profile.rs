//! What may happen to a disk, and how often.

use super::latency::Latency;

/// Which changes of directories a sync makes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalMode {
    /// As ext4 does: syncing a file or directory makes durable all changes of directories, sizes and attributes up to the last one
    /// that concerns it. The entry of a new file, or its new name, is durable when the file was synced.
    #[default]
    Ordered,
    /// As POSIX allows: syncing a file makes its bytes, size and attributes durable; syncing a directory makes its entries durable.
    /// A new file that was synced, but whose directory was not, may be gone after a crash. A crash may keep a change and lose an
    /// earlier one of another name, as btrfs does.
    Strict,
}

/// What a crash leaves of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrashMode {
    /// All of it or nothing.
    #[default]
    Whole,
    /// Any subset of the pages of 4096 bytes; changes of directories and sizes up to any point of their order, or with
    /// [`JournalMode::Strict`] any of them, but for those of one name or file in their order.
    Pages,
    /// As `Pages`; of a page, any subset of the sectors of 512 bytes.
    Sectors,
}

/// The probabilities with which operations fail with `EIO`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorRates {
    /// Reading, and listing a directory.
    pub read: f64,
    /// Writing to the cache, which on a real system fails only when it has to read first.
    pub write: f64,
    /// Syncing; some of the pages that were to be written are not.
    pub sync: f64,
    /// Opening, and changing a directory or attributes.
    pub metadata: f64,
}

/// What may happen to a disk, and how often.
///
/// # Examples
/// ```
/// use selkie_sim::disk::{JournalMode, Profile};
///
/// // A rough disk of 1 MiB, whose directories have to be synced.
/// let profile = Profile { journal: JournalMode::Strict, capacity: 1 << 20, ..Profile::rough() };
/// assert_eq!(profile.errors.sync, Profile::rough().errors.sync);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// What a sync makes durable.
    pub journal: JournalMode,
    /// What a crash leaves.
    pub crash: CrashMode,
    /// Bytes of files that the disk can have, in pages of 4096. Writing more fails with `ENOSPC`.
    pub capacity: u64,
    /// Files, directories and links that the disk can have. Making more fails with `ENOSPC`.
    pub inodes: u64,
    /// How often operations fail.
    pub errors: ErrorRates,
    /// How long operations take.
    pub latency: Latency,
    /// The probability that the system writes something back by itself after a change.
    pub writeback: f64,
    /// Whether the seed decides the order in which directories are listed; else it is one order for all seeds, and not that of the
    /// names either.
    pub shuffle: bool,
}

impl Profile {
    /// A disk in good health. A crash loses all that was not synced, or nothing.
    #[must_use]
    pub const fn calm() -> Self {
        Self {
            journal: JournalMode::Ordered,
            crash: CrashMode::Whole,
            capacity: 1 << 40,
            inodes: 1 << 32,
            errors: ErrorRates {
                read: 0.0,
                write: 0.0,
                sync: 0.0,
                metadata: 0.0,
            },
            latency: Latency {
                read_ns: 20_000,
                write_ns: 2_000,
                sync_ns: 500_000,
                metadata_ns: 10_000,
                per_kib_ns: 500,
                jitter_ns: 5_000,
                stall: 0.0,
                stall_ns: 0,
            },
            writeback: 0.0,
            shuffle: true,
        }
    }

    /// A disk that fails now and then. A crash leaves any subset of the pages that were not synced.
    #[must_use]
    pub const fn rough() -> Self {
        let calm = Self::calm();
        Self {
            crash: CrashMode::Pages,
            errors: ErrorRates {
                read: 0.0,
                write: 0.0,
                sync: 0.002,
                metadata: 0.0,
            },
            latency: Latency {
                jitter_ns: 200_000,
                stall: 0.001,
                stall_ns: 200_000_000,
                ..calm.latency
            },
            writeback: 0.02,
            ..calm
        }
    }

    /// A disk that fails often, stalls for seconds and syncs only what POSIX says. A crash tears pages.
    #[must_use]
    pub const fn hostile() -> Self {
        let rough = Self::rough();
        Self {
            journal: JournalMode::Strict,
            crash: CrashMode::Sectors,
            errors: ErrorRates {
                read: 0.001,
                write: 0.001,
                sync: 0.02,
                metadata: 0.001,
            },
            latency: Latency {
                jitter_ns: 2_000_000,
                stall: 0.005,
                stall_ns: 3_000_000_000,
                ..rough.latency
            },
            writeback: 0.1,
            ..rough
        }
    }
}
