//! Tasks that need not be `Send`: a set that runs on the thread that polls it.
//!
//! Invariants  I1 a set that a thread has entered is alive: a frame on its stack borrows it, or the guard owns a count of
//!                it. The pointers are plain, so that a set may be dropped while the thread's other locals are.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use selkie_core::raw::coop;
use selkie_core::raw::task::next_id;
use selkie_core::task::JoinHandle;

use crate::context::{self, Id, InnermostEntry, Node};
use crate::observability::named;
use crate::runtime::{Runtime, UnhandledPanic};
use crate::scheduler::{LocalScheduler, SchedulerKind};
use crate::trace::{self, Kind};

thread_local! {
    static ENTERED: InnermostEntry<Entered> = const { Cell::new(ptr::null()) };
}

/// A set of tasks that stay on the thread that made the set.
///
/// The set is a future: polled, it runs its tasks; it is ready when they have all ended. Dropping
/// it drops them.
///
/// # Examples
/// ```
/// use std::rc::Rc;
/// use selkie::task::{self, LocalSet};
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// let word = Rc::new("not Send");
/// let set = LocalSet::new();
/// let length = set.block_on(&runtime, async {
///     task::spawn_local(async move { word.len() }).await.unwrap()
/// });
/// assert_eq!(length, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LocalSet {
    scheduler: Arc<LocalScheduler>,
    id: Id,
    /// Neither `Send` nor `Sync`.
    _here: PhantomData<Rc<()>>,
}

/// A set that a thread has entered (I1).
#[derive(Debug, Clone, Copy)]
struct Entered(*const LocalScheduler);

/// The context of a local set on this thread; made by [`LocalSet::enter`]. Guards may be dropped in any
/// order.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::rc::Rc;
/// use selkie::task::{self, LocalSet};
///
/// let set = LocalSet::new();
/// let guard = set.enter();
/// // Found by the guard; it runs when the set does.
/// let task = task::spawn_local(async { Rc::new(1) });
/// drop(guard);
/// assert_eq!(*set.run_until(task).await.unwrap(), 1);
/// # }
/// ```
pub struct LocalEnterGuard {
    /// In a box, since a guard may be moved. A pointer, since the list looks at it too.
    entered: ptr::NonNull<Node<Entered>>,
    _scheduler: Arc<LocalScheduler>,
    _here: PhantomData<Rc<()>>,
}

/// Runs `f`, which drives the tasks of `scheduler`, with it as the local set that runs here: they
/// cannot be handed to another thread.
fn scope<R>(scheduler: &Arc<LocalScheduler>, f: impl FnOnce() -> R) -> R {
    struct LeaveGuard<'a>(&'a Node<Entered>);
    impl Drop for LeaveGuard<'_> {
        fn drop(&mut self) {
            // SAFETY: entered below, on this thread.
            ENTERED.with(|entered| unsafe { self.0.leave(entered) });
        }
    }
    let entered = Node::new(Entered(Arc::as_ptr(scheduler)));
    // SAFETY: the set is borrowed for longer than this, and the node stays on this stack until it has
    // left (I1).
    ENTERED.with(|all| unsafe { entered.enter(all) });
    let _leave = LeaveGuard(&entered);
    context::without_handoff(f)
}

/// As [`scope`], for a poll of the set, which comes to whatever `f` queues.
fn polling<R>(scheduler: &Arc<LocalScheduler>, f: impl FnOnce() -> R) -> R {
    scope(scheduler, || scheduler.polled(f))
}

/// The local set that runs here.
fn current() -> Option<Arc<LocalScheduler>> {
    // SAFETY: what a thread has entered is alive (I1).
    let Entered(current) = unsafe { ENTERED.get().as_ref() }?.value;
    // SAFETY: as above.
    unsafe { Arc::increment_strong_count(current) };
    // SAFETY: the count just taken.
    Some(unsafe { Arc::from_raw(current) })
}

impl Drop for LocalEnterGuard {
    fn drop(&mut self) {
        // SAFETY: the box is alive.
        let entered = unsafe { self.entered.as_ref() };
        // SAFETY: entered when the guard was made, on this thread: the guard is not `Send`.
        ENTERED.with(|all| unsafe { entered.leave(all) });
        // SAFETY: made of a box, and out of the list.
        drop(unsafe { Box::from_raw(self.entered.as_ptr()) });
    }
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}

/// Spawns `future`, which need not be `Send`, onto the local set that runs here, or else onto the
/// [`LocalRuntime`](crate::runtime::LocalRuntime) that runs here.
///
/// # Panics
/// If neither runs here, or if the local runtime belongs to another thread.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::rc::Rc;
/// use selkie::task::{self, LocalSet};
///
/// let set = LocalSet::new();
/// let word = set.run_until(async {
///     // An `Rc` does not leave its thread, and neither does this task.
///     let word = Rc::new(String::from("local"));
///     let task = task::spawn_local({
///         let word = word.clone();
///         async move { word.to_uppercase() }
///     });
///     task.await.unwrap()
/// });
/// assert_eq!(word.await, "LOCAL");
/// # }
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_named(future, None)
}

/// As [`spawn_local`], with a name.
#[track_caller]
pub(super) fn spawn_local_named<F>(future: F, name: Option<&str>) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (id, location) = (next_id(), Location::caller());
    let future = trace::task(future, Kind::Local, name, id, location);
    if let Some(scheduler) = current() {
        return scheduler.spawn(named(future, id, name), id, location);
    }
    let runtime = context::with_current(|inner| match inner.spawner.kind() {
        SchedulerKind::CurrentThread(scheduler) if scheduler.is_local() => {
            Some(Arc::clone(scheduler))
        }
        _ => None,
    });
    match runtime {
        Ok(Some(scheduler)) => scheduler.spawn_local(named(future, id, name), id, location),
        _ => panic!(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`"
        ),
    }
}

impl LocalSet {
    /// A set without tasks.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::LocalSet;
    ///
    /// let set = LocalSet::new();
    /// // Ready at once, since it has no tasks.
    /// set.await;
    /// # }
    /// ```
    pub fn new() -> Self {
        Self {
            scheduler: LocalScheduler::new(),
            id: Id::next(),
            _here: PhantomData,
        }
    }

    /// Enters the set's context until the guard drops: `spawn_local` then finds the set. The tasks
    /// run when the set is polled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let number = Rc::new(4);
    /// let task = {
    ///     let _guard = set.enter();
    ///     task::spawn_local(async move { *number })
    /// };
    /// assert_eq!(set.run_until(task).await.unwrap(), 4);
    /// # }
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        let scheduler = Arc::clone(&self.scheduler);
        let node = Node::new(Entered(Arc::as_ptr(&scheduler)));
        let entered = ptr::NonNull::from(Box::leak(Box::new(node)));
        // SAFETY: just made.
        let node = unsafe { entered.as_ref() };
        // SAFETY: the set is alive by the count just taken, and the node stays in its box until it has
        // left (I1).
        ENTERED.with(|all| unsafe { node.enter(all) });
        LocalEnterGuard {
            entered,
            _scheduler: scheduler,
            _here: PhantomData,
        }
    }

    /// Spawns `future` onto the set; it runs when the set is polled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use selkie::task::LocalSet;
    ///
    /// let done = Rc::new(Cell::new(0));
    /// let set = LocalSet::new();
    /// for _ in 0..3 {
    ///     let done = done.clone();
    ///     set.spawn_local(async move { done.set(done.get() + 1) });
    /// }
    /// // Awaiting the set waits for all of its tasks.
    /// set.await;
    /// assert_eq!(done.get(), 3);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_local_named(future, None)
    }

    /// As [`spawn_local`](Self::spawn_local), with a name.
    #[track_caller]
    pub(super) fn spawn_local_named<F>(
        &self,
        future: F,
        name: Option<&str>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (id, location) = (next_id(), Location::caller());
        let future = trace::task(future, Kind::Local, name, id, location);
        self.scheduler.spawn(named(future, id, name), id, location)
    }

    /// Runs `future`, and the set's tasks meanwhile, on `rt` until `future` is ready.
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    /// ```
    /// use std::rc::Rc;
    /// use selkie::runtime::Builder;
    /// use selkie::task::{self, LocalSet};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let set = LocalSet::new();
    /// let sum = set.block_on(&runtime, async {
    ///     let numbers = Rc::new([1, 2, 3]);
    ///     task::spawn_local(async move { numbers.iter().sum::<i32>() }).await.unwrap()
    /// });
    /// assert_eq!(sum, 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, rt: &Runtime, future: F) -> F::Output {
        rt.block_on(self.run_until(future))
    }

    /// Runs the set's tasks until `future` is ready.
    ///
    /// # Cancel safety
    /// The set's tasks stay when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let background = set.spawn_local(std::future::pending::<()>());
    /// let five = set.run_until(async { *task::spawn_local(async { Rc::new(5) }).await.unwrap() });
    /// assert_eq!(five.await, 5);
    /// // Other tasks of the set stay, and go on when it runs again.
    /// assert!(!background.is_finished());
    /// # }
    /// ```
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        RunUntil { set: self, future }.await
    }

    /// What a task's panic does to the set; nothing by default.
    ///
    /// With [`ShutdownRuntime`](UnhandledPanic::ShutdownRuntime) the set drops its tasks, and whoever
    /// polls it, or is in [`run_until`](Self::run_until), panics.
    ///
    /// # Examples
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    /// use selkie::runtime::{Builder, UnhandledPanic};
    /// use selkie::task::LocalSet;
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut set = LocalSet::new();
    /// set.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    /// set.spawn_local(async { panic!("in a task") });
    /// // The panic comes out where the set runs, instead of being kept in a join handle.
    /// let run = || set.block_on(&runtime, std::future::pending::<()>());
    /// assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        let ends = matches!(behavior, UnhandledPanic::ShutdownRuntime);
        self.scheduler.set_ends_on_panic(ends);
        self
    }

    /// The set's number.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.scheduler.register(cx.waker());
        polling(&self.scheduler, || {
            if self.scheduler.tick() {
                cx.waker().wake_by_ref();
            } else if self.scheduler.is_empty() {
                return Poll::Ready(());
            }
            coop::note_pending();
            Poll::Pending
        })
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        scope(&self.scheduler, || self.scheduler.close());
    }
}

pin_project! {
    /// A future beside the set's tasks.
    struct RunUntil<'a, F> {
        set: &'a LocalSet,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let scheduler = &this.set.scheduler;
        scheduler.register(cx.waker());
        polling(scheduler, || {
            if let Poll::Ready(output) = this.future.poll(cx) {
                return Poll::Ready(output);
            }
            if scheduler.tick() {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
    }
}
