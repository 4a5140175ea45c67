//! Bytes that dropped reads have read ahead are not lost: the next operation finds them, whoever makes it.
#![allow(unsafe_code)]

mod fixture;

use std::future::Future;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use fixture::{TempDir, busy_pool, poll_once};
use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::{Builder, Handle, Runtime};

/// More than is read in place.
const LARGE: usize = 90_000;
const LONG: Duration = Duration::from_secs(20);

/// A runtime whose pool has one thread.
fn narrow() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(1).enable_all();
    builder.disable_io_uring().build().unwrap()
}

/// Runs `future` on a runtime of its own, in its limit.
fn run<F: Future>(future: F) -> F::Output {
    let limited = async { selkie::time::timeout(LONG, future).await };
    narrow().block_on(limited).expect("ends in its limit")
}

/// Byte `n` is `n`, modulo 251.
fn content() -> Vec<u8> {
    (0..=250).cycle().take(100_000).collect()
}

/// Opens the file at a path.
type Open = fn(&Path) -> File;

/// The ways in which a file comes to be.
const KINDS: [(&str, Open); 2] = [
    ("opened", |path| {
        run(File::options().read(true).write(true).open(path)).unwrap()
    }),
    ("of std's", |path| {
        let mut options = std::fs::File::options();
        File::from_std(options.read(true).write(true).open(path).unwrap())
    }),
];

/// Has `file` read ahead: it stands at 2.
async fn read_ahead(file: &mut File) {
    assert_eq!(file.read_u8().await.unwrap(), 0);
    let release = busy_pool(&Handle::current());
    assert!(poll_once(file.read(&mut vec![0; LARGE])).is_pending());
    drop(release);
    assert_eq!(file.read_u8().await.unwrap(), 1);
}

fn file(directory: &TempDir) -> PathBuf {
    directory.file("file", &content())
}

/// Begins an operation, and does not wait for it.
type StartFunction = fn(&mut File);

const GIVEN_UP: [(&str, StartFunction); 3] = [
    ("a seek", |file| {
        let begun = Pin::new(file).start_seek(std::io::SeekFrom::Current(10));
        begun.unwrap();
    }),
    ("a cut", |file| {
        assert!(poll_once(file.set_len(100_000)).is_pending());
    }),
    ("a write at a place", |file| {
        assert!(poll_once(file.write_all_at(vec![2], 2)).is_pending());
    }),
];

#[test]
fn an_operation_that_its_runtime_never_ran_has_not_moved_the_position() {
    let directory = TempDir::new("ahead-of-the-end");
    let path = file(&directory);
    for (kind, open) in KINDS {
        for (name, begin) in GIVEN_UP {
            let mut file = open(&path);
            let first = narrow();
            first.block_on(read_ahead(&mut file));
            let release = first.block_on(async { busy_pool(&Handle::current()) });
            first.block_on(async { begin(&mut file) });
            first.shutdown_background();
            drop(release);
            run(async {
                let mut byte = [0];
                // The operation that was given up may be reported, once.
                let read = file.read_exact(&mut byte).await;
                if read.is_err() {
                    file.read_exact(&mut byte).await.unwrap();
                }
                // In place a seek is done at once.
                let expected = if byte == [12] && (kind, name) == ("opened", "a seek") {
                    12
                } else {
                    2
                };
                assert_eq!(byte, [expected], "{name} on a file {kind}");
                let at = file.stream_position().await;
                let at = match at {
                    Err(_) => file.stream_position().await.unwrap(),
                    Ok(at) => at,
                };
                assert_eq!(at, u64::from(expected) + 1, "{name} on a file {kind}");
            });
        }
    }
}

#[test]
fn bytes_written_by_position_are_read_although_old_ones_were_read_ahead() {
    let directory = TempDir::new("ahead-of-a-write");
    for (kind, open) in KINDS {
        let path = file(&directory);
        let mut file = open(&path);
        run(async {
            read_ahead(&mut file).await;
            file.write_all_at(*b"new", 2).await.0.unwrap();
            let mut bytes = [0; 4];
            file.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"new\x05", "in a file {kind}");
            // The same of a single write.
            file.rewind().await.unwrap();
            read_ahead(&mut file).await;
            file.write_at(*b"two", 2).await.0.unwrap();
            file.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"two\x05", "in a file {kind}");
        });
    }
}

#[test]
fn other_users_of_a_file_find_the_position_where_its_reads_ended() {
    let directory = TempDir::new("ahead-of-others");
    let path = file(&directory);
    for (kind, open) in KINDS {
        let ahead = || {
            let mut file = open(&path);
            run(read_ahead(&mut file));
            file
        };
        // By the pool, and where there is no runtime: there only what nobody else has goes back.
        let mut std = run(ahead().into_std());
        assert_eq!(std.stream_position().unwrap(), 2, "of a file {kind}");
        let mut byte = [0];
        std.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [2]);
        let mut file = ahead();
        run(async {
            let mut clone = file.try_clone().await.unwrap();
            assert_eq!(clone.read_u8().await.unwrap(), 2, "of a file {kind}");
            assert_eq!(file.read_u8().await.unwrap(), 3, "of a file {kind}");
        });
    }
    #[cfg(target_os = "linux")]
    if fixture::is_answered_in_place(&path) {
        let opened = KINDS[0].1;
        let mut file = opened(&path);
        run(read_ahead(&mut file));
        let mut std = file.try_into_std().unwrap();
        assert_eq!(std.stream_position().unwrap(), 2);
        let mut file = opened(&path);
        run(read_ahead(&mut file));
        let fd = std::os::fd::AsFd::as_fd(&file);
        let mut std = std::fs::File::from(fd.try_clone_to_owned().unwrap());
        assert_eq!(std.stream_position().unwrap(), 2);
        assert_eq!(run(file.read_u8()).unwrap(), 2);
        std.read_exact(&mut [0]).unwrap();
        assert_eq!(run(file.read_u8()).unwrap(), 4);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_descriptor_exposed_during_a_read_that_never_runs_keeps_its_position() {
    let directory = TempDir::new("ahead-of-a-look");
    let path = file(&directory);
    if !fixture::is_answered_in_place(&path) {
        return;
    }
    let mut file = KINDS[0].1(&path);
    let first = narrow();
    first.block_on(async {
        // In place: the system's own position stays behind.
        assert_eq!(file.read_u8().await.unwrap(), 0);
    });
    let release = first.block_on(async { busy_pool(&Handle::current()) });
    first.block_on(async {
        assert!(poll_once(file.read(&mut vec![0; LARGE])).is_pending());
    });
    let _shown = std::os::fd::AsFd::as_fd(&file);
    first.shutdown_background();
    drop(release);
    run(async {
        let mut byte = [0];
        if file.read_exact(&mut byte).await.is_err() {
            file.read_exact(&mut byte).await.unwrap();
        }
        assert_eq!(byte, [1]);
    });
}

/// A pipe that goes on as a file has no place to go back to: what was read ahead stays.
#[test]
#[cfg(unix)]
fn bytes_read_ahead_from_a_pipe_are_not_lost() {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut file = File::from(OwnedFd::from(reader));
    run(async {
        let release = busy_pool(&Handle::current());
        assert!(poll_once(file.read(&mut [0; 8])).is_pending());
        writer.write_all(b"abcdef").unwrap();
        drop(release);
        assert_eq!(file.read_u8().await.unwrap(), b'a');
        file.set_len(0).await.unwrap_err();
        file.write_at(*b"x", 0).await.0.unwrap_err();
        let _clone = file.try_clone().await.unwrap();
        assert_eq!(file.read_u8().await.unwrap(), b'b');
        drop(writer);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"cdef");
        file.write_all(b"x").await.unwrap();
        file.flush().await.unwrap_err();
    });
}

/// A terminal that passes bytes on as they are, and its other end.
#[cfg(target_os = "linux")]
fn terminal() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    use std::os::fd::{FromRawFd, OwnedFd};
    use std::ptr::null_mut;

    let (mut theirs, mut ours) = (-1, -1);
    // SAFETY: zeros are a `termios`.
    let mut mode: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the call changes one `termios`.
    unsafe { libc::cfmakeraw(&raw mut mode) };
    // A read waits for a byte.
    mode.c_cc[libc::VMIN] = 1;
    let (to_theirs, to_ours) = (&raw mut theirs, &raw mut ours);
    // SAFETY: the call writes two numbers and reads one `termios`.
    let made = unsafe { libc::openpty(to_theirs, to_ours, null_mut(), &raw mut mode, null_mut()) };
    assert_eq!(made, 0);
    // SAFETY: the descriptor was just made, and nobody else has it.
    let theirs = unsafe { OwnedFd::from_raw_fd(theirs) };
    // SAFETY: as above.
    (unsafe { OwnedFd::from_raw_fd(ours) }, theirs)
}

/// What was read of a socket or a terminal by a read that was given up is there once: whatever else is done with it, the next
/// reads hand it out.
#[test]
#[cfg(target_os = "linux")]
fn bytes_read_ahead_from_a_socket_or_terminal_are_there_after_a_write() {
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let (ours, theirs) = UnixStream::pair().unwrap();
    let ends = [(OwnedFd::from(ours), OwnedFd::from(theirs)), terminal()];
    for (ours, theirs) in ends {
        let (mut file, mut theirs) = (File::from(ours), std::fs::File::from(theirs));
        let sent: Vec<u8> = (0..100).collect();
        theirs.write_all(&sent).unwrap();
        run(async {
            let mut received = [0; 100];
            let release = busy_pool(&Handle::current());
            // It takes all hundred, when it runs.
            assert!(poll_once(file.read(&mut [0; 100])).is_pending());
            drop(release);
            file.read_exact(&mut received[..10]).await.unwrap();
            file.write_all(b"reply").await.unwrap();
            file.flush().await.unwrap();
            let mut reply = [0; 5];
            theirs.read_exact(&mut reply).unwrap();
            assert_eq!(&reply, b"reply");
            file.read_exact(&mut received[10..20]).await.unwrap();
            file.seek(std::io::SeekFrom::Start(0)).await.unwrap_err();
            file.read_exact(&mut received[20..30]).await.unwrap();
            file.set_len(0).await.unwrap_err();
            // A write that the pool does later, and a read right after.
            file.write_all(b"again").await.unwrap();
            file.read_exact(&mut received[30..]).await.unwrap();
            assert_eq!(&received[..], &sent[..]);
            theirs.write_all(b"more").unwrap();
            let mut more = [0; 4];
            file.read_exact(&mut more).await.unwrap();
            assert_eq!(&more, b"more");
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_descriptor_exposed_during_a_read_has_the_position_after_the_finished_reads() {
    let directory = TempDir::new("ahead-of-a-descriptor");
    let path = file(&directory);
    if !fixture::is_answered_in_place(&path) {
        return;
    }
    let mut file = KINDS[0].1(&path);
    let runtime = narrow();
    runtime.block_on(async {
        file.read_exact(&mut [0; 5]).await.unwrap();
        let release = busy_pool(&Handle::current());
        assert!(poll_once(file.read(&mut vec![0; LARGE])).is_pending());
        let shown = std::os::fd::AsFd::as_fd(&file).try_clone_to_owned();
        let mut shown = std::fs::File::from(shown.unwrap());
        assert_eq!(shown.stream_position().unwrap(), 5);
        drop(release);
        assert_eq!(file.read_u8().await.unwrap(), 5);
    });
}
