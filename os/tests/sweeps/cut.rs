//! A process that ends between any two system calls of `fs::replace`.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;

use selkie::fs;
use selkie::runtime::Builder;

use super::{MOST_POINTS, argument, faults};
use crate::fixture::{Folder, run_part};

const NEW: &[u8] = &[b'n'; 100_000];

/// Replaces the file in `folder` in a process that ends at its `nth` call.
fn cut(folder: &Path, nth: usize) -> Output {
    run_part(&["env"], "cut::is_cut", &folder.join(nth.to_string())).unwrap()
}

#[test]
fn regression_86_a_crash_at_any_call_leaves_the_old_content_or_the_new() {
    let folder = Folder::new("cut");
    let path = folder.path().join("file");
    let (mut old_seen, mut new_seen) = (0, 0);
    for nth in 1..MOST_POINTS {
        std::fs::write(&path, b"old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let output = cut(folder.path(), nth);
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
        for entry in std::fs::read_dir(folder.path()).unwrap() {
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

#[test]
#[ignore = "a part of regression_86_a_crash_at_any_call_leaves_the_old_content_or_the_new"]
fn is_cut() {
    let Some((folder, nth)) = argument() else {
        return;
    };
    let Some(faults) = faults() else { return };
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).disable_io_uring();
    let runtime = builder.build().unwrap();
    // The thread is there before anything is counted.
    runtime.block_on(async { fs::try_exists("/").await.unwrap() });
    faults.cut_at(nth.parse().unwrap());
    runtime
        .block_on(fs::replace(folder.join("file"), NEW))
        .unwrap();
    faults.disarm();
}
