//! Bugs that other runtimes have had in files; the numbers are those of the project's list of known bugs.

mod fixture;

use std::io::SeekFrom;
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::{Builder, Handle};
use selkie::time::timeout;

use fixture::{TempDir, busy_pool, poll_once, runtimes};

const LONG: Duration = Duration::from_secs(30);

#[test]
fn regression_92_a_file_is_converted_to_std_after_a_dropped_operation() {
    let directory = TempDir::new("into-std");
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let path = directory.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        let begin: [fn(&File); 4] = [
            |file| assert!(poll_once(file.set_len(3)).is_pending()),
            |file| assert!(poll_once(file.sync_all()).is_pending()),
            |file| {
                let times = selkie::fs::FileTimes::new();
                assert!(poll_once(file.set_times(times)).is_pending());
            },
            |file| assert!(poll_once(file.try_clone()).is_pending()),
        ];
        for operation in begin {
            let file = File::options()
                .write(true)
                .read(true)
                .open(&path)
                .await
                .unwrap();
            let busy = busy_pool(&Handle::current());
            operation(&file);
            let mut file = file.try_into_std().expect_err("an operation is under way");
            file.set_max_buf_size(1);
            let mut back = pin!(file.into_std());
            assert!(poll_once(back.as_mut()).is_pending());
            drop(busy);
            let std = timeout(LONG, back).await.expect("it hangs");
            assert!(std.metadata().is_ok());
        }
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 3);

        // Who does not wait for it leaves the file to be closed.
        let file = File::options().write(true).open(&path).await.unwrap();
        let busy = busy_pool(&Handle::current());
        assert!(poll_once(file.set_len(5)).is_pending());
        assert!(poll_once(file.into_std()).is_pending());
        drop(busy);
        timeout(LONG, selkie::task::spawn_blocking(|| ()))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 5);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn regression_61_a_failed_write_keeps_its_number() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut file = File::options().write(true).open("/dev/full").await.unwrap();
            file.write_all(b"no room").await.unwrap();
            let system = std::io::Error::from_raw_os_error(libc::ENOSPC);
            let outcomes = [
                file.flush().await,
                file.flush().await,
                file.sync_all().await,
                file.write_all(b"x").await,
                file.shutdown().await,
            ];
            for outcome in outcomes {
                let error = outcome.unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
                assert_eq!(error.to_string(), system.to_string());
            }
        });
    }
}

#[test]
fn operations_on_a_pool_that_has_ended_fail_and_leave_the_file_whole() {
    let directory = TempDir::new("ended-pool");
    let path = directory.path().join("file");
    std::fs::write(&path, vec![b'x'; 4096]).unwrap();
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.handle().clone();
    runtime.shutdown_timeout(Duration::ZERO);
    let operations: [fn(&mut File); 5] = [
        |file| drop(poll_once(file.read(&mut [0; 8]))),
        |file| drop(poll_once(file.seek(SeekFrom::Start(0)))),
        |file| drop(poll_once(file.set_len(0))),
        |file| drop(poll_once(file.write(b"z"))),
        |file| drop(poll_once(file.flush())),
    ];
    let (done, is_done) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let _entered = ended.enter();
        for first in operations {
            for second in operations {
                let std = std::fs::File::options().read(true).write(true).open(&path);
                let mut file = File::from_std(std.unwrap());
                first(&mut file);
                second(&mut file);
                first(&mut file);
            }
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(LONG).expect("an operation hangs");
    thread.join().unwrap();
}

#[test]
fn file_futures_may_be_shared() {
    fn is_shared<T: Send + Sync>(_: &T) {}

    fn all(file: &File) {
        is_shared(&File::open("x"));
        is_shared(&File::create("x"));
        is_shared(&file.sync_all());
        is_shared(&file.sync_data());
        is_shared(&file.set_len(0));
        is_shared(&file.metadata());
        is_shared(&file.try_clone());
        is_shared(&file.set_times(selkie::fs::FileTimes::new()));
    }
    fn consumed(file: File) {
        is_shared(&file.into_std());
    }
    let (_, _) = (all as fn(&File), consumed as fn(File));
}

#[test]
#[should_panic(expected = "`max_buf_size` must be greater than 0")]
fn regression_64_a_file_moves_at_least_a_byte() {
    let directory = TempDir::new("limit");
    let file = std::fs::File::create(directory.path().join("file")).unwrap();
    File::from_std(file).set_max_buf_size(0);
}

#[test]
fn a_seek_from_before_what_was_read_ahead_fails_and_moves_nothing() {
    let directory = TempDir::new("far-back");
    let path = directory.file("file", &vec![7; 200_000]);
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut file = File::open(path).await.unwrap();
        // More than is answered in place: the read is given up, and what it reads stays in the file.
        let busy = busy_pool(&Handle::current());
        assert!(poll_once(file.read(&mut vec![0; 100_000])).is_pending());
        drop(busy);
        let far = timeout(LONG, file.seek(SeekFrom::Current(i64::MIN))).await;
        let error = far.expect("it hangs").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes.len(), 200_000);
    });
}

#[test]
fn a_file_formats_as_stds() {
    let directory = TempDir::new("debug");
    let std = std::fs::File::create(directory.path().join("file")).unwrap();
    let shown = format!("{std:?}");
    let file = File::from_std(std);
    assert_eq!(
        format!("{file:?}"),
        format!("tokio::fs::File {{ std: {shown} }}")
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_huge_buffer_costs_only_the_bytes_that_are_read_into_it() {
    const HUGE: usize = 1 << 32;

    // Pages that this process has, which nobody else's test changes: the most it ever had.
    fn peak_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let line = line.unwrap().split_whitespace().nth(1);
        line.unwrap().parse().unwrap()
    }

    let directory = TempDir::new("huge");
    let path = directory.file("file", b"a few bytes");
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut bytes = Vec::<u8>::new();
        if bytes.try_reserve_exact(HUGE).is_err() {
            return; // The system has no such addresses.
        }
        let mut file = File::open(path).await.unwrap();
        file.set_max_buf_size(HUGE);
        file.read_buf(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"a few bytes");
    });
    assert!(peak_kib() < 1 << 20, "{} KiB", peak_kib());
}

/// A runtime with two threads in its pool, so that what is begun later may overtake.
fn wide() -> selkie::runtime::Runtime {
    let mut builder = Builder::new_current_thread();
    builder
        .max_blocking_threads(2)
        .enable_all()
        .disable_io_uring();
    builder.build().unwrap()
}

#[test]
fn regression_83_a_dropped_set_len_does_not_move_the_position() {
    let directory = TempDir::new("set-len");
    let path = directory.path().join("file");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    std::fs::write(&path, &bytes).unwrap();
    for round in 0..100 {
        wide().block_on(async {
            let mut file = if round % 2 == 0 {
                let mut options = std::fs::File::options();
                File::from_std(options.read(true).write(true).open(&path).unwrap())
            } else {
                let mut options = File::options();
                options.read(true).write(true).open(&path).await.unwrap()
            };
            assert_eq!(file.read_u8().await.unwrap(), 0);
            // Reads ahead, more than it takes.
            let mut large = vec![0; 90_000];
            let release = [(); 2].map(|()| busy_pool(&Handle::current()));
            assert!(poll_once(file.read(&mut large)).is_pending());
            drop(release);
            assert_eq!(file.read_u8().await.unwrap(), 1);
            let _given_up = poll_once(file.set_len(100_000));
            if round % 4 < 2 {
                assert_eq!(file.read_u8().await.unwrap(), 2);
            } else {
                file.write_all(&[2]).await.unwrap();
                file.flush().await.unwrap();
            }
            assert_eq!(file.stream_position().await.unwrap(), 3);
        });
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn regression_89_a_dropped_operation_does_not_run_after_later_ones() {
    let directory = TempDir::new("overtaken");
    let path = directory.path().join("file");
    for round in 0..200 {
        let runtime = if round % 2 == 0 {
            wide()
        } else {
            runtimes().into_iter().next().unwrap()
        };
        runtime.block_on(async {
            std::fs::write(&path, b"").unwrap();
            let file = File::options()
                .read(true)
                .write(true)
                .open(&path)
                .await
                .unwrap();
            let old = vec![b'o'; 1 << 18];
            let _given_up = poll_once(file.write_all_at(old, 0));
            let (written, _) = file.write_at(*b"new", 0).await;
            assert_eq!(written.unwrap(), 3);
            let _given_up = poll_once(file.set_len(1));
            file.set_len(3).await.unwrap();
        });
        drop(runtime);
        // Cut to one byte, and then extended.
        let content = std::fs::read(&path).unwrap();
        assert_eq!(content, b"n\0\0", "in round {round}");
    }
}

#[test]
fn each_kind_of_operation_waits_for_a_dropped_one() {
    let directory = TempDir::new("given-up");
    let path = directory.path().join("file");
    std::fs::write(&path, b"0123456789").unwrap();
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .disable_io_uring()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .await
            .unwrap();
        let release = busy_pool(&Handle::current());
        assert!(poll_once(file.set_len(5)).is_pending());
        // The cached data could be read at once, but it is no longer what the file holds.
        assert!(poll_once(file.read(&mut [0; 10])).is_pending());
        assert!(poll_once(file.read_at(vec![0; 10], 0)).is_pending());
        assert!(poll_once(file.seek(SeekFrom::End(0))).is_pending());
        assert!(poll_once(file.flush()).is_pending());
        assert!(poll_once(file.set_len(6)).is_pending());
        drop(release);
        let mut all = Vec::new();
        timeout(LONG, file.read_to_end(&mut all))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(all, b"01234");
        assert_eq!(file.seek(SeekFrom::End(0)).await.unwrap(), 5);
    });
}
