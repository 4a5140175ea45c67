//! Small programs, made from a seed.
//!
//! Idea        A program is a list of scripts: what one task does, step by step. A script spawns only
//!             scripts that stand after it, so every program ends.

/// Channels of each kind, notifications, locks.
pub(crate) const COPIES: usize = 2;

/// One step of a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    Yield,
    /// Wakes its own task and is pending once.
    WakeSelf,
    Spawn(usize),
    SpawnLocal(usize),
    /// So many tasks that do nothing.
    Burst(usize),
    Join,
    AbortOwn,
    AbortAny(usize),
    Detach,
    Send(usize),
    TrySend(usize),
    Reserve(usize),
    Recv(usize),
    TryRecv(usize),
    CloseReceiver(usize),
    SendUnbounded,
    RecvUnbounded,
    OneshotSend(usize),
    OneshotRecv(usize),
    NotifyOne(usize),
    NotifyLast(usize),
    NotifyWaiters(usize),
    Notified(usize),
    /// Holds the lock while the step is made.
    Lock(usize, Box<Op>),
    ReadLock(Box<Op>),
    WriteLock(Box<Op>),
    Acquire(u32, Box<Op>),
    AddPermits(usize),
    Barrier,
    WatchSend,
    WatchChanged,
    BroadcastSend,
    BroadcastRecv,
    SetOnce,
    WaitOnce,
    /// Durations are in microseconds.
    Sleep(u64),
    /// Until a deadline that lies so far back.
    SleepPast(u64),
    /// A sleep that is polled, then moved.
    Reset(u64, u64),
    Timeout(u64, Box<Op>),
    Advance(u64),
    Ticks(u64, usize),
    /// A biased select of two.
    Select(Box<Op>, Box<Op>),
    /// A biased join of two.
    Both(Box<Op>, Box<Op>),
    /// Uses so many units of the budget.
    Burn(usize),
    Unconstrained(Box<Op>),
    Set(Vec<usize>, SetEnd),
    Panic,
}

/// What becomes of a `JoinSet`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SetEnd {
    JoinNext,
    JoinAll,
    Shutdown,
    Drop,
    Detach,
    AbortAll,
    /// One is joined, the same scripts are spawned once more, all is dropped.
    Refill,
}

/// What runs a program's tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Flavor {
    CurrentThread,
    /// Every root in `LocalSet::run_until`.
    RunUntil,
    /// The tasks in a `LocalSet` that the root awaits.
    AwaitSet,
    LocalRuntime,
}

#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) flavor: Flavor,
    pub(crate) event_interval: Option<u32>,
    pub(crate) global_queue_interval: Option<u32>,
    pub(crate) scripts: Vec<Vec<Op>>,
    /// Scripts that are spawned before the first root runs.
    pub(crate) before: Vec<usize>,
    /// Scripts that `block_on` runs, one after the other.
    pub(crate) roots: Vec<usize>,
}

/// Numbers from a seed.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

impl Program {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let scripts = 3 + random.below(6);
        let length = 2 + random.below(10);
        // Programs that use a part of the steps meet each other more often.
        let palette: Vec<usize> = (0..6).map(|_| random.below(KINDS)).collect();
        let narrow = random.one_in(2);
        let pick = |random: &mut Random, own: usize| {
            let kind = match narrow && !random.one_in(4) {
                true => palette[random.below(palette.len())],
                false => random.below(KINDS),
            };
            op(random, kind, own, scripts, 0)
        };
        let scripts = (0..scripts)
            .map(|own| {
                (0..1 + random.below(length))
                    .map(|_| pick(random, own))
                    .collect()
            })
            .collect();
        let flavor = match random.below(6) {
            0 => Flavor::RunUntil,
            1 => Flavor::AwaitSet,
            2 => Flavor::LocalRuntime,
            _ => Flavor::CurrentThread,
        };
        let interval = |random: &mut Random| random.one_in(3).then(|| 2 + random.below(6) as u32);
        Self {
            flavor,
            event_interval: interval(random),
            global_queue_interval: interval(random),
            scripts,
            before: (0..random.below(3)).map(|_| 1 + random.below(2)).collect(),
            roots: (0..1 + random.below(3)).map(|root| root % 2).collect(),
        }
    }
}

/// How many kinds of steps there are.
const KINDS: usize = 50;

fn op(random: &mut Random, kind: usize, own: usize, scripts: usize, depth: usize) -> Op {
    let index = random.below(COPIES);
    let short = micros(random, 12);
    let later = |random: &mut Random| {
        let left = scripts - own - 1;
        (left > 0).then(|| own + 1 + random.below(left))
    };
    let inner = |random: &mut Random| {
        let kind = random.below(KINDS);
        Box::new(match depth {
            0 | 1 => op(random, kind, own, scripts, depth + 1),
            _ => Op::Yield,
        })
    };
    match kind {
        0..=3 => Op::Yield,
        4 => Op::WakeSelf,
        5..=8 => later(random).map_or(Op::Yield, Op::Spawn),
        9 | 10 => later(random).map_or(Op::Yield, Op::SpawnLocal),
        11 => Op::Burst(1 + random.below(80)),
        12 | 13 => Op::Join,
        14 => Op::AbortOwn,
        15 => Op::AbortAny(random.below(12)),
        16 => Op::Detach,
        17 => Op::Send(index),
        18 => Op::TrySend(index),
        19 => Op::Recv(index),
        20 => Op::TryRecv(index),
        21 if random.one_in(3) => Op::CloseReceiver(index),
        21 => Op::Reserve(index),
        22 => Op::SendUnbounded,
        23 => Op::RecvUnbounded,
        24 => Op::OneshotSend(index),
        25 => Op::OneshotRecv(index),
        26 => Op::NotifyOne(index),
        27 => Op::NotifyWaiters(index),
        28 => Op::Notified(index),
        29 => Op::Lock(index, inner(random)),
        30 => Op::ReadLock(inner(random)),
        31 => Op::WriteLock(inner(random)),
        32 => Op::Acquire(1 + random.below(2) as u32, inner(random)),
        33 => Op::AddPermits(1 + random.below(2)),
        34 => Op::Barrier,
        35 => Op::WatchSend,
        36 => Op::WatchChanged,
        37 => Op::BroadcastSend,
        38 => Op::BroadcastRecv,
        39 if random.one_in(2) => Op::SetOnce,
        39 => Op::WaitOnce,
        40 => Op::Sleep(short),
        41 => Op::SleepPast(short),
        42 => Op::Reset(short, micros(random, 80)),
        43 => Op::Timeout(short, inner(random)),
        44 => Op::Advance(micros(random, 80)),
        45 => Op::Ticks(1 + short, 1 + random.below(4)),
        46 if random.one_in(2) => Op::Both(inner(random), inner(random)),
        46 => Op::Select(inner(random), inner(random)),
        47 if random.one_in(3) => Op::Unconstrained(inner(random)),
        47 => Op::Burn(100 + random.below(60)),
        48 => {
            let members = (0..1 + random.below(4))
                .filter_map(|_| later(random))
                .collect();
            Op::Set(members, set_end(random))
        }
        _ if random.one_in(4) => Op::Panic,
        _ => Op::NotifyLast(index),
    }
}

/// Less than so many milliseconds, whole ones as a rule.
fn micros(random: &mut Random, millis: usize) -> u64 {
    match random.one_in(4) {
        true => random.below(1000 * millis) as u64,
        false => 1000 * random.below(millis) as u64,
    }
}

fn set_end(random: &mut Random) -> SetEnd {
    match random.below(7) {
        0 => SetEnd::JoinNext,
        1 => SetEnd::JoinAll,
        2 => SetEnd::Shutdown,
        3 => SetEnd::Drop,
        4 => SetEnd::Detach,
        5 => SetEnd::Refill,
        _ => SetEnd::AbortAll,
    }
}
