//! Files by the runtime's completion ring, where the system has one.

use std::sync::Arc;

use selkie::fs::{self, File};
use selkie::task::JoinSet;

use crate::files::fresh_directory;

/// Bytes of one operation: more than is ever read in place.
const PART: usize = 128 * 1024;
/// Operations at once.
const PARTS: u8 = 8;

/// Whether this process holds a ring now: the runtime says so to nobody, but the system lists it.
pub(crate) fn is_there() -> bool {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        return false;
    };
    open.flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .any(|target| target.to_string_lossy().contains("[io_uring]"))
}

/// Writes, syncs and reads a file in parts, all at once; by the pool where there is no ring.
pub(crate) async fn file() {
    let directory = fresh_directory().await;
    let path = directory.join("parts");
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let file = Arc::new(options.open(&path).await.expect("create"));
    let mut writes = JoinSet::new();
    for part in 0..PARTS {
        let file = Arc::clone(&file);
        writes.spawn(async move {
            let place = u64::from(part) * PART as u64;
            let (written, buf) = file.write_all_at(vec![part; PART], place).await;
            written.expect("write");
            assert_eq!(buf.len(), PART, "the buffer comes back");
        });
    }
    while let Some(ended) = writes.join_next().await {
        ended.expect("no panic");
    }
    file.sync_data().await.expect("sync the data");
    file.sync_all().await.expect("sync all");
    let mut reads = JoinSet::new();
    for part in 0..PARTS {
        let file = Arc::clone(&file);
        reads.spawn(async move {
            let place = u64::from(part) * PART as u64;
            let (read, buf) = file.read_at(vec![u8::MAX; PART], place).await;
            assert_eq!(read.expect("read"), PART);
            assert!(buf.iter().all(|&byte| byte == part), "part {part} differs");
        });
    }
    while let Some(ended) = reads.join_next().await {
        ended.expect("no panic");
    }
    let end = u64::from(PARTS) * PART as u64;
    let (read, _) = file.read_at(vec![0; PART], end).await;
    assert_eq!(read.expect("read at the end"), 0);
    let lost = File::open(directory.join("absent")).await;
    assert!(lost.is_err(), "a file that is not there was opened");
    drop(file);
    fs::remove_dir_all(&directory).await.expect("remove");
}
