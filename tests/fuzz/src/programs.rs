//! Programs of tasks on real runtimes: spawn, wake, abort, panic, drop handles, enter, block, shut down; and
//! what must have happened to each task by then.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use selkie::runtime::{Builder, Runtime};
use selkie::sync::Notify;
use selkie::task::{self, JoinHandle};
use selkie::time::timeout;

/// Steps of one program.
const STEPS: usize = 40;
/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(20);

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
enum Kind {
    Returns,
    Yields(u8),
    Panics,
    /// Until it is notified.
    Waits,
    /// For ever.
    Hangs,
    /// Spawns another that returns.
    Spawns,
    Blocks,
    InPlace,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Step {
    Spawn(Kind),
    SpawnInside(Kind),
    Abort(u8),
    AbortElsewhere(u8),
    DropHandle(u8),
    Join(u8),
    Notify,
    Turn,
    EnterOther,
    PanicInRoot,
}

/// Counts futures that were made and dropped.
#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

/// A future that is counted.
struct CountedFuture<F> {
    future: F,
    counts: Arc<Counts>,
    is_over: bool,
}

impl<F: Future> Future for CountedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is pinned as the whole is: it is neither moved nor replaced.
        let this = unsafe { self.get_unchecked_mut() };
        assert!(!this.is_over, "polled after its end");
        // SAFETY: as above.
        let polled = unsafe { Pin::new_unchecked(&mut this.future) }.poll(cx);
        this.is_over = polled.is_ready();
        polled
    }
}

impl<F> Drop for CountedFuture<F> {
    fn drop(&mut self) {
        self.counts.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

struct KnownTask {
    kind: Kind,
    handle: JoinHandle<u32>,
    is_aborted: bool,
    is_notified: bool,
}

struct Program {
    counts: Arc<Counts>,
    notify: Arc<Notify>,
    tasks: Vec<KnownTask>,
}

impl Program {
    fn counted<F>(&self, future: F) -> CountedFuture<F> {
        self.counts.made.fetch_add(1, Ordering::SeqCst);
        CountedFuture {
            future,
            counts: Arc::clone(&self.counts),
            is_over: false,
        }
    }

    fn future(&self, kind: Kind) -> impl Future<Output = u32> + Send + 'static + use<> {
        let notify = Arc::clone(&self.notify);
        let counts = Arc::clone(&self.counts);
        self.counted(async move {
            match kind {
                Kind::Returns => (),
                Kind::Yields(count) => {
                    for _ in 0..count % 8 {
                        task::yield_now().await;
                    }
                }
                Kind::Panics => unwind(),
                Kind::Waits => notify.notified().await,
                Kind::Hangs => std::future::pending().await,
                Kind::Spawns => {
                    counts.made.fetch_add(1, Ordering::SeqCst);
                    let inner = CountedFuture {
                        future: async { 7 },
                        counts: Arc::clone(&counts),
                        is_over: false,
                    };
                    return selkie::spawn(inner).await.unwrap_or(7);
                }
                Kind::Blocks => return task::spawn_blocking(|| 7).await.unwrap_or(7),
                Kind::InPlace => return task::block_in_place(|| 7),
            }
            7
        })
    }

    fn add(&mut self, kind: Kind, handle: JoinHandle<u32>) {
        self.tasks.push(KnownTask {
            kind,
            handle,
            is_aborted: false,
            is_notified: false,
        });
    }

    fn at(&mut self, which: u8) -> Option<&mut KnownTask> {
        let at = usize::from(which).checked_rem(self.tasks.len())?;
        self.tasks.get_mut(at)
    }
}

/// Unwinds without a report: libFuzzer takes each report for a finding.
fn unwind() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// What came of a task must be one of what its kind and its aborts allow.
fn check(known: KnownTask, outcome: Result<u32, task::JoinError>, has_ended: bool) {
    let KnownTask { kind, .. } = known;
    match outcome {
        Ok(value) => {
            assert_eq!(value, 7);
            assert!(
                kind != Kind::Hangs && kind != Kind::Panics,
                "{kind:?} returned"
            );
            assert!(
                kind != Kind::Waits || known.is_notified,
                "nobody notified it"
            );
        }
        Err(error) if error.is_panic() => assert_eq!(kind, Kind::Panics, "{error}"),
        Err(_) => assert!(
            known.is_aborted || has_ended,
            "{kind:?} was cancelled by nobody"
        ),
    }
}

/// One program on one runtime.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(workers) = input.int_in_range(0..=2_usize) else {
        return;
    };
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(workers.max(1)).enable_time().build();
    let runtime = runtime.expect("a runtime");
    let mut program = Program {
        counts: Arc::default(),
        notify: Arc::default(),
        tasks: Vec::new(),
    };
    for _ in 0..STEPS {
        let Ok(step) = input.arbitrary() else {
            break;
        };
        if input.is_empty() {
            break;
        }
        take_step(&runtime, &mut program, step, workers > 0);
    }
    match input.int_in_range(0..=2).unwrap_or(0) {
        0 => drop(runtime),
        1 => runtime.shutdown_timeout(LONG),
        _ => {
            drop(catch_unwind(AssertUnwindSafe(|| {
                let _dropped = runtime;
                unwind();
            })));
        }
    }
    let other = Builder::new_current_thread().enable_time().build();
    let other = other.expect("a runtime");
    for mut known in program.tasks.drain(..) {
        let outcome = other.block_on(async { timeout(LONG, &mut known.handle).await });
        check(known, outcome.expect("a task outlives its runtime"), true);
    }
    let (made, dropped) = (&program.counts.made, &program.counts.dropped);
    let (made, dropped) = (made.load(Ordering::SeqCst), dropped.load(Ordering::SeqCst));
    assert_eq!(made, dropped, "futures made, and dropped");
}

fn take_step(runtime: &Runtime, program: &mut Program, step: Step, has_workers: bool) {
    let allowed = |kind| {
        if kind == Kind::InPlace && !has_workers {
            Kind::Returns
        } else {
            kind
        }
    };
    match step {
        Step::Spawn(kind) => {
            let kind = allowed(kind);
            let handle = runtime.spawn(program.future(kind));
            program.add(kind, handle);
        }
        Step::SpawnInside(kind) => {
            let kind = allowed(kind);
            let future = program.future(kind);
            let handle = runtime.block_on(async move { [selkie::spawn(future)] });
            let [handle] = handle;
            program.add(kind, handle);
        }
        Step::Abort(which) => {
            if let Some(known) = program.at(which) {
                known.is_aborted = true;
                known.handle.abort();
            }
        }
        Step::AbortElsewhere(which) => {
            if let Some(known) = program.at(which) {
                known.is_aborted = true;
                let abort = known.handle.abort_handle();
                runtime.block_on(async { drop(selkie::spawn(async move { abort.abort() }).await) });
            }
        }
        Step::DropHandle(which) => {
            if let Some(at) = usize::from(which).checked_rem(program.tasks.len()) {
                drop(program.tasks.swap_remove(at));
            }
        }
        Step::Join(which) => join(runtime, program, which),
        Step::Notify => {
            for known in &mut program.tasks {
                known.is_notified = true;
            }
            program.notify.notify_waiters();
        }
        Step::Turn => runtime.block_on(task::yield_now()),
        Step::EnterOther => {
            let other = Builder::new_current_thread().build().expect("a runtime");
            let _entered = other.enter();
            drop(selkie::spawn(program.future(Kind::Hangs)));
        }
        Step::PanicInRoot => {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(async { unwind() });
            }));
            assert!(outcome.is_err(), "the caller sees the root's panic");
        }
    }
}

fn join(runtime: &Runtime, program: &mut Program, which: u8) {
    let Some(at) = usize::from(which).checked_rem(program.tasks.len()) else {
        return;
    };
    let ends = !matches!(program.tasks[at].kind, Kind::Hangs | Kind::Waits);
    if !ends && !program.tasks[at].is_aborted {
        return;
    }
    let mut known = program.tasks.swap_remove(at);
    let outcome = runtime.block_on(async { timeout(LONG, &mut known.handle).await });
    check(known, outcome.expect("a task that ends is joined"), false);
}
