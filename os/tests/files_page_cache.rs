//! Cached bytes are read in place, and nothing differs but the time.
//!
//! Length      one table of files and calls, and what it takes to empty the page cache.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::ffi::CString;
use std::future::{Future, poll_fn};
use std::io::{self, SeekFrom, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use selkie::fs::{self, File};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::Runtime;
use selkie::time::timeout;

use fixture::{TempDir, is_answered_in_place, narrow};

/// Takes the only thread of the pool until the sender drops.
fn fill_the_pool(runtime: &Runtime) -> mpsc::Sender<()> {
    let (sender, receiver) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || receiver.recv());
    sender
}

/// The result of `attempt` while the pool has no free thread. It is tried again if the system did not answer in
/// place, which it may refuse at any time, for example while it writes the file back.
fn without_the_pool<R>(runtime: &Runtime, mut attempt: impl AsyncFnMut() -> R) -> R {
    for _ in 0..20 {
        let held = fill_the_pool(runtime);
        let limited = async { timeout(Duration::from_secs(2), attempt()).await };
        let outcome = runtime.block_on(limited);
        drop(held);
        if let Ok(outcome) = outcome {
            return outcome;
        }
    }
    panic!("not answered in place, 20 times in a row");
}

fn make_fifo(path: &Path) {
    let name = CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: the system reads a string that ends with a zero.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

#[test]
fn cached_bytes_of_an_open_file_need_no_thread_of_the_pool() {
    let directory = TempDir::new("in-place");
    let path = directory.file("file", &[7; 10_000]);
    if !is_answered_in_place(&path) {
        return;
    }
    let runtime = narrow();
    let mut file = runtime.block_on(File::open(&path)).unwrap();
    without_the_pool(&runtime, async || {
        file.rewind().await.unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, [7; 10_000]);
        assert_eq!(file.metadata().await.unwrap().len(), 10_000);
        assert_eq!(file.seek(SeekFrom::End(-1)).await.unwrap(), 9_999);
        assert_eq!(file.seek(SeekFrom::Current(-9)).await.unwrap(), 9_990);
        assert_eq!(file.stream_position().await.unwrap(), 9_990);
        file.rewind().await.unwrap();
        assert_eq!(file.read_u8().await.unwrap(), 7);
        let (read, bytes) = file.read_at(vec![0; 10], 9_995).await;
        assert_eq!((read.unwrap(), &bytes[..5]), (5, &[7; 5][..]));
    });
}

/// What is pending when it is first polled, while the pool has no thread.
fn is_left_to_the_pool<F: Future>(runtime: &Runtime, question: F) -> F::Output {
    let held = fill_the_pool(runtime);
    runtime.block_on(async {
        let mut question = pin!(question);
        let first = poll_fn(|cx| Poll::Ready(question.as_mut().poll(cx))).await;
        assert!(first.is_pending(), "answered in place");
        drop(held);
        question.await
    })
}

#[test]
fn a_read_past_the_limit_goes_to_the_pool() {
    const LIMIT: usize = 64 * 1024;
    let directory = TempDir::new("limit");
    let path = directory.file("file", &[1; LIMIT + 1]);
    if !is_answered_in_place(&path) {
        return;
    }
    let runtime = narrow();
    let mut file = runtime.block_on(File::open(&path)).unwrap();
    let mut bytes = vec![0; LIMIT + 1];
    let read = without_the_pool(&runtime, async || {
        file.rewind().await.unwrap();
        file.read(&mut bytes[..LIMIT]).await
    });
    assert_eq!(read.unwrap(), LIMIT);
    runtime.block_on(file.rewind()).unwrap();
    let read = is_left_to_the_pool(&runtime, file.read(&mut bytes));
    assert_eq!(read.unwrap(), LIMIT + 1);
}

#[test]
fn regression_60_no_path_is_looked_up_where_a_task_runs() {
    let directory = TempDir::new("paths");
    let path = directory.file("file", &[7; 100]);
    let runtime = narrow();
    for _ in 0..2 {
        let opened = is_left_to_the_pool(&runtime, File::open(&path));
        assert!(opened.is_ok());
        assert!(is_left_to_the_pool(&runtime, File::options().read(true).open(&path)).is_ok());
        assert!(is_left_to_the_pool(&runtime, fs::metadata(&path)).is_ok());
        assert!(is_left_to_the_pool(&runtime, fs::symlink_metadata(&path)).is_ok());
        assert!(is_left_to_the_pool(&runtime, fs::try_exists(&path)).unwrap());
        assert_eq!(
            is_left_to_the_pool(&runtime, fs::read(&path)).unwrap(),
            [7; 100]
        );
    }
}

#[test]
fn regression_88_no_worker_waits_for_the_position_of_a_shared_file() {
    let directory = TempDir::new("shared");
    let path = directory.file("file", b"0123456789");
    let runtime = narrow();
    let open = || runtime.block_on(File::open(&path)).unwrap();
    let mut two = [0; 2];
    let of_std = File::from_std(std::fs::File::open(&path).unwrap());
    let cloned = open();
    let clone = runtime.block_on(cloned.try_clone()).unwrap();
    let lent = open();
    let _descriptor = std::os::fd::AsFd::as_fd(&lent);
    let raw = open();
    let _number = std::os::fd::AsRawFd::as_raw_fd(&raw);
    for mut file in [of_std, cloned, clone, lent, raw] {
        is_left_to_the_pool(&runtime, file.read_exact(&mut two)).unwrap();
        is_left_to_the_pool(&runtime, file.seek(SeekFrom::Start(0))).unwrap();
    }
}

#[test]
fn a_runtime_without_in_place_reads_uses_the_pool_for_all() {
    let directory = TempDir::new("off");
    let path = directory.file("file", b"0123456789");
    let mut builder = selkie::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(1).enable_time();
    let runtime = builder.disable_files_in_place().build().unwrap();
    let mut file = runtime.block_on(File::open(&path)).unwrap();
    let mut two = [0; 2];
    assert_eq!(
        is_left_to_the_pool(&runtime, file.read(&mut two)).unwrap(),
        2
    );
    assert_eq!(is_left_to_the_pool(&runtime, file.rewind()).unwrap(), 0);
    assert_eq!(
        is_left_to_the_pool(&runtime, file.metadata())
            .unwrap()
            .len(),
        10
    );
    let (read, _) = is_left_to_the_pool(&runtime, file.read_at(vec![0; 4], 1));
    assert_eq!(read.unwrap(), 4);
}

/// Where the system says that `file` stands.
fn position(mut file: &std::fs::File) -> u64 {
    io::Seek::stream_position(&mut file).unwrap()
}

#[test]
fn an_exposed_descriptor_has_the_position_up_to_which_the_file_was_read() {
    use std::os::fd::AsFd;
    let directory = TempDir::new("shown");
    let path = directory.file("file", b"0123456789");
    let runtime = narrow();
    let read = |bytes: usize| {
        let mut file = runtime.block_on(File::open(&path)).unwrap();
        let mut buf = vec![0; bytes];
        runtime.block_on(file.read_exact(&mut buf)).unwrap();
        file
    };
    let lent = read(3);
    let dup = std::fs::File::from(lent.as_fd().try_clone_to_owned().unwrap());
    assert_eq!(position(&dup), 3);
    // It stays shared: what the other does moves this handle.
    let mut lent = lent;
    assert_eq!(runtime.block_on(lent.read_u8()).unwrap(), b'3');
    io::Seek::seek(&mut &dup, SeekFrom::Start(8)).unwrap();
    assert_eq!(runtime.block_on(lent.read_u8()).unwrap(), b'8');
    assert_eq!(position(&runtime.block_on(read(4).into_std())), 4);
    assert_eq!(position(&read(5).try_into_std().unwrap()), 5);
    let cloned = read(6);
    let mut clone = runtime.block_on(cloned.try_clone()).unwrap();
    assert_eq!(runtime.block_on(clone.read_u8()).unwrap(), b'6');
}

#[test]
fn an_operation_at_the_systems_position_continues_where_a_read_in_place_ended() {
    let directory = TempDir::new("mixed");
    let path = directory.file("file", b"0123456789");
    let runtime = narrow();
    runtime.block_on(async {
        let mut file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .await
            .unwrap();
        assert_eq!(file.read_u8().await.unwrap(), b'0');
        file.write_all(b"ab").await.unwrap();
        assert_eq!(file.read_u8().await.unwrap(), b'3');
        assert_eq!(file.stream_position().await.unwrap(), 4);
        file.write_all(b"c").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0ab3c56789");
        assert_eq!(file.read_u8().await.unwrap(), b'5');
        // Each write to the end, wherever it was read.
        let mut log = File::options()
            .read(true)
            .append(true)
            .open(&path)
            .await
            .unwrap();
        assert_eq!(log.read_u8().await.unwrap(), b'0');
        log.write_all(b"!").await.unwrap();
        log.flush().await.unwrap();
        assert_eq!(log.stream_position().await.unwrap(), 11);
        log.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(log.read_u8().await.unwrap(), b'b');
        log.write_all(b"?").await.unwrap();
        log.flush().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"0ab3c56789!?");
        assert_eq!(log.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn an_operation_that_never_ran_has_moved_nothing() {
    let directory = TempDir::new("never-ran");
    let path = directory.file(
        "file",
        &(0..=255).cycle().take(200_000).collect::<Vec<u8>>(),
    );
    let (first, second) = (narrow(), narrow());
    let mut file = first.block_on(File::open(&path)).unwrap();
    first.block_on(async { assert_eq!(file.read_u16().await.unwrap(), 1) });
    // More than is read in place, for a pool that comes to its end before.
    let held = fill_the_pool(&first);
    let mut large = vec![0; 100_000];
    first.block_on(begin(pin!(file.read(&mut large))));
    first.shutdown_background();
    drop(held);
    second.block_on(async {
        assert!(
            file.read(&mut large).await.is_err(),
            "its runtime has dropped it"
        );
        assert_eq!(file.read_u8().await.unwrap(), 2);
        assert_eq!(file.read(&mut large).await.unwrap(), large.len());
        assert_eq!(large[0], 3);
    });
}

#[test]
fn reads_in_place_share_the_position_with_other_operations() {
    let directory = TempDir::new("position");
    let path = directory.file("file", b"0123456789");
    narrow().block_on(async {
        let mut file = File::open(&path).await.unwrap();
        let mut two = [0; 2];
        file.read_exact(&mut two).await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        clone.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"23");
        assert_eq!(file.stream_position().await.unwrap(), 4);
        file.seek(SeekFrom::End(-1)).await.unwrap();
        assert_eq!(file.read(&mut two).await.unwrap(), 1);
        assert_eq!(file.read(&mut two).await.unwrap(), 0);
        // A file that grows goes on where it ended.
        let mut writer = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        writer.write_all(b"ab").unwrap();
        assert_eq!(file.read(&mut two).await.unwrap(), 2);
        assert_eq!(&two, b"ab");
    });
}

#[test]
fn files_of_no_device_are_read_whole() {
    narrow().block_on(async {
        let version = fs::read_to_string("/proc/version").await.unwrap();
        assert_eq!(version, std::fs::read_to_string("/proc/version").unwrap());
        let mut text = String::new();
        let mut file = File::open("/proc/version").await.unwrap();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, version);
        assert!(fs::metadata("/proc/self").await.unwrap().is_dir());
    });
}

#[test]
fn a_named_pipe_is_not_read_before_a_writer_opens_it() {
    let directory = TempDir::new("fifo");
    let path = directory.0.join("pipe");
    make_fifo(&path);
    let runtime = narrow();
    let (writer, reader) = runtime.block_on(async {
        let writing = path.clone();
        let writer = std::thread::spawn(move || std::fs::write(writing, b"through"));
        let text = fs::read_to_string(&path).await.unwrap();
        (writer, text)
    });
    assert_eq!(reader, "through");
    writer.join().unwrap().unwrap();
}

/// Polls `future` once, which is not done by that.
async fn begin(mut future: std::pin::Pin<&mut impl Future<Output: std::fmt::Debug>>) {
    let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "{first:?}");
}

/// Opens the named pipe at `path` to be written as soon as there is a reader.
fn open_for_reader(path: &Path) -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    loop {
        let mut options = std::fs::OpenOptions::new();
        let opened = options
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path);
        match opened {
            Ok(writer) => return writer,
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ENXIO), "{error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_named_pipe_ends_after_its_last_writer_and_not_before_its_first() {
    let directory = TempDir::new("fifo-end");
    let path = directory.0.join("pipe");
    make_fifo(&path);
    let runtime = narrow();
    for text in ["", "through"] {
        runtime.block_on(async {
            let mut reading = pin!(fs::read_to_string(&path));
            begin(reading.as_mut()).await;
            let mut writer = open_for_reader(&path);
            begin(reading.as_mut()).await;
            writer.write_all(text.as_bytes()).unwrap();
            begin(reading.as_mut()).await;
            drop(writer);
            assert_eq!(reading.await.unwrap(), text);
        });
    }
}

#[test]
fn a_file_in_memory_needs_no_thread_of_the_pool() {
    const LIMIT: usize = 64 * 1024;
    let path = Path::new("/dev/shm").join(format!("selkie-memory-{}", std::process::id()));
    if std::fs::write(&path, [5; LIMIT]).is_err() {
        return println!("skipped: no /dev/shm");
    }
    let runtime = narrow();
    let mut file = runtime.block_on(File::open(&path)).unwrap();
    if is_answered_in_place(&path) {
        without_the_pool(&runtime, async || {
            for _ in 0..2 {
                file.rewind().await.unwrap();
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).await.unwrap();
                assert_eq!(bytes, [5; LIMIT]);
            }
        });
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_seek_that_fails_leaves_the_file_where_it_was() {
    let directory = TempDir::new("seek-fails");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let path = directory.file("file", &bytes);
    let runtime = narrow();
    runtime.block_on(async {
        let mut file = File::open(&path).await.unwrap();
        assert_eq!(file.read_u8().await.unwrap(), 0);
        // Reads ahead: what was asked for is more than is read in place, and more than is taken.
        let mut large = vec![0; 90_000];
        let held = fill_the_pool(&runtime);
        begin(pin!(file.read(&mut large))).await;
        drop(held);
        assert_eq!(file.read_u8().await.unwrap(), 1);
        let error = file.seek(SeekFrom::Current(-3)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(file.read_u8().await.unwrap(), 2);
    });
}

#[test]
fn links_are_followed_only_if_requested() {
    let directory = TempDir::new("links");
    let path = directory.file("file", b"abc");
    let (link, broken) = (directory.0.join("link"), directory.0.join("broken"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    std::os::unix::fs::symlink(directory.0.join("nothing"), &broken).unwrap();
    narrow().block_on(async {
        for _ in 0..2 {
            assert!(fs::symlink_metadata(&link).await.unwrap().is_symlink());
            assert_eq!(fs::metadata(&link).await.unwrap().len(), 3);
            assert_eq!(fs::read(&link).await.unwrap(), b"abc");
            assert!(fs::symlink_metadata(&broken).await.unwrap().is_symlink());
            assert!(!fs::try_exists(&broken).await.unwrap());
            let error = fs::metadata(&broken).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            let error = fs::read(directory.0.join("file/below")).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
            assert!(fs::read(&directory.0).await.is_err());
        }
    });
}

#[test]
fn a_file_that_is_not_utf_8_is_an_error() {
    let directory = TempDir::new("text");
    let path = directory.file("file", &[0xFF, 0xFE]);
    narrow().block_on(async {
        let error = fs::read_to_string(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    });
}

#[test]
fn a_task_that_reads_without_pause_lets_others_run() {
    let directory = TempDir::new("budget");
    let path = directory.file("file", &[7; 4096]);
    narrow().block_on(async {
        let other = selkie::spawn(async {});
        let mut file = File::open(&path).await.unwrap();
        let mut byte = [0];
        let mut reads = 0;
        while !other.is_finished() {
            assert_eq!(
                file.read(&mut byte).await.unwrap(),
                1,
                "after {reads} reads"
            );
            reads += 1;
        }
        assert!(reads <= 129, "{reads} reads in one poll");
    });
}

#[test]
fn without_a_runtime_the_cache_makes_no_difference() {
    let directory = TempDir::new("no-runtime");
    let path = directory.file("file", b"abc");
    narrow().block_on(fs::read(&path)).unwrap();
    let outcome = std::panic::catch_unwind(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = pin!(fs::read(&path)).poll(&mut cx);
    });
    assert!(outcome.is_err());
}

#[test]
fn a_descriptor_exposed_during_a_write_has_the_position_where_the_write_ends() {
    use std::os::fd::AsRawFd;
    let directory = TempDir::new("shown-busy");
    let path = directory.file("file", &[b'.'; 30]);
    let runtime = narrow();
    runtime.block_on(async {
        let mut options = File::options();
        let mut file = options.read(true).write(true).open(&path).await.unwrap();
        // In place: the system's position stays behind.
        file.read_exact(&mut [0; 10]).await.unwrap();
        assert_eq!(file.write(b"AAAAA").await.unwrap(), 5);
        // The pool's one thread has done that before it does this; nobody has looked at the outcome.
        selkie::task::spawn_blocking(|| ()).await.unwrap();
        let _number = file.as_raw_fd();
        file.write_all(b"BBBBB").await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(
        std::fs::read(&path).unwrap(),
        *b"..........AAAAABBBBB.........."
    );
}

/// Most seeks are answered without asking the system, and none differently.
#[test]
fn a_seek_has_the_same_result_as_the_systems_own() {
    use std::io::Seek;

    const LEN: i64 = 10_000;
    let directory = TempDir::new("seeks");
    let path = directory.file("file", &[7; LEN as usize]);
    let (far, end) = (1 << 31, i64::MAX as u64);
    let mut targets = vec![SeekFrom::Current(0), SeekFrom::Current(i64::MIN)];
    targets.extend(
        [0, 5, far - 1, far, far + 1, 1 << 44, end, end + 1, u64::MAX].map(SeekFrom::Start),
    );
    targets.extend([0, -LEN, -LEN - 1, 3, 1 << 40, i64::MAX].map(SeekFrom::End));
    targets.extend([7, -3, -12, LEN, 1 << 40, i64::MAX].map(SeekFrom::Current));
    narrow().block_on(async {
        for first in &targets {
            for second in &targets {
                let mut theirs = std::fs::File::open(&path).unwrap();
                let mut ours = File::open(&path).await.unwrap();
                for target in [SeekFrom::Start(9), *first, *second, SeekFrom::Current(0)] {
                    let told = ours.seek(target).await.map_err(|error| error.kind());
                    let expected = theirs.seek(target).map_err(|error| error.kind());
                    assert_eq!(told, expected, "{first:?}, {second:?}: {target:?}");
                }
                let mut ours = ours.into_std().await;
                let at = ours.stream_position().unwrap();
                assert_eq!(
                    at,
                    theirs.stream_position().unwrap(),
                    "{first:?}, {second:?}"
                );
            }
        }
    });
}
