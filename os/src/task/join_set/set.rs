//! Tasks that are joined in the order in which they end.
//!
//! Idea        The join handle of each task is polled with a waker of its own, which puts the task's number into a list of
//!             ready ones and wakes whoever waits for the set. So joining polls the handles that were woken, and no others.
//! Invariants  those of [`ready`](super::ready).
//! Rejected    Polling every handle on each wake: quadratic in the number of tasks.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use selkie_core::coop;
use selkie_core::raw::collections::sort_by_number;
use selkie_core::raw::coop::{Budget, with_budget};
use selkie_core::raw::platform::contain_panic;
use selkie_core::task::{AbortHandle, Id, JoinError, JoinHandle};

use super::super::local_set::LocalSet;
use super::super::{blocking, local_set, spawn};
use super::ready::{Ready, Slot};
use crate::context::Handle;

/// A set of tasks with outputs of one type, joined in the order in which they end.
///
/// Dropping the set aborts its tasks.
///
/// # Examples
/// ```
/// use selkie::task::JoinSet;
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let mut set = JoinSet::new();
/// for n in 0..10 {
///     set.spawn(async move { n });
/// }
/// let mut seen = 0;
/// while let Some(output) = set.join_next().await {
///     seen += output.unwrap();
/// }
/// assert_eq!(seen, 45);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JoinSet<T> {
    places: Vec<Option<Place<T>>>,
    vacant: Vec<usize>,
    /// How many tasks there have been.
    spawned: u64,
    ready: Arc<Ready>,
}

/// One task of the set.
struct Place<T> {
    /// Which task of the set it is, the first one being zero.
    order: u64,
    handle: JoinHandle<T>,
    waker: Waker,
    slot: Arc<Slot>,
}

impl<T> JoinSet<T> {
    /// A set without tasks.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::<u32>::new();
    /// assert!(tasks.join_next().await.is_none(), "nothing to wait for");
    /// # }
    /// ```
    pub fn new() -> Self {
        Self {
            places: Vec::new(),
            vacant: Vec::new(),
            spawned: 0,
            ready: Arc::default(),
        }
    }

    /// How many tasks are in the set: spawned and not joined.
    pub fn len(&self) -> usize {
        self.places.len() - self.vacant.len()
    }

    /// Whether the set has no tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The handles, as the tasks were spawned.
    fn handles(&self) -> impl Iterator<Item = &JoinHandle<T>> {
        let mut places = Vec::with_capacity(self.places.len());
        for place in self.places.iter().flatten() {
            places.push(place);
        }
        sort_by_number(&mut places, |place| place.order);
        places.into_iter().map(|place| &place.handle)
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns `task` onto the runtime that runs here, as a member of the set.
    ///
    /// # Panics
    /// If no runtime runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::new();
    /// tasks.spawn(async { "first" });
    /// let slow = tasks.spawn(std::future::pending());
    /// assert_eq!(tasks.join_next().await.unwrap().unwrap(), "first");
    /// slow.abort();
    /// assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(spawn::spawn(task))
    }

    /// Spawns `task` onto the runtime of `handle`, as a member of the set.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime::Builder, task::JoinSet};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut tasks = JoinSet::new();
    /// tasks.spawn_on(async { 1 }, runtime.handle());
    /// tasks.spawn_on(async { 2 }, runtime.handle());
    /// let sum: i32 = runtime.block_on(tasks.join_all()).iter().sum();
    /// assert_eq!(sum, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn(task))
    }

    /// Spawns `task` onto the local set that runs here, as a member of the set.
    ///
    /// # Panics
    /// Outside a local set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{JoinSet, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let total = set.run_until(async {
    ///     let number = Rc::new(5);
    ///     let mut tasks = JoinSet::new();
    ///     for factor in [1, 10] {
    ///         let number = number.clone();
    ///         tasks.spawn_local(async move { *number * factor });
    ///     }
    ///     tasks.join_all().await.iter().sum::<i32>()
    /// });
    /// assert_eq!(total.await, 55);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set::spawn_local(task))
    }

    /// Spawns `task` onto `local_set`, as a member of the set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{JoinSet, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let mut tasks = JoinSet::new();
    /// let word = Rc::new("word");
    /// tasks.spawn_local_on(async move { word.len() }, &set);
    /// // The set has to run for its tasks to end.
    /// assert_eq!(set.run_until(tasks.join_all()).await, [4]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(task))
    }

    /// Runs `f` on the blocking pool of the runtime that runs here, as a member of the set.
    ///
    /// # Panics
    /// If no runtime runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut lengths = JoinSet::new();
    /// for text in ["one", "three"] {
    ///     lengths.spawn_blocking(move || text.len());
    /// }
    /// assert_eq!(lengths.join_all().await.iter().sum::<usize>(), 8);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(blocking::spawn_blocking(f))
    }

    /// Runs `f` on the blocking pool of the runtime of `handle`, as a member of the set.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime::Builder, task::JoinSet};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut tasks = JoinSet::new();
    /// tasks.spawn_blocking_on(|| 6 * 7, runtime.handle());
    /// assert_eq!(runtime.block_on(tasks.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn_blocking(f))
    }

    pub(super) fn insert(&mut self, mut handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        let slot = Arc::new(Slot::new(number, &self.ready));
        let waker = Waker::from(Arc::clone(&slot));
        // From the start, so that tasks are joined in the order in which they end.
        if !handle.wake_at_end(&waker) {
            waker.wake_by_ref();
        }
        self.places[number] = Some(Place {
            order: self.spawned,
            handle,
            waker,
            slot,
        });
        self.spawned += 1;
        abort
    }

    /// Waits until a task of the set ends, takes it out and gives its output; `None` when the set
    /// is empty.
    ///
    /// # Errors
    /// If the task panicked or was aborted.
    ///
    /// # Cancel safety
    /// No task is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::task::JoinSet;
    /// use selkie::time::sleep;
    ///
    /// let mut tasks = JoinSet::new();
    /// for seconds in [3, 1, 2] {
    ///     tasks.spawn(async move {
    ///         sleep(Duration::from_secs(seconds)).await;
    ///         seconds
    ///     });
    /// }
    /// let mut order = Vec::new();
    /// while let Some(result) = tasks.join_next().await {
    ///     order.push(result.unwrap());
    /// }
    /// assert_eq!(order, [1, 2, 3], "as they end");
    /// # }
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](Self::join_next), with the task's id.
    ///
    /// # Errors
    /// If the task panicked or was aborted; the error has its id.
    ///
    /// # Cancel safety
    /// No task is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::new();
    /// let id = tasks.spawn(async { "done" }).id();
    /// let (ended, output) = tasks.join_next_with_id().await.unwrap().unwrap();
    /// assert_eq!((ended, output), (id, "done"));
    ///
    /// // An error has its task's id, too.
    /// let aborted = tasks.spawn(std::future::pending());
    /// aborted.abort();
    /// let error = tasks.join_next_with_id().await.unwrap().unwrap_err();
    /// assert_eq!(error.id(), aborted.id());
    /// # }
    /// ```
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// The output of a task that has ended; `None` if none has.
    ///
    /// # Errors
    /// If the task panicked or was aborted.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::{JoinSet, yield_now};
    ///
    /// let mut tasks = JoinSet::new();
    /// tasks.spawn(async { 1 });
    /// assert!(tasks.try_join_next().is_none(), "it has not run yet");
    /// yield_now().await;
    /// assert_eq!(tasks.try_join_next().unwrap().unwrap(), 1);
    /// # }
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id()
            .map(|result| result.map(|(_, output)| output))
    }

    /// As [`try_join_next`](Self::try_join_next), with the task's id.
    ///
    /// # Errors
    /// If the task panicked or was aborted; the error has its id.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::{JoinSet, yield_now};
    ///
    /// let mut tasks = JoinSet::new();
    /// let id = tasks.spawn(async { 'x' }).id();
    /// yield_now().await;
    /// assert_eq!(tasks.try_join_next_with_id().unwrap().unwrap(), (id, 'x'));
    /// # }
    /// ```
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let rounds = self.ready.len();
        for _ in 0..rounds {
            let number = self.ready.try_pop()?;
            // Without a budget: an answer now is all that is asked for.
            if let Poll::Ready(result) =
                with_budget(Budget::unlimited(), || self.poll_place(number))
            {
                return Some(result);
            }
        }
        None
    }

    /// Polls for a task that has ended; `Ready(None)` when the set is empty.
    ///
    /// # Errors
    /// If the task panicked or was aborted.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx)
            .map(|next| next.map(|result| result.map(|(_, output)| output)))
    }

    /// As [`poll_join_next`](Self::poll_join_next), with the task's id.
    ///
    /// # Errors
    /// If the task panicked or was aborted; the error has its id.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            let Some(number) = self.ready.pop(cx) else {
                return Poll::Pending;
            };
            let polled = with_budget(Budget::unlimited(), || self.poll_place(number));
            if let Poll::Ready(result) = polled {
                unit.made_progress();
                return Poll::Ready(Some(result));
            }
        }
    }

    /// Polls one task's handle with its own waker.
    fn poll_place(&mut self, number: usize) -> Poll<Result<(Id, T), JoinError>> {
        let Some(Some(place)) = self.places.get_mut(number) else {
            return Poll::Pending;
        };
        place.slot.unqueue();
        let id = place.handle.id();
        let mut cx = Context::from_waker(&place.waker);
        let result = ready!(std::pin::Pin::new(&mut place.handle).poll(&mut cx));
        self.places[number] = None;
        self.vacant.push(number);
        Poll::Ready(result.map(|output| (id, output)))
    }

    /// Waits for all tasks and gives their outputs in the order in which they ended.
    ///
    /// # Panics
    /// If a task panicked (with its payload) or was aborted; the others are then aborted.
    ///
    /// # Cancel safety
    /// Not cancel safe: the set is dropped with the future, which aborts its tasks, and the outputs so far are lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let tasks: JoinSet<_> = (1..=4).map(|number| async move { number * number }).collect();
    /// let mut squares = tasks.join_all().await;
    /// squares.sort();
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// # }
    /// ```
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next().await {
            match result {
                Ok(output) => outputs.push(output),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => panic!("{error}"),
            }
        }
        outputs
    }

    /// Aborts all tasks and waits until they have ended.
    ///
    /// # Cancel safety
    /// All tasks are aborted at the first poll; those that have not ended when the future is dropped stay in the set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::task::JoinSet;
    ///
    /// let shared = Arc::new("used by tasks");
    /// let mut tasks = JoinSet::new();
    /// for _ in 0..3 {
    ///     let shared = shared.clone();
    ///     tasks.spawn(async move {
    ///         std::future::pending::<()>().await;
    ///         drop(shared);
    ///     });
    /// }
    /// tasks.shutdown().await;
    /// // None of them is left, nor what it held.
    /// assert!(tasks.is_empty());
    /// assert_eq!(Arc::strong_count(&shared), 1);
    /// # }
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Aborts all tasks; they stay in the set until joined.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::new();
    /// for _ in 0..3 {
    ///     tasks.spawn(std::future::pending::<()>());
    /// }
    /// tasks.abort_all();
    /// while let Some(result) = tasks.join_next().await {
    ///     assert!(result.unwrap_err().is_cancelled());
    /// }
    /// # }
    /// ```
    pub fn abort_all(&mut self) {
        self.abort_each();
    }

    /// Takes all tasks out of the set; they go on, and nobody joins them.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::oneshot;
    /// use selkie::task::JoinSet;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// let mut tasks = JoinSet::new();
    /// tasks.spawn(async move { tx.send("went on") });
    /// tasks.detach_all();
    /// drop(tasks);
    /// assert_eq!(rx.await, Ok("went on"));
    /// # }
    /// ```
    pub fn detach_all(&mut self) {
        self.places.clear();
        self.vacant.clear();
        self.ready.clear();
    }
}

impl<T> JoinSet<T> {
    /// Aborts all; the waker of a local set that an abort wakes may panic, which keeps none from it.
    fn abort_each(&self) {
        for handle in self.handles() {
            contain_panic(|| handle.abort());
        }
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_each();
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
        let mut set = Self::new();
        set.extend(tasks);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
        tasks.into_iter().for_each(|task| {
            self.spawn(task);
        });
    }
}
