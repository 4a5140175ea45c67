//! Files and directories: what a user would notice.

mod fixture;

use std::io::{self, SeekFrom};

use selkie::fs::{self, File};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::Runtime;

use fixture::TempDir;

/// Runtimes of all kinds, with a ring and without: nobody must see a difference.
fn runtimes() -> Vec<Runtime> {
    let all = fixture::runtimes().into_iter();
    all.chain(fixture::ringed()).collect()
}

#[test]
fn reading_ahead_does_not_move_a_write() {
    let directory = TempDir::new("ahead");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
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
    let directory = TempDir::new("failed");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
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
    let directory = TempDir::new("nothing");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
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
    let directory = TempDir::new("clone");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
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
fn directories_list_all_their_entries() {
    let directory = TempDir::new("entries");
    for runtime in runtimes() {
        runtime.block_on(async {
            let nested = directory.0.join("a/b/c");
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
            fs::remove_dir_all(directory.0.join("a")).await.unwrap();
            assert!(!fs::try_exists(&nested).await.unwrap());
        });
    }
}

#[test]
fn positional_operations_leave_the_position_be() {
    let directory = TempDir::new("positional");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
            fs::write(&path, b"0123456789").await.unwrap();
            let mut file = File::options()
                .read(true)
                .write(true)
                .open(&path)
                .await
                .unwrap();
            assert_eq!(file.read_u8().await.unwrap(), b'0');
            let (written, word) = file.write_all_at(String::from("abc"), 8).await;
            written.unwrap();
            assert_eq!(word, "abc");
            let (read, bytes) = file.read_at(vec![0; 20], 7).await;
            assert_eq!((read.unwrap(), &bytes[..4]), (4, &b"7abc"[..]));
            let (read, _) = file.read_at([0; 1], 11).await;
            assert_eq!(read.unwrap(), 0);
            let (read, _) = file.read_exact_at(vec![0; 2], 10).await;
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            let (read, two) = file.read_exact_at(vec![0; 2], 9).await;
            read.unwrap();
            assert_eq!(two, b"bc");
            assert_eq!(file.read_u8().await.unwrap(), b'1');
            // What was written before, in the background, is there to be read.
            file.write_all(b"XY").await.unwrap();
            let (read, bytes) = file.read_at(vec![0; 4], 1).await;
            assert_eq!((read.unwrap(), &bytes[..]), (4, &b"1XY4"[..]));
        });
    }
}

#[test]
fn a_failed_positional_write_gives_the_buffer_back() {
    let directory = TempDir::new("gives-back");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
            fs::write(&path, b"x").await.unwrap();
            let file = File::open(&path).await.unwrap();
            let (written, buf) = file.write_at(vec![7; 3], 0).await;
            assert!(written.is_err());
            assert_eq!(buf, [7; 3]);
        });
    }
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_and_no_other_file_remains() {
    let directory = TempDir::new("replace");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
            fs::replace(&path, b"old").await.unwrap();
            let mut reader = File::open(&path).await.unwrap();
            fs::replace(&path, b"new!").await.unwrap();
            let mut text = String::new();
            reader.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "old");
            assert_eq!(fs::read(&path).await.unwrap(), b"new!");
            // A directory cannot be replaced by a file: the new file goes again.
            let inner = directory.0.join("inner");
            fs::create_dir_all(&inner).await.unwrap();
            assert!(fs::replace(&inner, b"no").await.is_err());
            assert!(fs::replace("..", b"no").await.is_err());
            let mut names: Vec<_> = std::fs::read_dir(&directory.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            assert_eq!(names, ["file", "inner"]);
        });
    }
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new("replace-mode");
    let [runtime, _] = fixture::runtimes();
    runtime.block_on(async {
        let path = directory.0.join("file");
        fs::write(&path, b"old").await.unwrap();
        let mode = std::fs::Permissions::from_mode(0o640);
        fs::set_permissions(&path, mode).await.unwrap();
        fs::replace(&path, b"new").await.unwrap();
        let now = fs::metadata(&path).await.unwrap().permissions().mode();
        assert_eq!(now & 0o777, 0o640);
    });
}

#[cfg(unix)]
#[test]
fn a_file_lock_is_waited_for_and_the_wait_can_be_dropped() {
    let directory = TempDir::new("lock");
    for runtime in runtimes() {
        runtime.block_on(async {
            let path = directory.0.join("file");
            let ours = File::create(&path).await.unwrap();
            let theirs = File::open(&path).await.unwrap();
            ours.lock().await.unwrap();
            let refused = theirs.try_lock().await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
            // Waiting for it is given up: afterwards it is not taken behind the caller's back.
            let limit = std::time::Duration::from_millis(5);
            assert!(
                selkie::time::timeout(limit, theirs.lock_shared())
                    .await
                    .is_err()
            );
            ours.unlock().await.unwrap();
            File::open(&path).await.unwrap().try_lock().await.unwrap();
            ours.lock().await.unwrap();
            let waiting = selkie::spawn(async move {
                theirs.lock().await.unwrap();
                theirs
            });
            selkie::task::yield_now().await;
            ours.unlock().await.unwrap();
            let theirs = waiting.await.unwrap();
            assert!(ours.try_lock_shared().await.is_err());
            theirs.unlock().await.unwrap();
            ours.lock_shared().await.unwrap();
            theirs.lock_shared().await.unwrap();
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn disk_space_can_be_reserved() {
    let directory = TempDir::new("room");
    let [runtime, _] = fixture::runtimes();
    runtime.block_on(async {
        let file = File::create(directory.0.join("file")).await.unwrap();
        match file.fallocate(0, 100_000).await {
            Ok(()) => assert_eq!(file.metadata().await.unwrap().len(), 100_000),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                println!("skipped: the file system reserves no room");
            }
            Err(error) => panic!("{error}"),
        }
        assert!(file.fallocate(u64::MAX, 1).await.is_err());
    });
}

#[test]
fn four_thousand_operations_at_once_are_all_done() {
    const FILES: usize = 4_096;
    let directory = TempDir::new("many");
    for runtime in runtimes() {
        runtime.block_on(async {
            // Written before: whoever reads must not meet a file that is being cut to nothing.
            for n in 0..256 {
                let path = directory.0.join(n.to_string());
                fs::write(path, n.to_string()).await.unwrap();
            }
            let tasks: Vec<_> = (0..FILES)
                .map(|n| {
                    let path = directory.0.join((n % 256).to_string());
                    selkie::spawn(async move {
                        let file = File::options()
                            .create(true)
                            .append(true)
                            .open(&path)
                            .await?;
                        let (written, _) = file.write_at(vec![b'x'], 0).await;
                        written?;
                        fs::read(&path).await.map(|bytes| bytes.len())
                    })
                })
                .collect();
            for task in tasks {
                assert!(task.await.unwrap().unwrap() >= 1);
            }
            for n in 0..256 {
                let path = directory.0.join(n.to_string());
                fs::remove_file(path).await.unwrap();
            }
        });
    }
}
