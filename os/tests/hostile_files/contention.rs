//! Others that use the same file meanwhile: they read through the same open file, hold locks, or hold leases.
#![allow(unsafe_code)]

use std::fs::File as StdFile;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use selkie::fs::{self, File};
use selkie::io::AsyncReadExt;
use selkie::runtime::Builder;

use crate::fuse_server::{Plan, ServerMode};
use crate::kinds::{FEW, KINDS};
use crate::operations::BoxedOperation;
use crate::place::FileSystemKind;
use crate::points::place;
use crate::report::PartReport;
use crate::scenario::{FileOperation, HANDLED, ends_well, fetch, open, until};
use crate::stage::{End, LONG, OperationOutcome, Stage};

/// What a runtime is given to end.
const LIMIT: Duration = Duration::from_millis(5);

/// How another one has the same open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharingKind {
    /// Its descriptor was lent, and is there twice.
    Copy,
    /// By a clone.
    Clone,
    /// In a process that was forked.
    Fork,
}

/// The descriptor of `path` in this process.
fn descriptor(path: &Path) -> RawFd {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let here = entries.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == path));
    let mut numbers = here.map(|entry| entry.file_name().into_string().unwrap());
    numbers.next().expect("it is open").parse().unwrap()
}

/// Reads by the same open file, and waits for leave, which keeps the lock of its position.
fn reads_elsewhere(file: &File, clone: Option<File>, other: SharingKind, path: &Path) {
    match other {
        SharingKind::Copy => {
            let copy = file.as_fd().try_clone_to_owned().unwrap();
            thread::spawn(move || StdFile::from(copy).read(&mut [0]));
        }
        SharingKind::Clone => {
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().build().unwrap();
                runtime.block_on(async { clone.expect("made before").read_u8().await })
            });
        }
        SharingKind::Fork => {
            let number = descriptor(path);
            // SAFETY: the child makes system calls alone.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let mut byte = [0_u8];
                // SAFETY: the system writes at most a byte.
                unsafe { libc::read(number, byte.as_mut_ptr().cast(), 1) };
                // SAFETY: the call takes a number.
                unsafe { libc::_exit(0) };
            }
            thread::spawn(move || {
                let mut status = 0;
                // SAFETY: the system writes a number.
                unsafe { libc::waitpid(child, &mut status, 0) };
            });
        }
    }
}

/// The lock of the position is another's for long (row 88).
pub(crate) fn position(report: &mut PartReport) {
    let Some(place) = place(report, FileSystemKind::Read) else {
        return;
    };
    for kind in KINDS {
        let stage = Stage::new(&kind);
        for other in [SharingKind::Copy, SharingKind::Clone, SharingKind::Fork] {
            for (what, handle) in HANDLED {
                report.begin(format!("{what}, {other:?} reads, {}", kind.name));
                place.prepare().unwrap();
                let (path, is_cloned) = (place.at.join("small"), other == SharingKind::Clone);
                let opened = fetch(&stage, async move {
                    let file = open(path).await?;
                    let clone = if is_cloned {
                        Some(file.try_clone().await?)
                    } else {
                        None
                    };
                    Ok((file, clone))
                });
                let (file, clone) = opened.unwrap();
                place.gate.arm(FIRST, None);
                reads_elsewhere(&file, clone, other, &place.at.join("small"));
                report.expect(place.gate.kept(LONG).is_some(), "nobody reads");
                let begun = stage.begin(move || handle(file));
                for _ in 0..3 {
                    report.expect(stage.pulse().is_some(), "a worker stands");
                }
                place.gate.open();
                ends_well(report, &begun);
                report.expect(stage.settle(), "the pool stands");
            }
        }
    }
}

const FIRST: Plan = Plan::Keep {
    nth: 1,
    for_good: false,
};

type NamedOperation = (&'static str, fn(PathBuf) -> BoxedOperation);

/// What waits for whoever has a lease on the file at a path.
const OPENING: [NamedOperation; 4] = [
    ("open", |path| {
        Box::pin(async move { File::open(path).await.map(drop) })
    }),
    ("create", |path| {
        Box::pin(async move { File::create(path).await.map(drop) })
    }),
    ("read", |path| {
        Box::pin(async move { fs::read(path).await.map(drop) })
    }),
    ("write", |path| {
        Box::pin(async move { fs::write(path, b"new").await })
    }),
];

/// A lease, which whoever opens the file asks back.
struct FileLease(StdFile);

impl FileLease {
    fn on(path: &Path) -> io::Result<Self> {
        let file = StdFile::options().read(true).write(true).open(path)?;
        // Told by a signal that nobody minds.
        // SAFETY: the call takes numbers.
        unsafe { libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGWINCH) };
        // SAFETY: the call takes numbers.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(file))
    }

    fn is_asked_back(&self) -> bool {
        // SAFETY: the call takes numbers.
        unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_GETLEASE) != libc::F_WRLCK }
    }
}

/// `F_SETSIG`, by the number that it has on every processor.
const F_SETSIG: i32 = 10;

/// What becomes of an operation that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitEnd {
    LetGo,
    GivenUp,
    ShutDown,
}

const FATES: [WaitEnd; 3] = [WaitEnd::LetGo, WaitEnd::GivenUp, WaitEnd::ShutDown];

/// Whoever opens waits until a lease is given back.
pub(crate) fn owners(report: &mut PartReport) {
    let path = report.directory().join("leased");
    for kind in KINDS {
        for (what, run) in OPENING {
            for fate in FATES {
                report.begin(format!("{what} of a leased file, {fate:?}, {}", kind.name));
                // Another one each time: the last may still be open somewhere.
                let _ = std::fs::remove_file(&path);
                std::fs::write(&path, b"small").unwrap();
                let owner = match FileLease::on(&path) {
                    Ok(owner) => owner,
                    Err(error) => return println!("skipped: no owner: {error}"),
                };
                let (stage, path) = (Stage::new(&kind), path.clone());
                let mut begun = stage.begin(move || run(path));
                report.expect(
                    until(|| owner.is_asked_back()),
                    "the owner is not asked for",
                );
                report.expect(stage.pulse().is_some(), "a worker stands");
                match fate {
                    WaitEnd::LetGo => {
                        drop(owner);
                        ends_well(report, &begun);
                    }
                    WaitEnd::GivenUp => {
                        begun.give_up();
                        let told = begun.told(LONG);
                        report.expect(
                            matches!(told, Some(OperationOutcome::Dropped)),
                            "not dropped at once",
                        );
                        report.expect(stage.pulse().is_some(), "a worker stands");
                        drop(owner);
                        report.expect(stage.settle(), "the pool stands");
                    }
                    WaitEnd::ShutDown => {
                        let ended = stage.end(End::Within(LIMIT)).recv_timeout(LONG);
                        report.expect(ended.is_ok(), "shutdown_timeout goes beyond its limit");
                        drop(owner);
                    }
                }
            }
        }
    }
}

fn flock(file: &StdFile, operation: i32) -> bool {
    // SAFETY: the call takes numbers.
    unsafe { libc::flock(file.as_raw_fd(), operation) == 0 }
}

/// The lock of a file of a server is gone when the drop of the file is over.
pub(crate) fn locks_go(report: &mut PartReport) {
    let Some(place) = place(report, FileSystemKind::Served(ServerMode::Direct)) else {
        return;
    };
    place.prepare().unwrap();
    let path = place.at.join("small");
    let theirs = Arc::new(StdFile::open(&path).unwrap());
    for kind in KINDS {
        let stage = Stage::new(&kind);
        for _ in 0..10 {
            report.begin(format!("a file that has a lock is dropped, {}", kind.name));
            let (path, theirs) = (path.clone(), Arc::clone(&theirs));
            let begun = stage.begin(move || {
                Box::pin(async move {
                    let file = File::open(path).await?;
                    file.lock().await?;
                    drop(file);
                    assert!(flock(&theirs, libc::LOCK_EX | libc::LOCK_NB));
                    assert!(flock(&theirs, libc::LOCK_UN));
                    Ok(())
                })
            });
            ends_well(report, &begun);
        }
    }
}

/// Another has the file's lock.
pub(crate) fn locks(report: &mut PartReport) {
    const LOCKING: [FileOperation; 2] = [
        ("lock", |file| Box::pin(async move { file.lock().await })),
        ("lock_shared", |file| {
            Box::pin(async move { file.lock_shared().await })
        }),
    ];
    let path = report.directory().join("locked");
    std::fs::write(&path, b"small").unwrap();
    let theirs = StdFile::open(&path).unwrap();
    for kind in FEW {
        for (what, run) in LOCKING {
            for fate in FATES {
                report.begin(format!("{what}, {fate:?}, {}", kind.name));
                let stage = Stage::new(&kind);
                let file = fetch(&stage, File::open(path.clone())).unwrap();
                assert!(flock(&theirs, libc::LOCK_EX));
                let mut begun = stage.begin(move || run(file));
                report.expect(stage.pulse().is_some(), "a worker stands");
                report.expect(begun.told(Duration::ZERO).is_none(), "two have the lock");
                match fate {
                    WaitEnd::LetGo => {
                        assert!(flock(&theirs, libc::LOCK_UN));
                        ends_well(report, &begun);
                    }
                    WaitEnd::GivenUp => {
                        begun.give_up();
                        let told = begun.told(LONG);
                        report.expect(
                            matches!(told, Some(OperationOutcome::Dropped)),
                            "not dropped at once",
                        );
                        report.expect(stage.settle(), "the pool stands");
                    }
                    WaitEnd::ShutDown => {
                        let ended = stage.end(End::Within(LIMIT)).recv_timeout(LONG);
                        report.expect(ended.is_ok(), "shutdown_timeout goes beyond its limit");
                    }
                }
                // Nobody takes it any more whose future is gone.
                assert!(flock(&theirs, libc::LOCK_UN));
                let is_free = until(|| flock(&theirs, libc::LOCK_EX | libc::LOCK_NB));
                report.expect(is_free, "a lock is taken by nobody");
                assert!(flock(&theirs, libc::LOCK_UN));
            }
        }
    }
}
