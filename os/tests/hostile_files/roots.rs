//! A process that gets another root while an operation waits for a server.
#![allow(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use selkie::fs;

use crate::fuse_server::{Plan, ServerMode, c_string, kind, mount, unmount};
use crate::kinds::FEW;
use crate::operations::BoxedOperation;
use crate::place::{FileSystemKind, Place};
use crate::points::place;
use crate::report::PartReport;
use crate::scenario::{FileOperation, HANDLED, fetch, open, until};
use crate::stage::{LONG, OperationOutcome, Stage, StartedOperation};

/// More than any operation asks.
const MOST: usize = 100;

/// Makes `new` the root of this process and of its mounts, and has the old one at `old`, below it.
fn pivot(new: &Path, old: &Path) -> io::Result<()> {
    let (new, old) = (c_string(new), c_string(old));
    // SAFETY: the strings end, and are alive for the call.
    let outcome = unsafe { libc::syscall(libc::SYS_pivot_root, new.as_ptr(), old.as_ptr()) };
    if outcome == 0 {
        return std::env::set_current_dir("/");
    }
    Err(io::Error::last_os_error())
}

/// A root that the process may get, mounted in its directory.
struct Root(PathBuf);

impl Root {
    fn new(at: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&at)?;
        mount("tmpfs", &at, 0, "size=1m")?;
        let root = Self(at);
        std::fs::create_dir(root.0.join("old"))?;
        Ok(root)
    }

    /// Does `meanwhile` under this root.
    fn enter<T>(&self, meanwhile: impl FnOnce() -> T) -> io::Result<T> {
        pivot(&self.0, &self.0.join("old"))?;
        let outcome = meanwhile();
        // From here the way back leads to where this root is mounted.
        let back = Path::new("/old").join(self.0.strip_prefix("/").unwrap());
        pivot(Path::new("/old"), &back).expect("there was a way here");
        Ok(outcome)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        unmount(&self.0, libc::MNT_DETACH);
    }
}

/// What is begun: something of an open file, or, with nothing open, `fs::replace`.
fn begin(
    stage: &Stage,
    place: &Place,
    handle: Option<FileOperation>,
    nth: usize,
) -> StartedOperation {
    let path = place.at.join("small");
    let (what, running): (_, Box<dyn FnOnce() -> BoxedOperation + Send>) = match handle {
        Some((what, handle)) => {
            let file = fetch(stage, open(path)).unwrap();
            (what, Box::new(move || handle(file)))
        }
        None => {
            let replaces = async move { fs::replace(path, "small").await };
            ("replace", Box::new(move || Box::pin(replaces)))
        }
    };
    // What is std's then closes where it drops.
    let spared = (what == "into_std").then_some(kind::FLUSH);
    let plan = Plan::Keep {
        nth,
        for_good: false,
    };
    place.gate.arm(plan, spared);
    stage.begin(running)
}

/// Whether there was such a request; then the root changes while it is kept.
fn changes(
    report: &mut PartReport,
    place: &Place,
    stage: &Stage,
    root: &Root,
    begun: &StartedOperation,
) -> io::Result<bool> {
    let mut told = None;
    let is_kept = until(|| {
        told = begun.told(Duration::ZERO);
        told.is_some() || place.gate.kept(Duration::from_micros(100)).is_some()
    });
    report.expect(is_kept, "neither asks nor ends");
    if told.is_some() {
        place.gate.open();
        return Ok(false);
    }
    let entered = root.enter(|| {
        report.expect(stage.pulse().is_some(), "a worker stands");
        place.gate.open();
        let told = begun.told(LONG);
        report.expect(stage.settle(), "the pool does not go on");
        told
    });
    match entered.inspect_err(|_| drop(place.gate.open()))? {
        Some(OperationOutcome::Done(Ok(()))) => {}
        other => report.wrong(format!("{other:?}")),
    }
    let content = std::fs::read(place.at.join("small"));
    let is_there = content.is_ok_and(|bytes| bytes.len() >= 5);
    report.expect(is_there, "it is elsewhere");
    Ok(true)
}

/// What has begun ends at the same file. Other mounts for a part of the process (`setns`) Linux refuses, since its
/// threads have their root in common.
pub(crate) fn another(report: &mut PartReport) {
    let root = match Root::new(report.directory().join("root")) {
        Ok(root) => root,
        Err(error) => return println!("skipped: no memory: {error}"),
    };
    let Some(place) = place(report, FileSystemKind::Served(ServerMode::Direct)) else {
        return;
    };
    for kind in FEW {
        let stage = Stage::new(&kind);
        for handle in HANDLED.iter().copied().map(Some).chain([None]) {
            for nth in 1..MOST {
                let what = handle.map_or("replace", |(what, _)| what);
                report.begin(format!("{what}, request {nth}, {}", kind.name));
                place.prepare().unwrap();
                let begun = begin(&stage, &place, handle, nth);
                match changes(report, &place, &stage, &root, &begun) {
                    Ok(true) => {}
                    Ok(false) => {
                        report.take_back();
                        break;
                    }
                    Err(error) => return println!("skipped: no other root: {error}"),
                }
            }
        }
    }
}
