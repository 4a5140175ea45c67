//! Every operation on a hostile file, at each of the requests that it makes.
//!
//! Length      one table of operations and files.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::fuse_server::{Plan, RequestInfo, RequestLog, kind};
use crate::kinds::{FEW, Kind};
use crate::operations::{FILES, Operation, buffers};
use crate::place::{FileSystemKind, Place};
use crate::report::PartReport;
use crate::stage::{End, LONG, OperationOutcome, Stage, StartedOperation};

/// More than any operation asks.
const MOST: usize = 500;
/// What a runtime is given to end.
const LIMIT: Duration = Duration::from_millis(5);

/// An operation at work.
struct Point<'a> {
    report: &'a mut PartReport,
    place: &'a Place,
    stage: &'a Stage,
    operation: &'static Operation,
}

/// What comes first.
enum FirstEvent {
    Kept(RequestInfo),
    Outcome(OperationOutcome),
    Nothing,
}

impl Point<'_> {
    /// Makes the files, and begins the operation with `plan`.
    fn begin(&mut self, plan: Plan) -> StartedOperation {
        if let Err(error) = self.place.prepare() {
            self.report.wrong(format!("not prepared: {error}"));
        }
        // Closed where it drops is what has locks, which are to be gone then, what is std's, and what is on an overlay.
        let name = self.operation.name;
        let is_overlay = matches!(self.place.file_system, FileSystemKind::Overlay);
        let closes_here = is_overlay || name.contains("lock") || name == "file_into_std";
        self.place
            .gate
            .arm(plan, closes_here.then_some(kind::FLUSH));
        let (run, at) = (self.operation.run, self.place.at.clone());
        self.stage.begin(move || run(at))
    }

    /// Waits until a request is kept, or the operation is done.
    fn first(&mut self, begun: &StartedOperation) -> FirstEvent {
        let since = Instant::now();
        while since.elapsed() < LONG {
            if let Some(told) = begun.told(Duration::ZERO) {
                return FirstEvent::Outcome(told);
            }
            if let Some(request) = self.place.gate.kept(Duration::from_micros(100)) {
                return FirstEvent::Kept(request);
            }
        }
        self.report.wrong("neither asks nor ends");
        FirstEvent::Nothing
    }

    /// Everything goes on while a request is kept.
    fn goes_on(&mut self, request: RequestInfo) {
        self.asked_by(request);
        if self.stage.pulse().is_none() {
            self.report.wrong(format!("a worker stands: {request:?}"));
        }
    }

    /// No worker waits for an answer.
    fn asked_by(&mut self, request: RequestInfo) {
        if self.stage.workers.contains(&request.thread) {
            self.report.wrong(format!("a worker waits: {request:?}"));
        }
    }

    /// What the operation came to must be what it is documented to come to; `may_fail` says whether it may.
    fn ends(&mut self, told: Option<OperationOutcome>, may_fail: bool) -> bool {
        let seen = self.open();
        for request in seen.requests {
            self.asked_by(request);
        }
        match told {
            Some(OperationOutcome::Done(Ok(()))) => {
                let holds = (self.operation.holds)(&self.place.at);
                self.report.expect(holds, "said to be done, and is not");
                return true;
            }
            Some(OperationOutcome::Done(Err(_))) if may_fail => {}
            other => self.report.wrong(format!("{other:?}")),
        }
        false
    }

    fn open(&self) -> RequestLog {
        self.place.gate.open()
    }

    /// The operation succeeds when nothing is in its way.
    fn succeeds(&mut self) {
        let begun = self.begin(Plan::Reply);
        let told = begun.told(LONG);
        self.ends(told, false);
        self.is_clean();
    }

    /// Nothing is left of an operation that is over.
    fn is_clean(&mut self) {
        let since = Instant::now();
        // The ring gives back what it was lent once it is done with it.
        while buffers() > 0 && since.elapsed() < LONG {
            std::thread::yield_now();
        }
        self.report.expect(buffers() == 0, "buffers are lost");
        self.report
            .expect(!has_half(&self.place.at), "a file is left");
    }
}

/// Whether a file is left that was to take another's place.
fn has_half(at: &Path) -> bool {
    let entries = std::fs::read_dir(at).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().ends_with(".new")
    })
}

/// A place, or the reason why there is none.
pub(crate) fn place(report: &PartReport, file_system: FileSystemKind) -> Option<Place> {
    Place::new(file_system, report.directory())
        .inspect_err(|error| println!("skipped: {file_system:?}: {error}"))
        .ok()
}

/// Tries `point` at each request of each operation on each of `kinds`, until there is none.
fn each(
    report: &mut PartReport,
    file_system: FileSystemKind,
    kinds: &[Kind],
    what: &str,
    mut point: impl FnMut(&mut Point<'_>, usize) -> bool,
) {
    let Some(place) = place(report, file_system) else {
        return;
    };
    for kind in kinds {
        let stage = Stage::new(kind);
        for operation in FILES {
            for nth in 1..MOST {
                let name = operation.name;
                report.begin(format!(
                    "{file_system:?}, {name}, {}, {what} at {nth}",
                    kind.name
                ));
                let mut here = Point {
                    report,
                    place: &place,
                    stage: &stage,
                    operation,
                };
                if !point(&mut here, nth) {
                    report.take_back();
                    break;
                }
            }
        }
        let ended = stage.end(End::Dropped);
        report.expect(ended.recv_timeout(LONG).is_ok(), "the runtime does not end");
    }
}

/// The answer to each request comes late.
pub(crate) fn late(report: &mut PartReport, file_system: FileSystemKind, kinds: &[Kind]) {
    each(report, file_system, kinds, "late", |point, nth| {
        let begun = point.begin(Plan::Keep {
            nth,
            for_good: false,
        });
        match point.first(&begun) {
            FirstEvent::Kept(request) => {
                point.goes_on(request);
                let seen = point.open();
                for request in seen.requests {
                    point.asked_by(request);
                }
                let told = begun.told(LONG);
                point.ends(told, false);
                true
            }
            FirstEvent::Outcome(told) => {
                point.ends(Some(told), false);
                false
            }
            FirstEvent::Nothing => {
                point.open();
                false
            }
        }
    });
}

/// Whether an operation may say that a request was answered with `errno`.
fn may_show(errno: i32, request: RequestInfo) -> bool {
    let again = [
        kind::OPEN,
        kind::CREATE,
        kind::READ,
        kind::WRITE,
        kind::FSYNC,
        kind::FALLOCATE,
    ];
    errno != libc::EINTR || !again.contains(&request.kind)
}

/// Each request is answered with an error.
pub(crate) fn fails(
    report: &mut PartReport,
    file_system: FileSystemKind,
    kinds: &[Kind],
    errno: i32,
) {
    let what = format!("error {errno}");
    each(report, file_system, kinds, &what, |point, nth| {
        let begun = point.begin(Plan::Fail { nth, errno });
        let told = begun.told(LONG);
        let seen = point.open();
        for request in &seen.requests {
            point.asked_by(*request);
        }
        let Some(request) = seen.chosen else {
            point.ends(told, false);
            return false;
        };
        let was_done = point.ends(told, may_show(errno, request));
        let is_sync = [kind::FSYNC, kind::FSYNCDIR].contains(&request.kind);
        point.report.expect(
            !(was_done && is_sync && errno != libc::EINTR),
            "a disk has failed, and nobody is told",
        );
        point.is_clean();
        point.succeeds();
        true
    });
}

/// Reads and writes move less than they were asked to.
pub(crate) fn short(report: &mut PartReport, file_system: FileSystemKind, kinds: &[Kind]) {
    /// What reads and writes once, and says how much; and what the system copies by itself, which takes a short
    /// read for the end of the file, whatever the server says.
    const ONCE: [&str; 4] = [
        "file_read_at",
        "file_read_at_large",
        "file_write_at",
        "copy",
    ];
    each(report, file_system, kinds, "short", |point, nth| {
        if nth == 1 && !ONCE.contains(&point.operation.name) {
            point.succeeds();
            return true;
        }
        false
    });
}

/// The future is dropped while a request is kept.
pub(crate) fn given_up(report: &mut PartReport, file_system: FileSystemKind, kinds: &[Kind]) {
    each(report, file_system, kinds, "given up", |point, nth| {
        let mut begun = point.begin(Plan::Keep {
            nth,
            for_good: false,
        });
        let is_kept = match point.first(&begun) {
            FirstEvent::Kept(_) => true,
            FirstEvent::Outcome(told) => {
                point.ends(Some(told), false);
                false
            }
            FirstEvent::Nothing => false,
        };
        if is_kept {
            begun.give_up();
            let told = begun.told(LONG);
            // Done is what was kept for nobody: the last handle of a file that the pool has.
            let is_over = matches!(
                told,
                Some(OperationOutcome::Dropped | OperationOutcome::Done(Ok(())))
            );
            point.report.expect(is_over, "it is not dropped at once");
            point
                .report
                .expect(point.stage.pulse().is_some(), "a worker stands");
        }
        for request in point.open().requests {
            point.asked_by(request);
        }
        let settled = point.stage.settle();
        point.report.expect(settled, "the pool stands");
        point.is_clean();
        if is_kept {
            point.succeeds();
        }
        is_kept
    });
}

/// Which requests of an operation are tried where each costs a runtime: the first of each kind.
fn chosen(seen: &RequestLog) -> Vec<usize> {
    let mut kinds = Vec::new();
    let mut chosen = Vec::new();
    for (at, request) in seen.requests.iter().enumerate() {
        if !kinds.contains(&request.kind) {
            kinds.push(request.kind);
            chosen.push(at + 1);
        }
    }
    chosen
}

/// How what does not answer any more comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndKind {
    /// The runtime is shut down, and the server stays away.
    ShutDown,
    /// The runtime is dropped, and then the server dies.
    Dropped,
    /// The server dies.
    Vanished,
}

/// The answer never comes, and everything comes to an end.
pub(crate) fn ends(report: &mut PartReport, file_system: FileSystemKind) {
    // In turn: another one for the same request on the next runtime.
    let mut finals = [EndKind::ShutDown, EndKind::Dropped, EndKind::Vanished]
        .into_iter()
        .cycle();
    for kind in FEW {
        for operation in FILES {
            let requests = {
                let Some(place) = place(report, file_system) else {
                    return;
                };
                let stage = Stage::new(&kind);
                report.begin(format!(
                    "{file_system:?}, {}, {}, well",
                    operation.name, kind.name
                ));
                let mut point = Point {
                    report,
                    place: &place,
                    stage: &stage,
                    operation,
                };
                let begun = point.begin(Plan::Reply);
                let told = begun.told(LONG);
                let seen = point.open();
                point.ends(told, false);
                chosen(&seen)
            };
            for nth in requests {
                let last = finals.next().expect("without an end");
                let (name, runtime) = (operation.name, kind.name);
                report.begin(format!(
                    "{file_system:?}, {name}, {runtime}, {last:?} at {nth}"
                ));
                if let Err(error) = ends_so(report, file_system, &kind, operation, (nth, last)) {
                    report.wrong(error);
                }
            }
        }
    }
}

fn ends_so(
    report: &mut PartReport,
    file_system: FileSystemKind,
    kind: &Kind,
    operation: &'static Operation,
    (nth, last): (usize, EndKind),
) -> io::Result<()> {
    let place = Arc::new(Place::new(file_system, report.directory())?);
    let stage = Stage::new(kind);
    let mut point = Point {
        report,
        place: &place,
        stage: &stage,
        operation,
    };
    let begun = point.begin(Plan::Keep {
        nth,
        for_good: true,
    });
    let kept = match point.first(&begun) {
        FirstEvent::Kept(request) => request,
        // Not each run asks the same.
        FirstEvent::Outcome(_) | FirstEvent::Nothing => return Ok(()),
    };
    point.goes_on(kept);
    match last {
        EndKind::ShutDown => {
            let ended = stage.end(End::Within(LIMIT));
            let is_in_time = ended.recv_timeout(LONG).is_ok();
            report.expect(is_in_time, "shutdown_timeout goes beyond its limit");
            place.abort();
        }
        EndKind::Dropped => {
            let ended = stage.end(End::Dropped);
            place.abort();
            let has_ended = ended.recv_timeout(LONG).is_ok();
            report.expect(has_ended, "the runtime does not end");
        }
        EndKind::Vanished => {
            place.abort();
            let told = begun.told(LONG);
            if !matches!(told, Some(OperationOutcome::Done(_))) {
                point.report.wrong(format!("its server is gone: {told:?}"));
            }
            let ended = stage.end(End::Dropped);
            let has_ended = ended.recv_timeout(LONG).is_ok();
            report.expect(has_ended, "the runtime does not end");
        }
    }
    Ok(())
}
