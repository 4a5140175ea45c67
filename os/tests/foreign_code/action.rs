//! What a piece of foreign code does when the runtime calls it.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Handle, Runtime};
use selkie::sync::Notify;
use selkie::task::JoinHandle;

/// Longer than anything takes that ends at all.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What foreign code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Panics.
    Panic,
    /// Panics with a payload whose drop panics.
    Bomb,
    /// Wakes another task of the same runtime.
    Wake,
    /// Spawns a task on the same runtime.
    Spawn,
    /// Drops the handle of a task that goes on, and aborts another.
    Handles,
    /// Enters another runtime and spawns there.
    Enter,
    /// Blocks on a future; that panics on a thread that drives tasks.
    Block,
    /// Drops another runtime, with a task in it; that panics on a thread that drives tasks.
    End,
}

pub(crate) const ACTIONS: &[Action] = &[
    Action::Panic,
    Action::Bomb,
    Action::Wake,
    Action::Spawn,
    Action::Handles,
    Action::Enter,
    Action::Block,
    Action::End,
];

/// A payload whose drop panics, once.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload's drop");
    }
}

/// Sets a flag when dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What the actions need.
#[derive(Default)]
struct Tools {
    handle: OnceLock<Handle>,
    notify: Arc<Notify>,
    handles: Mutex<Vec<JoinHandle<()>>>,
    spawned: Mutex<Vec<JoinHandle<()>>>,
    other: Mutex<Option<Runtime>>,
    other_task_dropped: Arc<AtomicBool>,
}

/// A piece of foreign code: it acts at its first call, and counts the others.
#[derive(Clone)]
pub(crate) struct ForeignCode(Arc<Shared>);

struct Shared {
    action: Action,
    calls: AtomicUsize,
    panicked: AtomicBool,
    tools: Tools,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ForeignCode {
    pub(crate) fn new(action: Action) -> Self {
        let tools = Tools::default();
        if matches!(action, Action::Enter | Action::End) {
            let mut builder = Builder::new_multi_thread();
            let other = builder.worker_threads(1).enable_all().build().unwrap();
            let flag = Flag(Arc::clone(&tools.other_task_dropped));
            drop(other.spawn(async move {
                let _flag = flag;
                std::future::pending::<()>().await;
            }));
            *lock(&tools.other) = Some(other);
        }
        Self(Arc::new(Shared {
            action,
            calls: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            tools,
        }))
    }

    /// The runtime is there.
    pub(crate) fn connect(&self, handle: &Handle) {
        let _once = self.0.tools.handle.set(handle.clone());
    }

    /// Gives the actions handles to drop.
    pub(crate) fn lend(&self, handle: JoinHandle<()>) {
        lock(&self.0.tools.handles).push(handle);
    }

    /// What [`Action::Wake`] notifies.
    pub(crate) fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.0.tools.notify)
    }

    pub(crate) fn was_called(&self) -> bool {
        self.0.calls.load(Ordering::SeqCst) > 0
    }

    /// Whether the action ended in a panic.
    pub(crate) fn panicked(&self) -> bool {
        self.0.panicked.load(Ordering::SeqCst)
    }

    /// Acts, the first time.
    pub(crate) fn call(&self) {
        if self.0.calls.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.action())) {
            self.0.panicked.store(true, Ordering::SeqCst);
            resume_unwind(payload);
        }
    }

    /// The runtime's handle; a thread's name is asked for before there is one.
    fn handle(&self) -> Option<Handle> {
        let known = self.0.tools.handle.get().cloned();
        known.or_else(|| Handle::try_current().ok())
    }

    fn action(&self) {
        let tools = &self.0.tools;
        match self.0.action {
            Action::Panic => panic!("foreign"),
            Action::Bomb => panic_any(Bomb),
            Action::Wake => tools.notify.notify_one(),
            Action::Spawn => {
                if let Some(handle) = self.handle() {
                    lock(&tools.spawned).push(handle.spawn(async {}));
                }
            }
            Action::Handles => {
                let mut handles = std::mem::take(&mut *lock(&tools.handles));
                if let Some(aborted) = handles.pop() {
                    aborted.abort();
                }
                drop(handles);
            }
            Action::Enter => {
                if let Some(other) = &*lock(&tools.other) {
                    let _entered = other.enter();
                    drop(selkie::spawn(async {}));
                }
            }
            Action::Block => {
                if let Some(handle) = self.handle() {
                    handle.block_on(async {});
                }
            }
            Action::End => {
                let other = lock(&tools.other).take();
                drop(other);
            }
        }
    }

    /// What was spawned has ended, and what a dropped runtime had is dropped.
    pub(crate) fn check_ended(&self) {
        let tools = &self.0.tools;
        let begun = Instant::now();
        let wait = |what: &str, done: &dyn Fn() -> bool| {
            while !done() {
                assert!(begun.elapsed() < LIMIT, "{what}");
                std::thread::yield_now();
            }
        };
        for handle in lock(&tools.spawned).iter() {
            wait("a task that was spawned has not ended", &|| {
                handle.is_finished()
            });
        }
        let other = lock(&tools.other).take();
        if matches!(self.0.action, Action::Enter | Action::End) {
            drop(other);
            wait("the other runtime's task was not dropped", &|| {
                tools.other_task_dropped.load(Ordering::SeqCst)
            });
        }
    }
}

/// Calls foreign code when dropped.
pub(crate) struct OnDrop(pub(crate) ForeignCode);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.call();
    }
}
