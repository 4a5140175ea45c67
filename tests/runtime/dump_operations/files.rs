//! Rows of files, directories and standard input: what a thread does for a task.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use selkie::fs;
use selkie::io::AsyncReadExt;

use super::table::{Row, check, row};

/// A directory that is removed with what is in it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("selkie-dump-{}", fastrand::u64(..)));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// A FIFO that somebody writes to, so that it can be opened, and that has nothing to read.
    fn fifo(&self, name: &str) -> (PathBuf, std::fs::File) {
        let path = self.0.join(name);
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let writer = OpenOptions::new().read(true).write(true).open(&path);
        (path, writer.unwrap())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn rows(directory: &Directory, run: u32) -> (Vec<Row>, Vec<std::fs::File>) {
    let (whole, keep) = directory.fifo(&format!("whole-{run}"));
    let (stream, keep_too) = directory.fifo(&format!("stream-{run}"));
    let locked = directory.0.join(format!("lock-{run}"));
    let held = std::fs::File::create(&locked).unwrap();
    // SAFETY: an open descriptor.
    assert!(unsafe { libc::flock(held.as_raw_fd(), libc::LOCK_EX) } == 0);
    let rows = vec![
        row("fs::whole_file::read", "fs/whole_file.rs", async move {
            fs::read(whole).await
        }),
        row("poll_read", "fs/file_streams.rs", async move {
            let mut file = fs::File::open(stream).await.unwrap();
            file.read_u8().await
        }),
        row("File>::lock", "fs/lock.rs", lock(locked)),
    ];
    (rows, vec![keep, keep_too, held])
}

async fn lock(path: impl AsRef<Path>) -> std::io::Result<()> {
    fs::File::open(path).await?.lock().await
}

#[test]
fn files() {
    let directory = Directory::new();
    let run = std::cell::Cell::new(0);
    let kept = std::cell::RefCell::new(Vec::new());
    check(|| {
        run.set(run.get() + 1);
        let (rows, keep) = rows(&directory, run.get());
        kept.borrow_mut().extend(keep);
        rows
    });
}
