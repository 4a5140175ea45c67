//! Generates the random program of a seed.

use std::io::SeekFrom;

use super::program::{
    Bytes, End, Kind, Lock, Mode, Op, Part, Polls, Program, SLOTS, Scheduler, StdOp, Step,
};
use super::random::Random;

/// Steps of the longest part.
const MOST_STEPS: usize = 9;
/// Longer than what is read in place.
const LARGE: usize = 70_000;

/// The random program of `seed`.
pub(crate) fn program(seed: u64) -> Program {
    let mut maker = Generator {
        random: Random::new(seed),
        next: 100,
        held: false,
    };
    let count = 1 + maker.random.below(3);
    let mut parts: Program = (0..count).map(|number| maker.part(number == 0)).collect();
    // Where everybody stands at the end, and what comes next there.
    let last = &mut parts[count - 1].steps;
    for slot in 0..SLOTS {
        last.push(Step::On(slot, Op::Read(3), None));
        last.push(Step::On(slot, Op::StreamPosition, None));
    }
    parts
}

struct Generator {
    random: Random,
    /// The first byte of the next write.
    next: u8,
    /// Whether the pool is kept busy.
    held: bool,
}

impl Generator {
    fn kind(&mut self) -> Kind {
        let schedulers = [
            Scheduler::CurrentThread,
            Scheduler::CurrentThread,
            Scheduler::MultiThread(1),
            Scheduler::MultiThread(2),
            Scheduler::Local,
        ];
        Kind {
            scheduler: self.random.pick(&schedulers),
            has_ring: self.random.chance(1, 2),
            in_place: self.random.chance(2, 3),
            threads: self.random.pick(&[1, 1, 3]),
            as_task: self.random.chance(1, 2),
        }
    }

    fn part(&mut self, is_first: bool) -> Part {
        let kind = self.kind();
        self.held = false;
        let mut steps = Vec::new();
        if is_first {
            let mode = self
                .random
                .pick(&[Mode::Both, Mode::Both, Mode::Append, Mode::Read]);
            steps.push(Step::Open(0, mode));
        }
        for _ in 0..=self.random.below(MOST_STEPS) {
            steps.push(self.step());
        }
        let end = self.random.pick(&[End::Drop, End::Background, End::NoTime]);
        Part { kind, steps, end }
    }

    /// Most often the first.
    fn slot(&mut self) -> usize {
        if self.random.chance(2, 3) {
            0
        } else {
            self.random.below(SLOTS)
        }
    }

    fn polls(&mut self) -> Polls {
        let few = [
            Some(1),
            Some(1),
            Some(1),
            Some(2),
            Some(3),
            Some(10),
            Some(0),
        ];
        // While the pool is kept busy, a future that is polled to its end lets go of it.
        if self.random.chance(if self.held { 4 } else { 2 }, 5) {
            self.random.pick(&few)
        } else {
            None
        }
    }

    fn bytes(&mut self) -> Bytes {
        let length = self.random.pick(&[1, 2, 3, 5, 8, 13, 40]);
        let first = self.next;
        self.next = self.next.wrapping_add(length as u8);
        Bytes { first, length }
    }

    fn length(&mut self) -> usize {
        self.random.pick(&[1, 2, 3, 5, 8, 20, 60, LARGE, LARGE])
    }

    fn offset(&mut self) -> u64 {
        self.random.pick(&[0, 1, 5, 20, 50, 99, 100, 120])
    }

    fn goal(&mut self) -> SeekFrom {
        let offset = self.random.pick(&[0, 0, 1, -1, 5, -5, 20, -20, -200]);
        match self.random.below(4) {
            0 | 1 => SeekFrom::Current(offset),
            2 => SeekFrom::End(offset),
            _ => SeekFrom::Start(self.offset()),
        }
    }

    fn step(&mut self) -> Step {
        let slot = self.slot();
        match self.random.below(60) {
            0 => Step::Open(slot, self.random.pick(&Mode::ALL)),
            1 => Step::Close(slot),
            2 | 3 => Step::Clone(slot, self.random.below(SLOTS), self.polls()),
            4 => Step::ThroughStd(slot),
            5 => Step::TryThroughStd(slot),
            6..=9 => Step::ByDescriptor(slot, self.std_op()),
            10 | 11 => Step::SetMaxBuf(slot, self.random.pick(&[1, 2, 5, 100])),
            12 => Step::Replace(self.bytes(), self.polls()),
            13..=18 => {
                self.held = true;
                Step::Hold
            }
            19 => {
                self.held = false;
                Step::Release
            }
            20..=22 => {
                self.held = false;
                Step::Drain
            }
            23 => Step::OpenAndDrop(
                self.random.pick(&Mode::ALL),
                self.random.pick(&[1, 1, 2, 9]),
            ),
            24 | 25 => Step::Both(slot, self.shared_op(), self.shared_op()),
            _ => {
                let op = self.op();
                let polls = match op {
                    // Nobody may ever let go of it.
                    Op::Lock(_) => Some(self.random.pick(&[1, 2, 2_000])),
                    _ => self.polls(),
                };
                Step::On(slot, op, polls)
            }
        }
    }

    fn std_op(&mut self) -> StdOp {
        match self.random.below(3) {
            0 => StdOp::Read(self.length()),
            1 => StdOp::Write(self.bytes()),
            _ => StdOp::Seek(self.goal()),
        }
    }

    /// An operation of `&self` that ends.
    fn shared_op(&mut self) -> Op {
        loop {
            let op = self.op();
            if op.is_shared() && !matches!(op, Op::Lock(_)) {
                return op;
            }
        }
    }

    fn op(&mut self) -> Op {
        match self.random.below(50) {
            0..=7 => Op::Read(self.length()),
            8 => Op::ReadToEnd,
            9 => Op::ReadExact(self.random.pick(&[1, 3, 20, 60])),
            10..=14 => Op::Write(self.bytes()),
            15..=17 => Op::WriteAll(self.bytes()),
            18 => Op::WriteVectored(self.bytes()),
            19..=21 => Op::Flush,
            22 => Op::Shutdown,
            23..=27 => Op::Seek(self.goal()),
            28 | 29 => Op::StreamPosition,
            30..=32 => Op::SetLen(self.random.pick(&[0, 3, 10, 50, 100, 130])),
            33 | 34 => Op::ReadAt(self.length(), self.offset()),
            35 => Op::ReadExactAt(self.random.pick(&[1, 5, 60]), self.offset()),
            36..=38 => Op::WriteAt(self.bytes(), self.offset()),
            39 => Op::WriteAllAt(self.bytes(), self.offset()),
            40 => Op::Fallocate(self.offset(), 1 + self.offset()),
            41 | 42 => Op::Metadata,
            43 => Op::SyncData,
            44 => Op::SyncAll,
            45 => Op::SetPermissions,
            46 => Op::SetTimes,
            47 | 48 => {
                let locks = [Lock::None, Lock::Shared, Lock::Exclusive];
                Op::TryLock(self.random.pick(&locks))
            }
            _ => Op::Lock(self.random.pick(&[Lock::Shared, Lock::Exclusive])),
        }
    }
}
