//! A test of addresses: workers write to cache lines of their own (I3 of `shared`), and to no line that all of them read.

use std::ops::Range;
use std::sync::Arc;

use super::super::thread_sleep::ThreadSleep;
use super::shared::MultiThread;
use crate::config::Config;

/// Bytes that processors move together: two lines of 64.
const LINES: usize = 128;

/// The lines that `value` lies in.
fn lines<T>(value: &T) -> Range<usize> {
    let address = std::ptr::from_ref(value).addr();
    address / LINES..(address + size_of::<T>().max(1)).div_ceil(LINES)
}

pub(super) fn scheduler(workers: usize) -> Arc<MultiThread> {
    let config = Config {
        worker_threads: workers,
        ..Config::default()
    };
    MultiThread::new(config, vec![Box::new(ThreadSleep::default())], None)
}

#[test]
fn no_two_workers_write_one_line() {
    let scheduler = scheduler(8);
    let shared = &*scheduler;
    let mut parts = vec![
        (
            "what each worker reads at each poll",
            lines(&shared.stopping),
        ),
        ("the sleepers", lines(&*shared.idle)),
        ("the monitor role", lines(&*shared.monitor)),
        ("tasks from outside", lines(&*shared.outside)),
        ("counts from outside", lines(&*shared.outside_counts)),
        ("the driver", lines(shared.drivers.of(0))),
    ];
    parts.extend(
        shared
            .idle
            .words()
            .map(|word| ("a word of sleepers", lines(word))),
    );
    parts.extend(
        shared
            .remotes
            .iter()
            .map(|remote| ("a worker", lines(&**remote))),
    );
    parts.extend(
        shared
            .inject
            .iter()
            .map(|shard| ("a shard", lines(&**shard))),
    );
    for (index, (name, part)) in parts.iter().enumerate() {
        for (other_name, other) in &parts[index + 1..] {
            let apart = part.end <= other.start || other.end <= part.start;
            assert!(apart, "{name} and {other_name} share a line");
        }
    }
    let refused = scheduler.start(Box::new(|_| Err(std::io::Error::other("no threads here"))));
    assert!(refused.is_err(), "and so it has ended");
}
