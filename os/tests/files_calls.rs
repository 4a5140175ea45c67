//! How many system calls operations on cached files take.
#![cfg(target_os = "linux")]

mod fixture;

use std::path::{Path, PathBuf};

use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncSeekExt};

use fixture::{PART, TempDir, can_trace, is_answered_in_place, is_part, narrow, run_part};

/// Times that each operation is done while its calls are counted.
const TIMES: usize = 50;

/// What the log shows where an operation begins, and where it ends.
fn mark(name: &str) {
    assert!(!Path::new("/selkie-mark").join(name).exists());
}

#[test]
#[ignore = "a part of a_cached_file_is_read_with_few_system_calls"]
fn part_of_calls() {
    if !is_part() {
        return;
    }
    let path = PathBuf::from(std::env::var_os(PART).unwrap());
    narrow().block_on(async {
        let mut file = File::open(&path).await.unwrap();
        mark("begun");
        for _ in 0..TIMES {
            assert_eq!(file.read_u8().await.unwrap(), 7);
        }
        mark("read");
        for _ in 0..TIMES {
            assert_eq!(file.metadata().await.unwrap().len(), 4096);
        }
        mark("metadata");
        for _ in 0..TIMES {
            file.rewind().await.unwrap();
            assert_eq!(file.read_u8().await.unwrap(), 7);
        }
        mark("rewind and read");
    });
}

#[test]
fn a_cached_file_is_read_with_few_system_calls() {
    let directory = TempDir::new("calls");
    let path = directory.file("file", &[7; 4096]);
    if !is_answered_in_place(&path) || !can_trace() {
        return println!("skipped: nothing is read in place here, or no strace");
    }
    let log = directory.0.join("log");
    // In debug builds std asks each descriptor by fcntl whether it is open, before it closes it.
    let rest = ["-qq", "-e", "trace=!fcntl", "-o", log.to_str().unwrap()];
    let launcher = [&["strace", "-f"], &rest[..]].concat();
    let output = run_part(&launcher, "part_of_calls", &path).unwrap();
    assert!(output.status.success(), "{output:?}");
    let log = std::fs::read_to_string(&log).unwrap();
    let mut counts = Vec::new();
    for line in log.lines() {
        if let Some(name) = line.split_once("/selkie-mark/").map(|(_, rest)| rest) {
            counts.push((name.split('"').next().unwrap(), 0));
        } else if let Some((_, count)) = counts.last_mut() {
            *count += 1;
        }
    }
    // A thread of the pool may say a few words while it goes to sleep.
    let most = |each: usize| TIMES * each..TIMES * each + 20;
    let expected = [("begun", most(1)), ("read", most(1)), ("metadata", most(1))];
    for ((mark, count), (name, range)) in counts.iter().zip(expected) {
        assert_eq!(*mark, name);
        assert!(
            range.contains(count),
            "{count} calls after '{mark}', of {TIMES} operations"
        );
    }
    assert_eq!(counts.len(), 4, "{log}");
}
