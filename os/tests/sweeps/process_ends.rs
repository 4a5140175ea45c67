//! A process that ends between any two system calls of `fs::replace`, or of writing to a file.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;

use selkie::fs::{self, File};
use selkie::io::AsyncWriteExt;
use selkie::runtime::{Builder, Runtime};

use super::argument::{MOST_POINTS, argument};
use super::faults;
use crate::fixture::{TempDir, run_part};

const NEW: &[u8] = &[b'n'; 100_000];

/// Lengths of the parts that are written, more than one operation takes for one.
const PARTS: [usize; 3] = [3, 150, 20];
/// What one operation takes.
const MAX_BUF_SIZE: usize = 64;

/// Runs `part` with the file in `directory` in a process that ends at its `nth` call.
fn cut(part: &str, directory: &Path, nth: usize) -> Output {
    run_part(&["env"], part, &directory.join(nth.to_string())).unwrap()
}

#[test]
fn regression_86_a_crash_at_any_call_leaves_the_old_content_or_the_new() {
    let directory = TempDir::new("cut");
    let path = directory.path().join("file");
    let (mut old_seen, mut new_seen) = (0, 0);
    for nth in 1..MOST_POINTS {
        std::fs::write(&path, b"old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let output = cut("process_ends::is_cut", directory.path(), nth);
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("skipped") {
            println!("{text}");
            return;
        }
        match std::fs::read(&path).unwrap() {
            old if old == b"old" => old_seen += 1,
            new => {
                assert!(new == NEW, "{} bytes after call {nth}", new.len());
                new_seen += 1;
            }
        }
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{entry:?} after call {nth}");
            if entry.file_name() != "file" {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        if output.status.success() {
            println!("{nth} points: {old_seen} old, {new_seen} new");
            assert!(old_seen > 5 && new_seen > 1, "cut too seldom");
            return;
        }
        assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{text}");
    }
    panic!("it never comes to its end");
}

/// A runtime whose thread is there before anything is counted.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).disable_io_uring();
    let runtime = builder.build().unwrap();
    runtime.block_on(async { fs::try_exists("/").await.unwrap() });
    runtime
}

#[test]
#[ignore = "a part of regression_86_a_crash_at_any_call_leaves_the_old_content_or_the_new"]
fn is_cut() {
    let Some((directory, nth)) = argument() else {
        return;
    };
    let Some(faults) = faults() else { return };
    let runtime = runtime();
    faults.cut_at(nth.parse().unwrap());
    runtime
        .block_on(fs::replace(directory.join("file"), NEW))
        .unwrap();
    faults.disarm();
}

/// All parts, each with bytes of its own.
fn written() -> Vec<u8> {
    let parts = PARTS.iter().zip(b'a'..);
    parts
        .flat_map(|(&length, byte)| vec![byte; length])
        .collect()
}

#[test]
fn synced_bytes_are_there_after_a_crash_at_any_call() {
    let directory = TempDir::new("cut-writes");
    let path = directory.path().join("file");
    let mut partly = 0;
    for nth in 1..MOST_POINTS {
        std::fs::write(&path, b"").unwrap();
        let output = cut("process_ends::is_cut_amid_writes", directory.path(), nth);
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("skipped") {
            println!("{text}");
            return;
        }
        let content = std::fs::read(&path).unwrap();
        assert!(
            written().starts_with(&content),
            "after call {nth}: {content:?}"
        );
        let confirmed = text.matches("confirmed").count();
        let least: usize = PARTS[..confirmed].iter().sum();
        assert!(
            content.len() >= least,
            "{} of {least} after call {nth}",
            content.len()
        );
        if output.status.success() {
            assert_eq!((confirmed, content.len()), (PARTS.len(), written().len()));
            assert!(partly > 3, "cut too seldom");
            return;
        }
        partly += usize::from(!content.is_empty());
        assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{text}");
    }
    panic!("it never comes to its end");
}

#[test]
#[ignore = "a part of synced_bytes_are_there_after_a_crash_at_any_call"]
fn is_cut_amid_writes() {
    let Some((directory, nth)) = argument() else {
        return;
    };
    let Some(faults) = faults() else { return };
    let runtime = runtime();
    runtime.block_on(async {
        let path = directory.join("file");
        let mut file = File::options().write(true).open(path).await.unwrap();
        file.set_max_buf_size(MAX_BUF_SIZE);
        faults.cut_at(nth.parse().unwrap());
        let content = written();
        let mut rest = &content[..];
        for length in PARTS {
            let (part, others) = rest.split_at(length);
            rest = others;
            file.write_all(part).await.unwrap();
            file.sync_all().await.unwrap();
            println!("confirmed");
        }
        faults.disarm();
    });
}
