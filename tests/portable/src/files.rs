//! Files and directories.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use selkie::fs;
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};

/// A directory of this process's own.
pub(crate) async fn fresh_directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("selkie-portable-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::create_dir_all(&path).await.expect("create a directory");
    path
}

pub(crate) async fn round_trip() {
    let directory = fresh_directory().await;
    let path = directory.join("file");
    let mut file = fs::File::create(&path).await.expect("create");
    let bytes: Vec<u8> = (0..100_000_u32).map(|index| index as u8).collect();
    file.write_all(&bytes).await.expect("write");
    file.flush().await.expect("flush");
    drop(file);
    let mut file = fs::File::open(&path).await.expect("open");
    file.seek(SeekFrom::Start(50_000)).await.expect("seek");
    let mut half = Vec::new();
    file.read_to_end(&mut half).await.expect("read");
    assert!(half == bytes[50_000..], "what was read differs");
    // An open file cannot be renamed everywhere.
    drop(file);
    let renamed = directory.join("renamed");
    fs::rename(&path, &renamed).await.expect("rename");
    let length = fs::metadata(&renamed).await.expect("metadata").len();
    assert_eq!(length, 100_000);
    fs::remove_dir_all(&directory).await.expect("remove");
}

pub(crate) async fn directory() {
    let directory = fresh_directory().await;
    for number in 0..10 {
        let path = directory.join(format!("file{number}"));
        fs::write(path, b"x").await.expect("write");
    }
    let mut entries = fs::read_dir(&directory).await.expect("list");
    let mut count = 0;
    while let Some(entry) = entries.next_entry().await.expect("an entry") {
        assert!(entry.file_name().to_string_lossy().starts_with("file"));
        count += 1;
    }
    assert_eq!(count, 10);
    fs::remove_dir_all(&directory).await.expect("remove");
}
