//! Files and folders: what a user would notice.

use std::io::{self, SeekFrom};

use selkie::fs::{self, File};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::{Builder, Runtime};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ]
}

/// A folder of this test alone, removed at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("selkie-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn reading_ahead_does_not_move_a_write() {
    let folder = Folder::new("ahead");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = folder.0.join("file");
            fs::write(&path, b"0123456789").await.unwrap();
            let mut file = File::options()
                .read(true)
                .write(true)
                .open(&path)
                .await
                .unwrap();
            file.set_max_buf_size(4);
            assert_eq!(file.read_u8().await.unwrap(), b'0');
            file.write_all(b"ab").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(file.stream_position().await.unwrap(), 3);
            assert_eq!(file.seek(SeekFrom::End(-1)).await.unwrap(), 9);
            assert_eq!(file.read_u8().await.unwrap(), b'9');
            assert_eq!(fs::read(&path).await.unwrap(), b"0ab3456789");
        });
    }
}

#[test]
fn regression_27_a_failed_write_fails_every_flush() {
    let folder = Folder::new("failed");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = folder.0.join("file");
            fs::write(&path, b"x").await.unwrap();
            let mut file = File::open(&path).await.unwrap();
            file.write_all(b"no").await.unwrap();
            assert!(file.flush().await.is_err());
            assert!(file.flush().await.is_err());
            assert!(file.sync_all().await.is_err());
        });
    }
}

#[test]
fn regression_27_a_read_of_nothing_reads_nothing() {
    let folder = Folder::new("nothing");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = folder.0.join("file");
            fs::write(&path, b"abc").await.unwrap();
            let mut file = File::open(&path).await.unwrap();
            assert_eq!(file.read(&mut []).await.unwrap(), 0);
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "abc");
        });
    }
}

#[test]
fn regression_27_a_clone_waits_for_a_write() {
    let folder = Folder::new("clone");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = folder.0.join("file");
            let mut file = File::create(&path).await.unwrap();
            file.write_all(&[1; 1000]).await.unwrap();
            let clone = file.try_clone().await.unwrap();
            assert_eq!(clone.metadata().await.unwrap().len(), 1000);
            file.write_all(&[2; 10]).await.unwrap();
            file.set_len(5).await.unwrap();
            assert_eq!(fs::metadata(&path).await.unwrap().len(), 5);
        });
    }
}

#[test]
fn folders_tell_all_their_entries() {
    let folder = Folder::new("entries");
    for runtime in runtimes() {
        runtime.block_on(async {
            let nested = folder.0.join("a/b/c");
            fs::create_dir_all(&nested).await.unwrap();
            for index in 0..100 {
                fs::write(nested.join(index.to_string()), b"")
                    .await
                    .unwrap();
            }
            let mut entries = fs::read_dir(&nested).await.unwrap();
            let mut names = Vec::new();
            while let Some(entry) = entries.next_entry().await.unwrap() {
                assert!(entry.file_type().await.unwrap().is_file());
                names.push(
                    entry
                        .file_name()
                        .into_string()
                        .unwrap()
                        .parse::<u32>()
                        .unwrap(),
                );
            }
            names.sort_unstable();
            assert_eq!(names, (0..100).collect::<Vec<_>>());
            let error = fs::create_dir(&nested).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            fs::remove_dir_all(folder.0.join("a")).await.unwrap();
            assert!(!fs::try_exists(&nested).await.unwrap());
        });
    }
}
