//! A runtime of some flavor with bystanders, whose life must go on whatever foreign code does.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::Duration;

use selkie::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};
use selkie::task::{self, JoinError, JoinHandle, LocalSet};
use selkie::time::{sleep, timeout};

use crate::action::{ForeignCode, LIMIT};

/// Which scheduler runs the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// A current-thread runtime.
    Current,
    /// A runtime with two workers.
    Multi,
    /// A `LocalRuntime`.
    Local,
    /// A `LocalSet` on a current-thread runtime.
    Set,
}

pub(crate) const FLAVORS: &[Flavor] = &[Flavor::Current, Flavor::Multi, Flavor::Local, Flavor::Set];

/// When foreign code is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallPhase {
    /// While other tasks run.
    Running,
    /// As a sleep ends: after a timer, or in the driver.
    Parked,
    /// By another thread than the one before: another worker where there is one.
    Elsewhere,
    /// While the runtime shuts down.
    Ending,
}

/// Who sees the panic of foreign code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PanicOutcome {
    /// Nobody: it is contained.
    Nobody,
    /// The task, by its `JoinError`.
    Task,
    /// Everybody: the process aborts, and says why.
    Aborts,
    /// The caller of the function that called foreign code.
    Caller,
}

/// Who sees what came of a task. The payload is not dropped: that is the business of a row of its own.
pub(crate) fn seen<T>(outcome: Result<T, JoinError>) -> PanicOutcome {
    match outcome {
        Err(error) if error.is_panic() => {
            std::mem::forget(error.into_panic());
            PanicOutcome::Task
        }
        _ => PanicOutcome::Nobody,
    }
}

/// Who sees what `f` does.
pub(crate) fn caller(f: impl FnOnce()) -> PanicOutcome {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(()) => PanicOutcome::Nobody,
        Err(payload) => {
            std::mem::forget(payload);
            PanicOutcome::Caller
        }
    }
}

enum AnyRuntime {
    Runtime(Runtime),
    Local(LocalRuntime),
    Set(LocalSet, Runtime),
}

/// The runtime of one row, and its bystanders.
pub(crate) struct Stage {
    pub(crate) flavor: Flavor,
    pub(crate) phase: CallPhase,
    engine: Option<AnyRuntime>,
    stop: Arc<AtomicBool>,
    bystanders: Vec<JoinHandle<u8>>,
    is_spawn_refused: bool,
}

impl Stage {
    pub(crate) fn new(
        flavor: Flavor,
        phase: CallPhase,
        foreign: &ForeignCode,
        configure: impl FnOnce(&mut Builder),
    ) -> Self {
        let mut builder = match flavor {
            Flavor::Multi => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        builder.worker_threads(2).enable_all();
        configure(&mut builder);
        let engine = match flavor {
            Flavor::Current | Flavor::Multi => AnyRuntime::Runtime(builder.build().unwrap()),
            Flavor::Local => {
                AnyRuntime::Local(builder.build_local(LocalOptions::default()).unwrap())
            }
            Flavor::Set => AnyRuntime::Set(LocalSet::new(), builder.build().unwrap()),
        };
        let mut stage = Self {
            flavor,
            phase,
            engine: Some(engine),
            stop: Arc::default(),
            bystanders: Vec::new(),
            is_spawn_refused: false,
        };
        foreign.connect(stage.handle());
        stage.populate(foreign);
        stage
    }

    /// Starts the bystanders, and tasks whose handles foreign code may drop.
    fn populate(&mut self, foreign: &ForeignCode) {
        for _ in 0..2 {
            let stop = Arc::clone(&self.stop);
            let task = self.try_spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    task::yield_now().await;
                    sleep(Duration::from_millis(1)).await;
                }
                1
            });
            self.bystanders.extend(task);
        }
        // Waits for foreign code to wake it, or for the end.
        let (stop, notify) = (Arc::clone(&self.stop), foreign.notify());
        let task = self.try_spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let _woken = timeout(Duration::from_millis(20), notify.notified()).await;
            }
            1
        });
        self.bystanders.extend(task);
        for _ in 0..2 {
            let task = self.try_spawn(std::future::pending::<()>());
            if let Some(task) = task {
                foreign.lend(task);
            }
        }
    }

    /// The runtime's handle.
    pub(crate) fn handle(&self) -> &Handle {
        match self.engine.as_ref().expect("not ended yet") {
            AnyRuntime::Runtime(runtime) | AnyRuntime::Set(_, runtime) => runtime.handle(),
            AnyRuntime::Local(runtime) => runtime.handle(),
        }
    }

    /// Spawns `future`, as a task of the flavor.
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.engine.as_ref().expect("not ended yet") {
            AnyRuntime::Runtime(runtime) => runtime.spawn(future),
            AnyRuntime::Local(runtime) => runtime.spawn_local(future),
            AnyRuntime::Set(set, _) => set.spawn_local(future),
        }
    }

    /// Spawns `future`; `None` if a hook for spawning panics.
    fn try_spawn<F>(&mut self, future: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match catch_unwind(AssertUnwindSafe(|| self.spawn(future))) {
            Ok(task) => Some(task),
            Err(payload) => {
                std::mem::forget(payload);
                self.is_spawn_refused = true;
                None
            }
        }
    }

    /// Whether the spawn of a bystander panicked.
    pub(crate) fn is_spawn_refused(&self) -> bool {
        self.is_spawn_refused
    }

    /// Runs `future`, and the tasks; fails if it takes too long.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let limited = async { timeout(LIMIT, future).await.expect("takes too long") };
        match self.engine.as_ref().expect("not ended yet") {
            AnyRuntime::Runtime(runtime) => runtime.block_on(limited),
            AnyRuntime::Local(runtime) => runtime.block_on(limited),
            AnyRuntime::Set(set, runtime) => set.block_on(runtime, limited),
        }
    }

    /// Runs `future` as it is.
    pub(crate) fn block_on_bare<F: Future>(&self, future: F) -> F::Output {
        match self.engine.as_ref().expect("not ended yet") {
            AnyRuntime::Runtime(runtime) => runtime.block_on(future),
            AnyRuntime::Local(runtime) => runtime.block_on(future),
            AnyRuntime::Set(set, runtime) => set.block_on(runtime, future),
        }
    }

    /// Drops the runtime.
    pub(crate) fn end(&mut self) -> PanicOutcome {
        let engine = self.engine.take();
        match engine {
            Some(AnyRuntime::Set(set, runtime)) => {
                let first = caller(|| drop(set));
                let second = caller(|| drop(runtime));
                if first == PanicOutcome::Nobody {
                    second
                } else {
                    first
                }
            }
            engine => caller(|| drop(engine)),
        }
    }

    /// Spawns `future`, which calls foreign code when it is polled, in the phase of the row.
    pub(crate) fn carry<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.phase {
            CallPhase::Running | CallPhase::Ending => self.spawn(future),
            CallPhase::Parked => self.spawn(async move {
                sleep(Duration::from_millis(3)).await;
                future.await
            }),
            CallPhase::Elsewhere if self.flavor == Flavor::Multi => self.carry_away(future),
            // The one thread runs it, woken by another.
            CallPhase::Elsewhere => self.spawn(async move {
                ThreadWake::default().await;
                future.await
            }),
        }
    }

    /// The task is spawned by a worker that then stays in its poll: the other takes it over.
    fn carry_away<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (begun, begins) = mpsc::channel();
        let (spawned, handle) = mpsc::channel();
        let carrier = self.spawn(async move {
            let task = selkie::spawn(async move {
                begun.send(()).unwrap();
                future.await
            });
            spawned.send(task).unwrap();
            begins
                .recv_timeout(LIMIT)
                .expect("a queued task is taken over");
        });
        drop(carrier);
        handle.recv_timeout(LIMIT).expect("the carrier spawns")
    }

    /// Bystanders end as they should: with their values while the runtime is there, else cancelled.
    pub(crate) fn check_bystanders(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let bystanders = std::mem::take(&mut self.bystanders);
        if self.engine.is_some() {
            self.block_on(async {
                for bystander in bystanders {
                    assert_eq!(bystander.await.expect("a bystander was lost"), 1);
                }
            });
            return;
        }
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for bystander in bystanders {
                let ended = timeout(LIMIT, bystander).await;
                let ended = ended.expect("a bystander outlives its runtime");
                if let Err(error) = ended {
                    assert!(is_told_of_the_end(error), "a bystander panicked");
                }
            }
        });
    }
}

/// Whether a task was cancelled, or made a timer while its runtime ended, which panics.
fn is_told_of_the_end(error: JoinError) -> bool {
    let Ok(payload) = error.try_into_panic() else {
        return true;
    };
    let text = payload.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.is_some_and(|text| text.contains("is being shutdown"))
}

/// Ready when another thread has woken it.
#[derive(Default)]
struct ThreadWake(Option<std::thread::JoinHandle<()>>);

impl Future for ThreadWake {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.is_some() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        self.0 = Some(std::thread::spawn(move || waker.wake()));
        Poll::Pending
    }
}

/// A runtime of each kind works, and sees no task but its own.
pub(crate) fn check_others() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let sum = runtime.block_on(async {
            let tasks: Vec<_> = (0..40_u32)
                .map(|number| {
                    selkie::spawn(async move {
                        task::yield_now().await;
                        number
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += timeout(LIMIT, task)
                    .await
                    .expect("a task of another runtime")
                    .unwrap();
            }
            sum
        });
        assert_eq!(sum, 780);
        assert_eq!(runtime.metrics().num_alive_tasks(), 0, "strange tasks");
        drop(runtime);
    }
    let set = LocalSet::new();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let task = set.spawn_local(async { 7 });
    let seven = set.block_on(&runtime, async { timeout(LIMIT, task).await });
    assert_eq!(seven.expect("a task of another set").unwrap(), 7);
    runtime.block_on(async { timeout(LIMIT, set).await.expect("a set without tasks") });
}
