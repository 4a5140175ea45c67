//! What is cached is answered in place, and nobody sees a difference but the time.
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
use selkie::io::{AsyncReadExt, AsyncSeekExt};
use selkie::runtime::Runtime;
use selkie::time::timeout;

use fixture::{Folder, is_answered_in_place, is_memory, narrow};

/// Takes the only thread of the pool until the sender drops.
fn fill_the_pool(runtime: &Runtime) -> mpsc::Sender<()> {
    let (sender, receiver) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || receiver.recv());
    sender
}

/// What `attempt` comes to while the pool has no thread; anew where the system did not answer in place,
/// which it may refuse at any time, while other processes change folders, for one.
fn without_the_pool<F: Future>(runtime: &Runtime, attempt: impl Fn() -> F) -> F::Output {
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
fn cached_files_need_no_thread_of_the_pool() {
    let folder = Folder::new("in-place");
    let path = folder.file("file", &[7; 10_000]);
    if !is_answered_in_place(&path) {
        return;
    }
    let runtime = narrow();
    // The first question of all teaches what file system the device has.
    runtime.block_on(fs::metadata(&path)).unwrap();
    // That a name is missing is cached once somebody has asked, but where all names are memory.
    assert!(!folder.0.join("missing").exists());
    without_the_pool(&runtime, async || {
        assert_eq!(fs::metadata(&path).await.unwrap().len(), 10_000);
        assert!(fs::symlink_metadata(&path).await.unwrap().is_file());
        assert!(fs::try_exists(&path).await.unwrap());
        assert_eq!(fs::read(&path).await.unwrap(), [7; 10_000]);
        if !is_memory(&path) {
            let missing = fs::read(folder.0.join("missing")).await.unwrap_err();
            assert_eq!(missing.raw_os_error(), Some(libc::ENOENT));
        }
        let mut file = File::options().read(true).open(&path).await.unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, [7; 10_000]);
        assert_eq!(file.metadata().await.unwrap().len(), 10_000);
        assert_eq!(file.seek(SeekFrom::End(-1)).await.unwrap(), 9_999);
        assert_eq!(file.seek(SeekFrom::Current(-9)).await.unwrap(), 9_990);
        assert_eq!(file.stream_position().await.unwrap(), 9_990);
        file.rewind().await.unwrap();
        assert_eq!(file.read_u8().await.unwrap(), 7);
    });
}

#[test]
fn a_read_past_the_limit_goes_to_the_pool() {
    const LIMIT: usize = 64 * 1024;
    let folder = Folder::new("limit");
    let (at, past) = (
        folder.file("at", &[1; LIMIT]),
        folder.file("past", &[2; LIMIT + 1]),
    );
    if !is_answered_in_place(&at) {
        return;
    }
    let runtime = narrow();
    runtime.block_on(fs::metadata(&at)).unwrap();
    let held = fill_the_pool(&runtime);
    runtime.block_on(async {
        assert_eq!(fs::read(&at).await.unwrap().len(), LIMIT);
        let mut reading = pin!(fs::read(&past));
        let first = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
        assert!(first.is_pending(), "read {} bytes in place", LIMIT + 1);
        drop(held);
        assert_eq!(reading.await.unwrap().len(), LIMIT + 1);
    });
}

#[test]
fn reads_in_place_share_the_position_with_all_else() {
    let folder = Folder::new("position");
    let path = folder.file("file", b"0123456789");
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
fn a_named_pipe_is_not_touched_before_a_writer_comes() {
    let folder = Folder::new("fifo");
    let path = folder.0.join("pipe");
    make_fifo(&path);
    let runtime = narrow();
    runtime.block_on(fs::metadata(&path)).unwrap();
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
fn a_named_pipe_ends_with_its_last_writer_and_not_before_the_first() {
    let folder = Folder::new("fifo-end");
    let path = folder.0.join("pipe");
    make_fifo(&path);
    let runtime = narrow();
    runtime.block_on(fs::metadata(&path)).unwrap();
    // Twice: looked up for the first time, and with all known.
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
fn a_file_that_is_memory_needs_no_thread_of_the_pool() {
    const LIMIT: usize = 64 * 1024;
    let path = Path::new("/dev/shm").join(format!("selkie-memory-{}", std::process::id()));
    if std::fs::write(&path, [5; LIMIT]).is_err() {
        return println!("skipped: no /dev/shm");
    }
    let runtime = narrow();
    runtime.block_on(fs::metadata(&path)).unwrap();
    if is_answered_in_place(&path) {
        without_the_pool(&runtime, async || {
            assert_eq!(fs::read(&path).await.unwrap(), [5; LIMIT]);
            let mut file = File::open(&path).await.unwrap();
            for _ in 0..2 {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).await.unwrap();
                assert_eq!(bytes, [5; LIMIT]);
                file.rewind().await.unwrap();
            }
        });
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_seek_that_fails_leaves_the_file_where_it_was() {
    let folder = Folder::new("seek-fails");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let path = folder.file("file", &bytes);
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
fn links_are_followed_or_not_as_asked() {
    let folder = Folder::new("links");
    let path = folder.file("file", b"abc");
    let (link, broken) = (folder.0.join("link"), folder.0.join("broken"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    std::os::unix::fs::symlink(folder.0.join("nothing"), &broken).unwrap();
    narrow().block_on(async {
        // Twice: on the pool, and in place.
        for _ in 0..2 {
            assert!(fs::symlink_metadata(&link).await.unwrap().is_symlink());
            assert_eq!(fs::metadata(&link).await.unwrap().len(), 3);
            assert_eq!(fs::read(&link).await.unwrap(), b"abc");
            assert!(fs::symlink_metadata(&broken).await.unwrap().is_symlink());
            assert!(!fs::try_exists(&broken).await.unwrap());
            let error = fs::metadata(&broken).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            let error = fs::read(folder.0.join("file/below")).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
            assert!(fs::read(&folder.0).await.is_err());
        }
    });
}

#[test]
fn text_that_is_none_is_told() {
    let folder = Folder::new("text");
    let path = folder.file("file", &[0xFF, 0xFE]);
    narrow().block_on(async {
        let error = fs::read_to_string(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    });
}

#[test]
fn a_task_that_reads_on_and_on_lets_others_run() {
    let folder = Folder::new("budget");
    let path = folder.file("file", &[7; 4096]);
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
    let folder = Folder::new("no-runtime");
    let path = folder.file("file", b"abc");
    narrow().block_on(fs::read(&path)).unwrap();
    let outcome = std::panic::catch_unwind(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = pin!(fs::read(&path)).poll(&mut cx);
    });
    assert!(outcome.is_err());
}
