//! Faults: operations that fail because a profile's chance or a test's hand says so.

use crate::errno::Errno;
use crate::random::Random;

use super::operation::Operation;
use super::profile::ErrorRates;

/// A fault by hand: the next operations of a kind, or below a path, fail.
///
/// # Examples
/// ```
/// use selkie_sim::disk::{Disk, Fault, Operation, Profile};
/// use selkie_sim::errno::Errno;
/// use selkie_sim::random::Random;
///
/// let mut disk = Disk::new(Profile::calm(), &Random::new(1));
/// let root = disk.root();
/// disk.inject(Fault { only: Some(Operation::Change), ..Fault::next(1) });
/// assert_eq!(disk.mkdir(root, b"/a", 0o755, 0), Err(Errno(libc::EIO)));
/// assert_eq!(disk.mkdir(root, b"/a", 0o755, 0), Ok(()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How many operations fail; `u64::MAX` is all of them.
    pub count: u64,
    /// How many operations succeed before.
    pub after: u64,
    /// Which operations; `None` is all of them.
    pub only: Option<Operation>,
    /// Paths that begin so, as whole names: `/data` is `/data` and `/data/log`, and not `/database`.
    pub below: Vec<u8>,
    /// What they fail with.
    pub errno: Errno,
}

impl Fault {
    /// The next `count` operations, of whatever kind and wherever, fail with `EIO`.
    #[must_use]
    pub const fn next(count: u64) -> Self {
        Self {
            count,
            after: 0,
            only: None,
            below: Vec::new(),
            errno: Errno(libc::EIO),
        }
    }

    fn is_for(&self, operation: Operation, path: &[u8]) -> bool {
        let is_it = self.only.is_none_or(|only| only == operation);
        let below = self.below.strip_suffix(b"/").unwrap_or(&self.below);
        let rest = path.strip_prefix(below);
        is_it && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }
}

/// The faults that are to come.
#[derive(Debug)]
pub(super) struct Faults {
    by_hand: Vec<Fault>,
    random: Random,
}

impl Faults {
    pub(super) fn new(random: Random) -> Self {
        Self {
            by_hand: Vec::new(),
            random,
        }
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.by_hand.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.by_hand.clear();
    }

    /// What `operation` fails with, and whether that was by hand.
    pub(super) fn take(
        &mut self,
        operation: Operation,
        path: &[u8],
        rates: &ErrorRates,
    ) -> Option<(Errno, bool)> {
        let rate = match operation {
            Operation::Read | Operation::List => rates.read,
            Operation::Write => rates.write,
            Operation::Sync => rates.sync,
            Operation::Open | Operation::Change => rates.metadata,
            Operation::Stat => 0.0,
        };
        // Drawn in any case, so that a fault by hand does not change what comes by chance later.
        let by_chance = self.random.chance(rate);
        let mut found = None;
        for fault in &mut self.by_hand {
            if !fault.is_for(operation, path) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if found.is_none() {
                fault.count = fault
                    .count
                    .saturating_sub(u64::from(fault.count != u64::MAX));
                found = Some((fault.errno, true));
            }
        }
        self.by_hand.retain(|fault| fault.count > 0);
        found.or(by_chance.then_some((Errno(libc::EIO), false)))
    }

    /// Whether one of the pages of a sync that fails is written all the same.
    pub(super) fn is_written(&mut self) -> bool {
        self.random.chance(0.5)
    }
}
