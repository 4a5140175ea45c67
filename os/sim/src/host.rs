//! What a host is, beside its threads and sockets.

use std::net::{IpAddr, Ipv4Addr};

use crate::clock_rate::ClockRate;
use crate::disk::{Disk, Ino, Profile};
use crate::ids::{HostId, ThreadId};
use crate::random::Random;
use crate::real_files::RealFiles;

/// The host on which the script of the world runs.
pub(crate) const WORLD: HostId = HostId(0);

/// What a host is.
#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
    /// The threads that would run, while the host stands still.
    pub(crate) paused: Option<Vec<ThreadId>>,
    /// How many processors its programs see.
    pub(crate) processors: usize,
    /// How fast its clocks go.
    pub(crate) rate: ClockRate,
    /// How far its wall clock is from the world's, in nanoseconds.
    pub(crate) wall_offset: i64,
    /// How its last start has ended: not yet, well, or with what a panic said.
    pub(crate) ended: Option<Result<(), String>>,
    pub(crate) is_up: bool,
    /// How often it was started: each start is a process of its own.
    pub(crate) starts: i32,
    pub(crate) disk: Disk,
    /// Decides what crashes leave on the disk.
    pub(crate) disk_crashes: Random,
    /// The directory that its programs are in; none before somebody asks.
    pub(crate) directory: Option<Ino>,
}

/// Where other hosts reach the script; hosts that are not given an address have those that follow 10.1.0.0.
const WORLD_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 255, 1));

/// The number of the first simulated process.
const FIRST_PROCESS: i32 = 1000;
/// Hosts whose processes have numbers of their own.
const HOSTS: i32 = 1000;

/// The number of the process that runs on a host since it was started.
pub(crate) fn process_number(host: HostId, starts: i32) -> i32 {
    FIRST_PROCESS + host.0 as i32 % HOSTS + starts * HOSTS
}

impl HostState {
    /// A host with an empty disk over the real file system; `random` and the name decide what happens to the disk.
    pub(crate) fn new(name: &str, random: &Random) -> Self {
        let random = random.fork("disks").fork(name);
        let disk = Disk::new(Profile::calm(), &random);
        Self {
            name: name.to_owned(),
            addresses: Vec::new(),
            paused: None,
            processors: 2,
            rate: ClockRate::default(),
            wall_offset: 0,
            ended: None,
            is_up: false,
            starts: 0,
            disk: disk.over(Box::new(RealFiles::new())),
            disk_crashes: random.fork("crashes"),
            directory: None,
        }
    }

    pub(crate) fn world(random: &Random) -> Self {
        Self {
            is_up: true,
            addresses: vec![WORLD_ADDRESS],
            ..Self::new("world", random)
        }
    }
}
