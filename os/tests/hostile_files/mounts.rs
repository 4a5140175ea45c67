//! Mounts that change under open files, and what stands below or above others.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use selkie::fs::{self, File};
use selkie::io::AsyncReadExt;
use selkie::runtime::Builder;
use selkie::time::timeout;

use crate::fixture::{TempDir, busy_pool};
use crate::fuse_server::{
    FuseMount, Kind as Entry, Plan, ROOT, ServerMode, c_string, kind, mount, unmount,
};
use crate::kinds::{FEW, KINDS, Kind, none_in_place};
use crate::operations::{FILES, prepare};
use crate::place::{FileSystemKind, Place};
use crate::points::place;
use crate::report::PartReport;
use crate::scenario::{ends_well, fetch, hang, open, until};
use crate::stage::{LONG, OperationOutcome, Stage};

const DIRECT: FileSystemKind = FileSystemKind::Served(ServerMode::Direct);

/// The ring's own operations on a file of a server (row 82).
pub(crate) fn by_ring(report: &mut PartReport) {
    let Some(place) = place(report, DIRECT) else {
        return;
    };
    for kind in KINDS {
        let stage = Stage::new(&kind);
        for what in [
            "read_at",
            "write_at",
            "write_all_at",
            "sync_all",
            "sync_data",
        ] {
            report.begin(format!("{what}, {}", kind.name));
            place.prepare().unwrap();
            let path = place.at.join("small");
            let file = fetch(&stage, open(path)).unwrap();
            let begun = hang(report, &stage, &place.gate, move || {
                Box::pin(async move {
                    match what {
                        "read_at" => file.read_at(vec![0; 4], 0).await.0.map(drop),
                        "write_at" => file.write_at(vec![1; 4], 0).await.0.map(drop),
                        "write_all_at" => file.write_all_at(vec![1; 4], 0).await.0,
                        "sync_all" => file.sync_all().await,
                        _ => file.sync_data().await,
                    }
                })
            });
            place.gate.open();
            ends_well(report, &begun);
        }
    }
}

/// A ring's own reads of a file that a listener permits to read, on runtimes that are configured to do nothing in place.
pub(crate) fn by_ring_with_leave(report: &mut PartReport) {
    let Some(place) = place(report, FileSystemKind::ReadFromDisk) else {
        return;
    };
    for kind in none_in_place() {
        let stage = Stage::new(&kind);
        report.begin(format!("read_at, {}", kind.name));
        place.prepare().unwrap();
        let path = place.at.join("small");
        let file = fetch(&stage, async move {
            let file = open(path).await?;
            // The ring is there by then.
            file.write_at(vec![b's'; 1], 0).await.0?;
            file.sync_all().await?;
            Ok(file)
        });
        let file = file.unwrap();
        let begun = hang(report, &stage, &place.gate, move || {
            Box::pin(async move { file.read_at(vec![0; 4], 0).await.0.map(drop) })
        });
        place.gate.open();
        ends_well(report, &begun);
    }
}

/// A file system in memory, and, once it is gone, a server's with the same number at the same place (row 59).
pub(crate) fn number_given_twice(report: &mut PartReport) {
    for kind in KINDS {
        report.begin(format!("a number that is given twice, {}", kind.name));
        let at = report.directory().join("at");
        std::fs::create_dir_all(&at).unwrap();
        let stage = Stage::new(&kind);
        let mut tried = 0;
        let served = loop {
            if let Err(error) = mount("tmpfs", &at, 0, "size=1m") {
                println!("skipped: no memory: {error}");
                return;
            }
            std::fs::write(at.join("small"), b"small").unwrap();
            let file = fetch(&stage, open(at.join("small"))).unwrap();
            // Read in place, and then under an open file taken away.
            let number = std::fs::metadata(&at).unwrap().dev();
            unmount(&at, libc::MNT_DETACH);
            ends_well(report, &stage.begin(move || Box::pin(reads(file, "mall"))));
            assert!(stage.settle());
            let served = match FuseMount::at(&at, ServerMode::Direct) {
                Ok(served) => served,
                Err(error) => return println!("skipped: no file server: {error}"),
            };
            served.put(ROOT, "small", Entry::File(b"small"));
            tried += 1;
            if std::fs::metadata(&at).unwrap().dev() == number {
                break served;
            }
            // Somebody else has taken it.
            if tried > 50 {
                return println!("skipped: no number is given twice");
            }
        };
        let path = at.join("small");
        let file = fetch(&stage, open(path)).unwrap();
        let begun = hang(report, &stage, &served.gate, || {
            Box::pin(reads(file, "mall"))
        });
        served.gate.open();
        ends_well(report, &begun);
        assert!(stage.settle());
    }
}

async fn reads(mut file: File, text: &str) -> io::Result<()> {
    let mut rest = String::new();
    file.read_to_string(&mut rest).await?;
    assert_eq!(rest, text);
    Ok(())
}

/// Memory above a server, and a server as the root of a thread (row 95).
pub(crate) fn below_and_as_root(report: &mut PartReport) {
    for kind in KINDS {
        if let Some(place) = place(report, FileSystemKind::Overlay) {
            let stage = Stage::new(&kind);
            report.begin(format!("a server below, {}", kind.name));
            reads_late(report, &place, &stage, &place.at.join("small"));
        }
        if let Some(place) = place(report, DIRECT) {
            place.prepare().unwrap();
            report.begin(format!("a server as the root, {}", kind.name));
            thread::scope(|scope| {
                scope.spawn(|| as_root(report, &place, &kind));
            });
        }
    }
}

/// On a thread whose root is a server's by now.
fn as_root(report: &mut PartReport, place: &Place, kind: &Kind) {
    // SAFETY: the call takes a number.
    let parted = unsafe { libc::unshare(libc::CLONE_FS) };
    let root = c_string(&place.at);
    // What the root is before is known by then, if anybody remembers it.
    let stage = Stage::new(kind);
    let before = fetch(&stage, fs::metadata("/")).unwrap();
    assert!(before.is_dir());
    // SAFETY: the string ends, and is alive for the call.
    let outcome = unsafe { libc::chroot(root.as_ptr()) };
    if parted != 0 || outcome != 0 {
        println!("skipped: no other root: {}", io::Error::last_os_error());
        return;
    }
    reads_late(report, place, &stage, Path::new("/small"));
}

/// Everything that is asked of a file at `path`, one request after the other, is answered late.
fn reads_late(report: &mut PartReport, place: &Place, stage: &Stage, path: &Path) {
    place.prepare().unwrap();
    for _ in 0..2 {
        let file = fetch(stage, File::open(PathBuf::from(path))).unwrap();
        let begun = hang(report, stage, &place.gate, || {
            Box::pin(reads(file, "small"))
        });
        place.gate.open();
        ends_well(report, &begun);
        // A file that was just opened, and has not refused anything.
        let file = fetch(stage, File::open(PathBuf::from(path))).unwrap();
        let begun = hang(report, stage, &place.gate, || {
            Box::pin(async move { file.metadata().await.map(drop) })
        });
        place.gate.open();
        ends_well(report, &begun);
        let path = path.to_owned();
        let begun = hang(report, stage, &place.gate, || {
            Box::pin(async move { fs::metadata(path).await.map(drop) })
        });
        place.gate.open();
        ends_well(report, &begun);
    }
}

/// Every operation where nothing fits any more, or nothing may be written; and once more when it does, or may.
pub(crate) fn refused(report: &mut PartReport, refusal: &str, again: &str, expected: i32) {
    let at = report.directory().join("at");
    std::fs::create_dir_all(&at).unwrap();
    if let Err(error) = mount("tmpfs", &at, 0, "size=1m") {
        return println!("skipped: no memory: {error}");
    }
    let set = |options: &str| {
        let flags = if options == "ro" { libc::MS_RDONLY } else { 0 };
        let options = if flags == 0 { options } else { "" };
        // Who has a file open that can be written keeps that from being done.
        let is_set = until(|| mount("tmpfs", &at, libc::MS_REMOUNT | flags, options).is_ok());
        assert!(is_set, "{options}: {}", io::Error::last_os_error());
    };
    for kind in FEW {
        let stage = Stage::new(&kind);
        for operation in FILES {
            report.begin(format!("{refusal}, {}, {}", operation.name, kind.name));
            let run = |at: &Path| {
                let at = at.to_owned();
                stage.begin(move || (operation.run)(at)).told(LONG)
            };
            set(again);
            prepare(&at).unwrap();
            set(refusal);
            if refusal != "ro" {
                fill(&at);
            }
            match run(&at) {
                Some(OperationOutcome::Done(Ok(()))) => {
                    report.expect((operation.holds)(&at), "said to be done, and is not");
                }
                Some(OperationOutcome::Done(Err(error)))
                    if error.raw_os_error() == Some(expected) => {}
                other => report.wrong(format!("{other:?}")),
            }
            assert!(stage.settle());
            set(again);
            prepare(&at).unwrap();
            match run(&at) {
                Some(OperationOutcome::Done(Ok(()))) => {
                    report.expect((operation.holds)(&at), "not done once more");
                }
                other => report.wrong(format!("once more: {other:?}")),
            }
        }
    }
    unmount(&at, libc::MNT_DETACH);
}

/// Takes what room there is.
fn fill(at: &Path) {
    let filled = std::fs::write(at.join("full/one"), vec![1; 2 << 20]);
    assert!(filled.is_err(), "there is more room than was given");
}

/// A server that does not say what file system it is, and a file in memory that is read in place after that.
pub(crate) fn not_said(report: &mut PartReport) {
    let Some(memory) = TempDir::in_memory("hostile-not-said") else {
        return println!("skipped: no files that are memory");
    };
    let path = memory.file("file", b"small");
    let Some(place) = place(report, DIRECT) else {
        return;
    };
    place.prepare().unwrap();
    for errno in [libc::ENOSYS, libc::EPERM, libc::EIO] {
        report.begin(format!("a server that does not say what it is, {errno}"));
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        place.gate.arm(Plan::FailKind(kind::STATFS, errno), None);
        let served = runtime.block_on(async {
            let mut file = File::open(place.at.join("small")).await?;
            file.read_u8().await
        });
        let asked = place.gate.open();
        report.expect(served.is_ok(), "it cannot be read");
        report.expect(asked.chosen.is_some(), "it was not asked");
        let mut file = runtime.block_on(File::open(&path)).unwrap();
        let release = busy_pool(runtime.handle());
        let read = runtime.block_on(async { timeout(LONG, file.read_u8()).await });
        report.expect(read.is_ok(), "what is in memory is not read in place");
        drop(release);
    }
}

/// The files of a server vanish while they are open.
pub(crate) fn vanished(report: &mut PartReport) {
    let place = match Place::new(DIRECT, report.directory()) {
        Ok(place) => place,
        Err(error) => return println!("skipped: no file server: {error}"),
    };
    for kind in KINDS {
        let stage = Stage::new(&kind);
        for (what, handle) in crate::scenario::HANDLED {
            report.begin(format!("{what} of a file that has vanished, {}", kind.name));
            place.prepare().unwrap();
            let file = fetch(&stage, open(place.at.join("small"))).unwrap();
            place.clear();
            let (begun, handle) = (stage.begin(move || handle(file)), *what);
            let told = begun.told(LONG);
            // An operation that asks the server of the file gets the error; seeks and syncs need not ask the server.
            let is_told = [
                "read", "write", "set_len", "metadata", "read_at", "write_at",
            ];
            match told {
                Some(OperationOutcome::Done(Err(error)))
                    if error.raw_os_error() == Some(libc::ESTALE) => {}
                Some(OperationOutcome::Done(Ok(()))) if !is_told.contains(&handle) => {}
                other => report.wrong(format!("{other:?}")),
            }
        }
    }
}
