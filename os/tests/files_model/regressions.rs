//! Programs that once failed, shrunk to what matters.

use std::io::SeekFrom;

use super::program::{Bytes, End, Kind, Lock, Mode, Op, Part, Program, Scheduler, StdOp, Step};
use super::trial::{LIMIT, ProgramPaths, report};

/// Runs of each program, of which some failed.
const RUNS: usize = 30;

const KIND: Kind = Kind {
    scheduler: Scheduler::CurrentThread,
    has_ring: false,
    in_place: true,
    threads: 1,
    as_task: false,
};

const BYTES: Bytes = Bytes {
    first: 100,
    length: 8,
};

fn part(kind: Kind, steps: Vec<Step>) -> Part {
    let end = End::Background;
    Part { kind, steps, end }
}

fn holds(name: &str, program: &Program) {
    let paths = ProgramPaths::new(name);
    for run in 0..RUNS {
        if let Err((failure, events)) = paths.try_once(program, 2 * run as u64, LIMIT) {
            panic!("{}", report(program, failure, &events));
        }
    }
}

#[test]
fn a_dropped_write_of_the_ring_wakes_the_tasks_that_wait_for_it() {
    let kind = Kind {
        has_ring: true,
        ..KIND
    };
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::WriteAllAt(BYTES, 20), Some(2)),
        Step::On(0, Op::Seek(SeekFrom::End(-20)), None),
    ];
    // Whether the ring is done before the worker sleeps is chance.
    for _ in 0..5 {
        holds("found-wake", &vec![part(kind, steps.clone())]);
    }
}

#[test]
fn metadata_waits_for_a_set_len_whose_future_was_dropped() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::Hold,
        Step::On(0, Op::SetLen(10), Some(1)),
        Step::On(0, Op::Metadata, None),
        Step::Drain,
    ];
    holds("found-metadata", &vec![part(KIND, steps)]);
}

#[test]
fn a_dropped_fallocate_does_not_run_after_later_operations() {
    let kind = Kind { threads: 3, ..KIND };
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::Fallocate(50, 120), Some(1)),
        Step::On(0, Op::SetLen(5), None),
        Step::Drain,
        Step::On(0, Op::Metadata, None),
    ];
    holds("found-fallocate", &vec![part(kind, steps)]);
}

#[test]
fn a_dropped_unlock_does_not_run_after_a_later_lock() {
    let kind = Kind { threads: 3, ..KIND };
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::Open(1, Mode::Both),
        Step::On(0, Op::TryLock(Lock::None), Some(1)),
        Step::On(0, Op::Lock(Lock::Exclusive), Some(20_000)),
        Step::Drain,
        Step::On(1, Op::TryLock(Lock::Shared), None),
    ];
    holds("found-unlock", &vec![part(kind, steps)]);
}

#[test]
fn bytes_read_ahead_are_read_after_a_seek_that_never_ran() {
    let kind = Kind {
        in_place: false,
        ..KIND
    };
    let steps = vec![
        Step::Open(0, Mode::Read),
        Step::On(0, Op::Read(2), Some(1)),
        Step::Drain,
        Step::Hold,
        Step::On(0, Op::Seek(SeekFrom::Current(-200)), Some(1)),
    ];
    let after = vec![
        Step::On(0, Op::StreamPosition, None),
        Step::On(0, Op::Read(3), None),
    ];
    holds("found-seek", &vec![part(kind, steps), part(kind, after)]);
}

#[test]
fn a_seek_that_never_ran_does_not_move_the_file_that_std_gets() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::Read(1), None),
        Step::Hold,
        Step::On(0, Op::Seek(SeekFrom::Current(-200)), Some(1)),
    ];
    let after = vec![Step::TryThroughStd(0)];
    holds("found-std", &vec![part(KIND, steps), part(KIND, after)]);
}

#[test]
fn a_descriptor_has_the_position_after_the_finished_reads_while_another_runs() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::Read(5), None),
        Step::Hold,
        Step::On(0, Op::Read(70_000), Some(1)),
        Step::ByDescriptor(0, StdOp::Seek(SeekFrom::Current(0))),
    ];
    holds("found-descriptor", &vec![part(KIND, steps)]);
}

#[test]
fn a_descriptor_may_seek_before_the_bytes_that_were_read_ahead() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::Read(60), Some(1)),
        Step::Drain,
        Step::ByDescriptor(0, StdOp::Seek(SeekFrom::Start(5))),
        Step::Hold,
        Step::On(0, Op::SetLen(50), Some(1)),
        Step::ByDescriptor(0, StdOp::Seek(SeekFrom::Current(0))),
    ];
    let kind = Kind {
        in_place: false,
        ..KIND
    };
    holds("found-before", &vec![part(kind, steps)]);
}

#[test]
fn bytes_read_ahead_are_read_after_a_set_len_that_never_ran() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::ThroughStd(0),
        Step::On(0, Op::Read(2), Some(1)),
        Step::Drain,
        Step::Hold,
        Step::On(0, Op::SetLen(50), Some(1)),
    ];
    let after = vec![Step::On(0, Op::Read(3), None)];
    holds("found-length", &vec![part(KIND, steps), part(KIND, after)]);
}

#[test]
fn a_descriptor_has_the_position_after_the_finished_reads_when_a_clone_never_ran() {
    let steps = vec![
        Step::Open(0, Mode::Both),
        Step::On(0, Op::Seek(SeekFrom::Start(5)), None),
        Step::Hold,
        Step::Clone(0, 1, Some(1)),
    ];
    let after = vec![Step::ByDescriptor(0, StdOp::Read(2))];
    holds("found-clone", &vec![part(KIND, steps), part(KIND, after)]);
}
