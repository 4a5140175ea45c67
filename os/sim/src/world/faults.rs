//! Faults that a seed chooses: which, when, for how long, between whom.

use std::time::Duration;

use super::handle::Host;
use super::script::World;
use crate::disk::{Fault as DiskFault, Operation};
use crate::errno::Errno;
use crate::kernel::read;
use crate::network::Link;
use crate::random::Random;
use crate::runs::left_out;

/// How often faults happen, and which.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie_sim::Faults;
///
/// let faults = Faults::rough().every(Duration::from_secs(1)).crashes(0);
/// assert_ne!(faults, Faults::rough());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    every: Duration,
    lasts: Duration,
    partitions: u32,
    pauses: u32,
    crashes: u32,
    slow_links: u32,
    clock_shifts: u32,
    clock_drifts: u32,
    disk_errors: u32,
    full_disks: u32,
}

impl Faults {
    /// Partitions and pauses now and then, none longer than some seconds.
    #[must_use]
    pub fn rough() -> Self {
        Self {
            every: Duration::from_secs(5),
            lasts: Duration::from_secs(3),
            partitions: 4,
            pauses: 2,
            crashes: 1,
            slow_links: 3,
            clock_shifts: 1,
            clock_drifts: 0,
            disk_errors: 0,
            full_disks: 0,
        }
    }

    /// Something is always wrong somewhere.
    #[must_use]
    pub fn hostile() -> Self {
        Self {
            every: Duration::from_millis(800),
            lasts: Duration::from_secs(4),
            partitions: 4,
            pauses: 3,
            crashes: 4,
            slow_links: 3,
            clock_shifts: 2,
            clock_drifts: 0,
            disk_errors: 0,
            full_disks: 0,
        }
    }

    /// The mean time between the beginnings of two faults.
    #[must_use]
    pub fn every(mut self, time: Duration) -> Self {
        self.every = time;
        self
    }

    /// How long a fault lasts at most.
    #[must_use]
    pub fn lasts(mut self, time: Duration) -> Self {
        self.lasts = time;
        self
    }

    /// The share of partitions among the faults; 0 for none. Shares are relative to each other.
    #[must_use]
    pub fn partitions(mut self, share: u32) -> Self {
        self.partitions = share;
        self
    }

    /// The share of pauses, in which a host's threads stand still.
    #[must_use]
    pub fn pauses(mut self, share: u32) -> Self {
        self.pauses = share;
        self
    }

    /// The share of crashes, after which a host starts again.
    #[must_use]
    pub fn crashes(mut self, share: u32) -> Self {
        self.crashes = share;
        self
    }

    /// The share of links that become slow and lossy.
    #[must_use]
    pub fn slow_links(mut self, share: u32) -> Self {
        self.slow_links = share;
        self
    }

    /// The share of wall clocks that are set forward or back.
    #[must_use]
    pub fn clock_shifts(mut self, share: u32) -> Self {
        self.clock_shifts = share;
        self
    }

    /// The share of clocks that go too fast or too slow for some time, by up to a tenth; 0 if nothing is said.
    #[must_use]
    pub fn clock_drifts(mut self, share: u32) -> Self {
        self.clock_drifts = share;
        self
    }

    /// The share of disks whose next operations fail with `EIO`; 0 if nothing is said.
    #[must_use]
    pub fn disk_errors(mut self, share: u32) -> Self {
        self.disk_errors = share;
        self
    }

    /// The share of disks that have no room for what is written, for some time; 0 if nothing is said.
    #[must_use]
    pub fn full_disks(mut self, share: u32) -> Self {
        self.full_disks = share;
        self
    }

    fn shares(&self) -> [(FaultKind, u32); 8] {
        [
            (FaultKind::Partition, self.partitions),
            (FaultKind::Pause, self.pauses),
            (FaultKind::Crash, self.crashes),
            (FaultKind::SlowLink, self.slow_links),
            (FaultKind::ClockShift, self.clock_shifts),
            (FaultKind::DiskErrors, self.disk_errors),
            (FaultKind::FullDisk, self.full_disks),
            (FaultKind::ClockDrift, self.clock_drifts),
        ]
    }
}

/// What may befall hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    Partition,
    Pause,
    Crash,
    SlowLink,
    ClockShift,
    DiskErrors,
    FullDisk,
    ClockDrift,
}

/// The most that a clock is wrong by, in millionths.
const DRIFT_PPM: i64 = 100_000;

/// Operations of a disk that fail at most in one fault.
const DISK_ERRORS: u64 = 4;

/// One fault, all of which is chosen before it begins.
struct Fault {
    /// None if all shares are 0.
    kind: Option<FaultKind>,
    one: usize,
    two: usize,
    is_one_way: bool,
    lasts: Duration,
}

impl Fault {
    fn choose(faults: &Faults, random: &mut Random, hosts: usize) -> (Duration, Self) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let wait = Duration::from_nanos(random.below(nanoseconds(faults.every).saturating_mul(2)));
        let lasts = Duration::from_nanos(random.below(nanoseconds(faults.lasts)));
        let shares = faults.shares();
        let sum = shares
            .iter()
            .map(|&(_, share)| u64::from(share))
            .sum::<u64>();
        let mut at = random.below(sum.max(1));
        let kind = shares.iter().find_map(|&(kind, share)| {
            let is_it = at < u64::from(share);
            at = at.saturating_sub(u64::from(share));
            is_it.then_some(kind)
        });
        let one = random.below(hosts as u64) as usize;
        let two = random.below(hosts as u64) as usize;
        let is_one_way = random.chance(0.3);
        (
            wait,
            Self {
                kind,
                one,
                two,
                is_one_way,
                lasts,
            },
        )
    }

    async fn happen(&self, world: &World, hosts: &[Host]) {
        let (one, two) = (&hosts[self.one], &hosts[self.two]);
        let Some(kind) = self.kind else { return };
        match kind {
            FaultKind::Partition if self.one != self.two => {
                if self.is_one_way {
                    world.partition_one_way(one, two);
                } else {
                    world.partition(one, two);
                }
                world.sleep(self.lasts).await;
                world.heal(one, two);
            }
            FaultKind::Pause => {
                one.pause();
                world.sleep(self.lasts).await;
                one.resume();
            }
            FaultKind::Crash if one.ended().is_none() => {
                one.crash();
                world.sleep(self.lasts).await;
                one.restart();
            }
            FaultKind::SlowLink if self.one != self.two => {
                let slow = Link::default();
                let slow = slow.latency(self.lasts / 100..self.lasts / 10).loss(0.05);
                world.link(one, two, &slow);
                world.sleep(self.lasts).await;
                world.reset_link(one, two);
            }
            FaultKind::ClockShift => one.shift_clock(self.lasts, self.is_one_way),
            FaultKind::ClockDrift => {
                // It follows from what was chosen: another choice would change all faults that come after.
                let much = i64::try_from(self.lasts.as_nanos() % DRIFT_PPM as u128).unwrap_or(0);
                let drift = if self.is_one_way { -much } else { much };
                one.drift_clock(drift);
                world.sleep(self.lasts).await;
                one.drift_clock(0);
            }
            FaultKind::DiskErrors => {
                one.fail_disk(DiskFault::next(DISK_ERRORS));
                world.sleep(self.lasts).await;
                one.heal_disk();
            }
            FaultKind::FullDisk => {
                one.fail_disk(DiskFault {
                    only: Some(Operation::Write),
                    errno: Errno(libc::ENOSPC),
                    ..DiskFault::next(u64::MAX)
                });
                world.sleep(self.lasts).await;
                one.heal_disk();
            }
            // There are not two hosts, or the program has ended and is not to run again.
            FaultKind::Partition | FaultKind::SlowLink | FaultKind::Crash => (),
        }
    }
}

impl World {
    /// Faults befall `hosts` for `time`; then all is well again.
    ///
    /// # Panics
    /// If there are no hosts.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # use selkie_sim::{Builder, Faults};
    /// Builder::new().runs(100).run(|world| async move {
    ///     let server = world.host("server").start(|| async { /* … */ });
    ///     world.faults(&Faults::rough(), &[&server], Duration::from_secs(60)).await;
    ///     // What must hold in the end is asserted here.
    /// });
    /// ```
    pub async fn faults(&self, faults: &Faults, hosts: &[&Host], time: Duration) {
        let hosts: Vec<Host> = hosts.iter().map(|&host| host.clone()).collect();
        assert!(!hosts.is_empty(), "faults befall at least one host");
        let mut random = read(|state| state.fault_choices());
        let left_out = left_out();
        let end = self.now() + time;
        let mut running = selkie::task::JoinSet::new();
        loop {
            let (wait, fault) = Fault::choose(faults, &mut random, hosts.len());
            if self.now() + wait >= end {
                break;
            }
            let number = read(|state| state.next_fault());
            self.sleep(wait).await;
            if left_out.contains(&number) {
                continue;
            }
            self.note(&format!("fault {number}"));
            let (world, hosts) = (self.clone(), hosts.clone());
            running.spawn(async move { fault.happen(&world, &hosts).await });
        }
        while running.join_next().await.is_some() {}
        self.heal_all();
    }
}
