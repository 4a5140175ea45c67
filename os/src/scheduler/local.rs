//! The scheduler of tasks that stay on one thread, run inside another future.
//!
//! Idea        A local set is polled by whoever awaits it; it then runs its tasks, a slice at a time. A task that
//!             is woken on the thread of the set goes into a plain queue, one that is woken elsewhere through the
//!             inject queue; both wake the waker of the set.
//! Invariants  I1 `local`, and every future of the set, are touched on the thread of the owner only.
//!             I2 the waker is cloned, woken and dropped outside the lock.
//! Rejected    To compare thread identifiers at each wake: while this thread polls the set, where most wakes
//!             happen, a pointer in a thread-local says so; the identifier is compared only otherwise.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::Waker;
use std::thread::{self, ThreadId};

use selkie_core::raw::coop;
use selkie_core::raw::platform::{Lock, wake_to_caller};
use selkie_core::raw::queue::Inject;
use selkie_core::raw::task::{ClosingTasks, Notified, OwnedTasks, Schedule};
use selkie_core::task::{Id, JoinHandle};

/// Tasks that one poll of the set runs at most.
const TASKS_PER_POLL: u32 = 61;
/// Tasks that run between two looks at the inject queue while the local queue has tasks.
const INJECT_INTERVAL: u32 = 31;
/// Blocks of slots whose memory goes back when a poll of the set finds nothing to run.
const TRIMMED_BLOCKS: usize = 4;

thread_local! {
    /// The set that this thread polls, the innermost one; compared only.
    static POLLED: Cell<*const LocalScheduler> = const { Cell::new(ptr::null()) };
}

/// What wakers of the set's tasks reach, from any thread.
pub(crate) struct LocalScheduler {
    owner: ThreadId,
    inject: Inject<Notified>,
    waker: Lock<Option<Waker>>,
    local: Local,
}

/// The part of the owner's thread (I1).
struct Local {
    queue: RefCell<VecDeque<Notified>>,
    /// `None` once closed.
    tasks: RefCell<Option<OwnedTasks<LocalScheduler>>>,
    /// What `tasks` is once closed, while one of them is being polled.
    closing: RefCell<Option<ClosingTasks<LocalScheduler>>>,
    /// How many tasks are being polled: a task may poll its own set.
    polling: Cell<usize>,
    alive: Cell<usize>,
    tick: Cell<u32>,
    ends_on_panic: Cell<bool>,
    panicked: Cell<bool>,
}

// SAFETY: `local` is touched on the owner's thread only (I1), the rest is locked.
unsafe impl Send for LocalScheduler {}
// SAFETY: as above.
unsafe impl Sync for LocalScheduler {}

impl std::fmt::Debug for LocalScheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalScheduler")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

// SAFETY: tasks are dropped on the owner's thread only (I1).
unsafe impl Schedule for LocalScheduler {
    fn may_drop_tasks_here(&self) -> bool {
        self.is_on_owner()
    }

    unsafe fn schedule(this: NonNull<Self>, task: Notified) {
        // SAFETY: the notified task keeps the set from closing, and so the `Arc` alive; from here on we
        // hold it ourselves.
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.push(task);
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, panicked: bool) {
        // Tasks of the set end where they run: on the owner's thread.
        self.local.alive.set(self.local.alive.get() - 1);
        if panicked && self.local.ends_on_panic.get() {
            self.local.panicked.set(true);
        }
    }
}

impl LocalScheduler {
    /// A scheduler owned by the calling thread.
    pub(crate) fn new() -> Arc<Self> {
        let scheduler = Arc::new(Self {
            owner: thread::current().id(),
            inject: Inject::new(),
            waker: Lock::new(None),
            local: Local {
                queue: RefCell::new(VecDeque::new()),
                tasks: RefCell::new(None),
                closing: RefCell::new(None),
                polling: Cell::new(0),
                alive: Cell::new(0),
                tick: Cell::new(0),
                ends_on_panic: Cell::new(false),
                panicked: Cell::new(false),
            },
        });
        *scheduler.local.tasks.borrow_mut() = Some(OwnedTasks::new(Arc::clone(&scheduler)));
        scheduler
    }

    fn is_on_owner(&self) -> bool {
        self.is_polled_here() || thread::current().id() == self.owner
    }

    /// Whether this set is the innermost that this thread polls: it comes to its queue anyway.
    fn is_polled_here(&self) -> bool {
        POLLED
            .try_with(Cell::get)
            .is_ok_and(|polled| ptr::eq(polled, self))
    }

    /// Runs `f`, which polls the set.
    pub(crate) fn polled<R>(&self, f: impl FnOnce() -> R) -> R {
        struct PolledGuard(*const LocalScheduler);
        impl Drop for PolledGuard {
            fn drop(&mut self) {
                POLLED.set(self.0);
            }
        }
        let _restore = PolledGuard(POLLED.replace(self));
        f()
    }

    fn push(&self, task: Notified) {
        if self.is_on_owner() {
            if let Ok(mut queue) = self.local.queue.try_borrow_mut() {
                queue.push_back(task);
                drop(queue);
                if !self.is_polled_here() {
                    self.wake();
                }
                return;
            }
        }
        match self.inject.push(task) {
            Ok(()) => self.wake(),
            Err(task) => task.discard(),
        }
    }

    fn wake(&self) {
        let waker = self.waker.lock().take();
        if let Some(waker) = waker {
            wake_to_caller(waker);
        }
    }

    /// Stores whom to wake when a task of the set is woken.
    pub(crate) fn register(&self, waker: &Waker) {
        let stands = |stored: &Option<Waker>| {
            let stored = stored.as_ref();
            stored.is_some_and(|stored| stored.will_wake(waker))
        };
        if !stands(&self.waker.lock()) {
            let mine = waker.clone(); // I2
            let before = self.waker.lock().replace(mine);
            drop(before);
        }
    }

    /// Spawns `future`, on the owner's thread.
    ///
    /// # Panics
    /// On another thread.
    pub(crate) fn spawn<F>(
        self: &Arc<Self>,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        assert!(self.is_on_owner(), "a local task spawned on another thread");
        self.local.alive.set(self.local.alive.get() + 1);
        let mut future = Some(future);
        let spawned = self.local.tasks.borrow().as_ref().map(|tasks| {
            let future = future.take().expect("taken once");
            // SAFETY: `F` is `'static`; the set runs and drops its tasks on this thread (I1).
            unsafe { tasks.spawn(id, location, future) }
        });
        let Some((task, handle)) = spawned else {
            // Nothing is borrowed: the future's drop is foreign code.
            let tasks = OwnedTasks::new(Arc::clone(self));
            let future = future.take().expect("taken once");
            // SAFETY: `F` is `'static` and stays on this thread: it is dropped at once.
            let (task, handle) = unsafe { tasks.spawn(id, location, future) };
            task.cancel();
            tasks.close().finish_soon();
            return handle;
        };
        self.local.queue.borrow_mut().push_back(task);
        if !self.is_polled_here() {
            self.wake();
        }
        handle
    }

    fn next(&self) -> Option<Notified> {
        let tick = self.local.tick.get().wrapping_add(1);
        self.local.tick.set(tick);
        let remote = || self.inject.pop();
        if tick % INJECT_INTERVAL == 0 {
            if let Some(task) = remote() {
                return Some(task);
            }
        }
        let own = self.local.queue.borrow_mut().pop_front();
        own.or_else(remote)
    }

    /// Whether a task's panic ends the set. On the owner's thread.
    pub(crate) fn set_ends_on_panic(&self, ends: bool) {
        self.local.ends_on_panic.set(ends);
    }

    /// Runs a slice of the tasks. `true`: more are waiting.
    ///
    /// # Panics
    /// If a task's panic has ended the set.
    pub(crate) fn tick(&self) -> bool {
        if coop::is_traced() {
            return self.trace_all();
        }
        for _ in 0..TASKS_PER_POLL {
            self.end_if_panicked();
            let Some(task) = self.next() else {
                self.give_memory_back();
                return false;
            };
            self.run(task);
        }
        true
    }

    /// In a poll that is traced: polls every task once, so that each shows where it waits.
    #[cold]
    fn trace_all(&self) -> bool {
        let mut found: Vec<_> = self.local.queue.borrow_mut().drain(..).collect();
        if let Some(tasks) = self.local.tasks.borrow().as_ref() {
            tasks.wake_all(|_, task| found.extend(task));
        }
        for task in found {
            self.run(task);
        }
        self.end_if_panicked();
        !self.local.queue.borrow().is_empty()
    }

    /// Panics if a task has, and the set is to end then.
    fn end_if_panicked(&self) {
        if self.local.panicked.get() {
            self.close();
            panic!(
                "a spawned task panicked and the LocalSet is configured to shutdown on \
                 unhandled panic"
            );
        }
    }

    #[inline]
    fn run(&self, task: Notified) {
        self.local.polling.set(self.local.polling.get() + 1);
        task.run();
        self.local.polling.set(self.local.polling.get() - 1);
    }

    /// Gives some memory back that a burst of tasks took.
    fn give_memory_back(&self) {
        if let Some(tasks) = self.local.tasks.borrow().as_ref() {
            if tasks.has_surplus() {
                tasks.trim(TRIMMED_BLOCKS);
            }
        }
    }

    /// Whether no task is alive.
    pub(crate) fn is_empty(&self) -> bool {
        self.local.alive.get() == 0
    }

    /// Drops every task, on the owner's thread. Those that are being polled, which poll their own set,
    /// are dropped when that is over: whoever polls them comes here again.
    pub(crate) fn close(&self) {
        self.inject.close();
        let open = self.local.tasks.borrow_mut().take();
        let closing = || self.local.closing.borrow_mut().take();
        let Some(mut tasks) = open.map(OwnedTasks::close).or_else(closing) else {
            return;
        };
        loop {
            ClosingTasks::cancel_all_by_key(std::slice::from_ref(&tasks), Id::as_u64);
            while let Some(task) = self.next() {
                task.run();
            }
            match tasks.finish() {
                Ok(()) => break,
                Err(again) if self.local.polling.get() > 0 => {
                    *self.local.closing.borrow_mut() = Some(again);
                    return;
                }
                // A waker on another thread is about to give its notified task back.
                Err(again) => tasks = again,
            }
            thread::yield_now();
        }
        let last = self.waker.lock().take();
        drop(last); // I2
    }
}
