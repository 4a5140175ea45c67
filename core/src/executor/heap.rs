//! The executor with a heap: tasks of any size, with handles to join and abort them by.
//!
//! Idea        One context owns the executor, spawns and polls; wakes come from anywhere. The queue
//!             is linked through the tasks' own headers.
//! States      open → closed, when the executor is dropped: every task is cancelled, and every `Notified` has
//!             come back
//! Invariants  I1 tasks are polled and dropped in the executor's context only, so that their futures
//!                need not be `Send`: the executor is not `Send` itself.
//!             I2 whoever queues a `Notified` from elsewhere holds a count of `Shared` meanwhile, since
//!                the executor may be gone as soon as the `Notified` is in the queue.
//!             I3 a queue that is closed takes no `Notified`.
//!             I4 without threads an executor that drops never waits for a `Notified`: its holder may be
//!             a context that this one has interrupted. `Shared` and the slots are leaked then.
//!             I5 without threads an interrupt handler may spawn here what is `Send`, through the
//!             table of services: slots and the queue are taken in critical sections.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;

use super::root::{Root, TimersGuard};
use super::services::{Refusal, Services, ServicesGuard};
use crate::collections::Chain;
use crate::coop;
use crate::park::{Park, Unpark};
use crate::platform::{Lock, PlainArc as Arc};
use crate::task::raw::{ErasedFuture, Notified, OwnedTasks, Schedule, next_id};
use crate::task::{Id, JoinHandle};
use crate::time::TimersHandle;
use crate::time::raw::Current;

/// What wakers reach, from any context.
struct Shared {
    /// `None` once it is closed (I3).
    queue: Lock<Option<Chain<Notified>>>,
    root: Root,
    unpark: Box<dyn Unpark>,
}

// SAFETY: the owner of the tasks stays in the executor's context (I1).
unsafe impl Schedule for Shared {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(this: NonNull<Self>, notified: Notified) {
        // SAFETY: the `Notified` keeps the executor from closing; from here on we hold a count (I2).
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.push(notified);
    }

    unsafe fn requeue(this: NonNull<Self>, notified: Notified) {
        // SAFETY: the caller runs the task, which keeps the executor.
        unsafe { this.as_ref() }.push(notified);
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {}
}

impl Shared {
    fn push(&self, notified: Notified) {
        let mut guard = self.queue.lock();
        let Some(queue) = guard.as_mut() else {
            drop(guard);
            return notified.discard();
        };
        let was_empty = queue.is_empty();
        queue.push(notified);
        drop(guard);
        // A queue that was not empty is looked at before the executor sleeps.
        if was_empty {
            self.unpark.unpark();
        }
    }

    fn ready(&self) -> usize {
        self.queue.lock().as_ref().map_or(0, Chain::len)
    }

    fn pop(&self) -> Option<Notified> {
        self.queue.lock().as_mut().and_then(Chain::pop)
    }
}

/// Runs allocated tasks on the context that owns it, in the order in which they became ready.
///
/// # Examples
/// ```
/// use selkie_core::executor::{HeapExecutor, ThreadPark, ThreadUnpark};
///
/// static UNPARK: ThreadUnpark = ThreadUnpark::new();
///
/// let mut executor = HeapExecutor::new(ThreadPark::new(&UNPARK));
/// let answer = executor.spawn(async { 6 * 7 });
/// assert_eq!(executor.block_on(answer).unwrap(), 42);
/// ```
pub struct HeapExecutor<P: Park> {
    shared: Arc<Shared>,
    /// `None` only while dropping.
    tasks: Option<OwnedTasks<Shared>>,
    park: P,
    timers: Option<TimersHandle>,
    /// Not `Send` (I1).
    _here: PhantomData<*const ()>,
}

impl<P: Park> HeapExecutor<P>
where
    P::Unpark: 'static,
{
    /// An executor that sleeps by `park`.
    pub fn new(park: P) -> Self {
        let shared = Arc::new(Shared {
            queue: Lock::new(Some(Chain::new())),
            root: Root::new(),
            unpark: Box::new(park.unpark_handle()),
        });
        let tasks = OwnedTasks::new(shared.clone());
        Self {
            shared,
            tasks: Some(tasks),
            park,
            timers: None,
            _here: PhantomData,
        }
    }

    /// Makes `shard` the one of the timers that tasks make here; without one they panic.
    pub fn set_timers(&mut self, timers: TimersHandle) {
        self.timers = Some(timers);
    }

    /// Spawns `future`; it runs while the executor blocks on another.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output>
    where
        F::Output: 'static,
    {
        // SAFETY: this context owns the executor, whose tasks run and drop here only (I1).
        unsafe { self.spawn_future(future, Location::caller()) }
    }

    /// # Safety
    /// The caller is in the executor's context.
    unsafe fn spawn_future<F: Future + 'static>(
        &self,
        future: F,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output> {
        let (notified, handle) = match &self.tasks {
            // SAFETY: the scheduler is `Shared`, and by the caller's promise.
            Some(tasks) => unsafe { tasks.spawn(next_id(), location, future) },
            None => unreachable!("the executor drops, and drops its tasks without running them"),
        };
        self.shared.push(notified);
        handle
    }

    /// Runs tasks until `future` is ready.
    ///
    /// # Panics
    /// If `future` panics. A task's panic goes to its handle where panics unwind.
    pub fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = root_waker(&self.shared);
        let mut cx = Context::from_waker(&waker);
        self.shared.root.begin();
        coop::raw::apart(|| {
            loop {
                if self.shared.root.take() {
                    let polled =
                        self.inside(|| coop::raw::budget(|| future.as_mut().poll(&mut cx)));
                    if let Poll::Ready(output) = polled {
                        return output;
                    }
                }
                let more = self.turn();
                self.park.park(more.then_some(Duration::ZERO));
            }
        })
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    fn turn(&self) -> bool {
        self.inside(|| {
            for _ in 0..self.shared.ready() {
                let Some(notified) = self.shared.pop() else {
                    break;
                };
                notified.run();
            }
        });
        self.shared.ready() != 0
    }

    /// Runs `f` where `spawn` and timers find this executor.
    fn inside<R>(&self, f: impl FnOnce() -> R) -> R {
        let services = Services::new(core::ptr::from_ref(self).cast(), spawn_erased::<P>);
        // SAFETY: the executor is borrowed for longer than the guard lives.
        let _services = unsafe { ServicesGuard::new(services) };
        let _timers = TimersGuard::new(match self.timers {
            Some(timers) => Current::Timers(timers),
            None => Current::Disabled,
        });
        let _entered = self.tasks.as_ref().map(|tasks| {
            // SAFETY: the guard drops here, and the tasks stay with the executor.
            unsafe { tasks.enter() }
        });
        f()
    }
}

impl<P: Park> Drop for HeapExecutor<P> {
    fn drop(&mut self) {
        let Some(tasks) = self.tasks.take() else {
            return;
        };
        let tasks = tasks.close();
        tasks.cancel_all();
        let queue = self.shared.queue.lock().take();
        let mut queue = queue.unwrap_or_default();
        while let Some(notified) = queue.pop() {
            notified.discard();
        }
        // A waker that this context has suspended gives its `Notified` to a closed queue later (I4): then
        // the slab and the scheduler are lost.
        tasks.finish_soon();
        self.park.shutdown();
    }
}

impl<P: Park> fmt::Debug for HeapExecutor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapExecutor")
            .field("ready", &self.shared.ready())
            .finish_non_exhaustive()
    }
}

/// # Safety
/// `data` is an executor that runs in this context, or in one that this interrupt handler has
/// interrupted, and the future is `Send`.
unsafe fn spawn_erased<P: Park>(data: *const (), erased: ErasedFuture<'_>) -> Result<(), Refusal>
where
    P::Unpark: 'static,
{
    // SAFETY: by the caller's promise.
    let executor = unsafe { &*data.cast::<HeapExecutor<P>>() };
    // SAFETY: the future is `Send`.
    let future = unsafe { erased.into_box() };
    // SAFETY: the executor runs in this context, or its context is suspended meanwhile and the
    // future is `Send` (I5).
    drop(unsafe { executor.spawn_future(future, Location::caller()) });
    Ok(())
}

/// A waker that holds a count of `shared`.
fn root_waker(shared: &Arc<Shared>) -> Waker {
    let word = Arc::into_raw(shared.clone()).cast();
    // SAFETY: the table's functions are safe in every context and keep the count.
    unsafe { Waker::new(word, &ROOT_TABLE) }
}

static ROOT_TABLE: RawWakerVTable =
    RawWakerVTable::new(clone_root, wake_root, wake_root_by_ref, drop_root);

unsafe fn clone_root(word: *const ()) -> RawWaker {
    // SAFETY: the word holds a count.
    unsafe { Arc::increment_strong_count(word.cast::<Shared>()) };
    RawWaker::new(word, &ROOT_TABLE)
}

unsafe fn wake_root(word: *const ()) {
    // SAFETY: the word's count is ours to use.
    unsafe { wake_root_by_ref(word) };
    // SAFETY: and to give up.
    unsafe { drop_root(word) };
}

unsafe fn wake_root_by_ref(word: *const ()) {
    // SAFETY: the word holds a count.
    let shared = unsafe { &*word.cast::<Shared>() };
    shared.root.wake(|| shared.unpark.unpark());
}

unsafe fn drop_root(word: *const ()) {
    // SAFETY: the word's count is given up.
    drop(unsafe { Arc::from_raw(word.cast::<Shared>()) });
}
