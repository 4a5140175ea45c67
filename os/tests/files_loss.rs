//! Nothing that a file reported as written is lost, and nothing leaks when a future is dropped.
#![cfg(target_os = "linux")]

mod fixture;

use std::future::{Future, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;

use selkie::fs::{self, File};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::Runtime;

use fixture::{Folder, PART, can_trace, narrow, open_descriptors, run_part};

/// The argument of a part; a part that nobody started has none and does nothing.
fn argument() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

#[test]
fn regression_27_a_runtime_that_stops_does_the_writes_first() {
    let folder = Folder::new("stops-begun");
    let path = folder.0.join("file");
    let runtime = narrow();
    let file = runtime.block_on(async {
        let mut file = File::create(&path).await.unwrap();
        file.write_all(&vec![7; 100_000]).await.unwrap();
        file
    });
    drop(runtime);
    assert!(
        std::fs::read(&path).unwrap() == vec![7; 100_000],
        "not all was written"
    );
    let mut file = file;
    narrow().block_on(file.flush()).unwrap();
}

#[test]
fn regression_27_a_runtime_that_stops_does_a_write_that_waits_for_a_thread() {
    let folder = Folder::new("stops-queued");
    let path = folder.0.join("file");
    let runtime = narrow();
    let (hold, held) = mpsc::channel::<()>();
    let (mut file, mut other) = runtime.block_on(async {
        let mut file = File::create(&path).await.unwrap();
        let other = File::create(folder.0.join("other")).await.unwrap();
        // It keeps the only thread; the write waits in the queue.
        selkie::task::spawn_blocking(move || held.recv());
        file.write_all(b"kept").await.unwrap();
        (file, other)
    });
    runtime.shutdown_background();
    drop(hold);
    narrow().block_on(file.flush()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    // The runtime that stopped takes no more: that is told, not lost.
    let stopped = narrow();
    let handle = stopped.handle().clone();
    stopped.shutdown_background();
    let _context = handle.enter();
    let outcome = poll_once(other.write_all(b"lost"));
    assert!(matches!(outcome, Poll::Ready(Ok(()))));
    for _ in 0..2 {
        assert!(matches!(poll_once(other.flush()), Poll::Ready(Err(_))));
    }
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut cx)
}

#[test]
fn regression_27_reads_and_writes_of_nothing_are_done_at_once() {
    let folder = Folder::new("of-nothing");
    let path = folder.0.join("file");
    narrow().block_on(async {
        let mut file = File::create(&path).await.unwrap();
        assert_eq!(file.write(&[]).await.unwrap(), 0);
        file.flush().await.unwrap();
        assert_eq!(fs::read(&path).await.unwrap(), b"");
    });
}

#[test]
fn a_file_dropped_with_unflushed_data_is_told_of() {
    let folder = Folder::new("unflushed");
    let output = run_part(&["env"], "dropped_unflushed", &folder.0).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let expected = usize::from(cfg!(debug_assertions));
    assert_eq!(
        told.matches("before what was written to it was flushed")
            .count(),
        expected,
        "{told}"
    );
}

#[test]
#[ignore = "a part of a_file_dropped_with_unflushed_data_is_told_of"]
fn dropped_unflushed() {
    let Some(folder) = argument() else { return };
    let runtime = narrow();
    let (hold, held) = mpsc::channel::<()>();
    runtime.block_on(async {
        let mut flushed = File::create(folder.join("flushed")).await.unwrap();
        flushed.write_all(b"kept").await.unwrap();
        flushed.flush().await.unwrap();
        drop(flushed);
        let mut unflushed = File::create(folder.join("unflushed")).await.unwrap();
        selkie::task::spawn_blocking(move || held.recv());
        unflushed.write_all(b"maybe").await.unwrap();
        drop(unflushed);
    });
    drop(hold);
}

type Operation = (
    &'static str,
    fn(PathBuf) -> Pin<Box<dyn Future<Output = io::Result<()>>>>,
);

macro_rules! operations {
    ($($name:ident: |$folder:ident| $body:expr;)*) => {
        const OPERATIONS: &[Operation] = &[$((stringify!($name), |$folder: PathBuf| {
            Box::pin(async move { $body; Ok(()) })
        })),*];
    };
}

operations! {
    read: |at| fs::read(at.join("large")).await?;
    read_cached: |at| fs::read(at.join("small")).await?;
    read_to_string: |at| fs::read_to_string(at.join("small")).await?;
    write: |at| fs::write(at.join("new"), b"new").await?;
    copy: |at| fs::copy(at.join("large"), at.join("copy")).await?;
    metadata: |at| fs::metadata(at.join("small")).await?;
    missing: |at| fs::try_exists(at.join("missing")).await?;
    rename: |at| {
        fs::write(at.join("one"), b"").await?;
        fs::rename(at.join("one"), at.join("two")).await?;
        fs::remove_file(at.join("two")).await?
    };
    folders: |at| {
        fs::create_dir_all(at.join("a/b")).await?;
        fs::remove_dir_all(at.join("a")).await?
    };
    list: |at| {
        let mut entries = fs::read_dir(&at).await?;
        while let Some(entry) = entries.next_entry().await? {
            entry.metadata().await?;
        }
    };
    file: |at| {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(at.join("file"))
            .await?;
        file.write_all(&[1; 5000]).await?;
        file.flush().await?;
        file.rewind().await?;
        let mut clone = file.try_clone().await?;
        clone.read_exact(&mut [0; 5000]).await?;
        file.set_len(10).await?;
        file.sync_all().await?;
        assert_eq!(file.metadata().await?.len(), 10);
        drop(file.into_std().await);
    };
    positional: |at| {
        let file = File::open(at.join("large")).await?;
        file.read_at(vec![0; 100], 50).await.0?;
        file.read_exact_at(vec![0; 70_000], 0).await.0?
    };
    lock: |at| {
        let file = File::open(at.join("large")).await?;
        file.lock().await?;
        file.unlock().await?
    };
    replace: |at| fs::replace(at.join("replaced"), b"content").await?;
}

/// Polls `future` until it is done or was polled `polls` times, and drops it. Whether it was done.
fn drop_after(
    runtime: &Runtime,
    mut future: Pin<Box<dyn Future<Output = io::Result<()>>>>,
    polls: usize,
) -> bool {
    let mut left = polls;
    runtime.block_on(poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        let outcome = future.as_mut().poll(cx);
        match outcome {
            Poll::Ready(outcome) => {
                outcome.unwrap();
                Poll::Ready(true)
            }
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }))
}

#[test]
fn a_future_dropped_at_any_poll_leaks_nothing() {
    let folder = Folder::new("dropped");
    let part = run_part(&["env"], "drop_at_every_poll", &folder.0).unwrap();
    assert!(
        part.status.success(),
        "{}",
        String::from_utf8_lossy(&part.stderr)
    );
}

#[test]
#[ignore = "a part of a_future_dropped_at_any_poll_leaks_nothing, which counts descriptors"]
fn drop_at_every_poll() {
    let Some(folder) = argument() else { return };
    std::fs::write(folder.join("small"), b"small").unwrap();
    std::fs::write(folder.join("large"), vec![7; 100_000]).unwrap();
    let runtime = narrow();
    // The pool's thread and all else that stays is there before anything is counted.
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    let before = open_descriptors();
    for (name, operation) in OPERATIONS {
        let mut polls = 1;
        while !drop_after(&runtime, operation(folder.clone()), polls) {
            // What the pool still has to do comes first.
            runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
            assert_eq!(
                open_descriptors(),
                before,
                "{name}, dropped after {polls} polls"
            );
            polls += 1;
            assert!(polls < 1_000, "{name} does not end");
        }
        let left: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".new"))
            .collect();
        assert!(left.is_empty(), "{name} left {left:?}");
    }
}

/// System calls on files, and what each is made to fail with.
const FAULTS: [(&str, &str); 13] = [
    ("openat", "EMFILE"),
    ("openat2", "EMFILE"),
    ("openat2", "ENOSYS"),
    ("openat2", "EINVAL"),
    ("preadv2", "EINTR"),
    ("preadv2", "EIO"),
    ("read", "EINTR"),
    ("read", "EIO"),
    ("write", "ENOSPC"),
    ("statx", "EIO"),
    ("fcntl", "EIO"),
    ("fsync", "EIO"),
    ("rename", "EIO"),
];

#[test]
fn each_system_call_may_fail_and_nothing_leaks() {
    let folder = Folder::new("faults");
    if !can_trace() {
        return;
    }
    let trace = folder.0.join("trace");
    let at = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let mut injected = 0;
    for (calls, error) in FAULTS {
        for nth in 1.. {
            assert!(nth < 200, "{calls} do not end");
            let inject = format!("inject={calls}:error={error}:when={nth}");
            let (file, replaced, out) = (at("file"), at("replaced"), at("trace"));
            let launcher = [
                "strace", "-f", "-qq", "-o", &out, "-P", &file, "-P", &replaced, "-e", &inject,
            ];
            let output = run_part(&launcher, "with_a_fault", &folder.0).unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{calls} {error} {nth}: {text}");
            if !std::fs::read_to_string(&trace)
                .unwrap()
                .contains("(INJECTED)")
            {
                break;
            }
            injected += 1;
        }
    }
    assert!(injected > 20, "only {injected} calls failed");
}

/// Counts those that failed, of which one fault can make one.
#[derive(Default)]
struct Failures(Vec<&'static str>);

impl Failures {
    fn note<T>(&mut self, what: &'static str, outcome: io::Result<T>) -> Option<T> {
        outcome.map_err(|_| self.0.push(what)).ok()
    }
}

#[test]
#[ignore = "a part of each_system_call_may_fail_and_nothing_leaks"]
fn with_a_fault() {
    let Some(folder) = argument() else { return };
    let (path, replaced) = (folder.join("file"), folder.join("replaced"));
    let _ = std::fs::remove_file(&replaced);
    let old = vec![b'o'; 5_000];
    // The test itself uses another name of the file, for which no call fails.
    let aside = folder.join("aside");
    let _ = std::fs::remove_file(&path);
    std::fs::write(&aside, &old).unwrap();
    std::fs::hard_link(&aside, &path).unwrap();
    let runtime = narrow();
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    let before = open_descriptors();
    let mut failures = Failures::default();
    runtime.block_on(async {
        for _ in 0..2 {
            if let Some(bytes) = failures.note("read", fs::read(&path).await) {
                assert_eq!(bytes, old);
            }
            if let Some(known) = failures.note("metadata", fs::metadata(&path).await) {
                assert_eq!(known.len(), 5_000);
            }
            if let Some(is_there) = failures.note("try_exists", fs::try_exists(&path).await) {
                assert!(is_there);
            }
            if let Some(mut file) = failures.note("open", File::open(&path).await) {
                let mut bytes = Vec::new();
                let read = file.read_to_end(&mut bytes).await;
                if failures.note("read_to_end", read).is_some() {
                    assert_eq!(bytes, old);
                }
                failures.note("sync", file.sync_all().await);
            }
        }
        if failures
            .note("replace", fs::replace(&replaced, b"whole").await)
            .is_some()
        {
            let other_name = folder.join("whole");
            let _ = std::fs::remove_file(&other_name);
            std::fs::hard_link(&replaced, &other_name).unwrap();
            assert_eq!(std::fs::read(&other_name).unwrap(), b"whole");
        }
        let opened = File::options().write(true).open(&path).await;
        if let Some(mut file) = failures.note("open to write", opened) {
            let written = file.write_all(b"new").await;
            let flushed = written.and(file.flush().await);
            if failures.note("write", flushed).is_none() {
                // It failed once: tried again, all is there.
                file.flush().await.unwrap();
            }
            assert!(std::fs::read(&aside).unwrap().starts_with(b"newoo"));
        }
    });
    assert!(
        failures.0.len() <= 1,
        "one fault, and {:?} failed",
        failures.0
    );
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    assert_eq!(open_descriptors(), before);
}
