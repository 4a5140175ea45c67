//! Structured concurrency: tasks that end before the code that spawned them goes on.
//!
//! Idea        The tasks of a scope are counted. The scope is ready when its body has returned and the count is zero. The
//!             first failure stops the other tasks.
//! States      open → failed (the others are asked to stop) → closed; open → closed
//! Invariants  I1 a task is counted from before it is spawned until its future was dropped.
//!             I2 once the scope is not open any more, whatever is spawned is aborted at once.
//!             I3 wakers, abort handles and stop tokens are used outside the lock: they are foreign code.
//! Rejected    Tasks that borrow from the body: a scope that is forgotten (`mem::forget`) would leave them with dangling
//!             references, and a drop that waits would block its thread.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;
use selkie_core::raw::coop;
use selkie_core::raw::platform::{Lock, LockGuard, contain_panic};
use selkie_core::raw::wake::wake_each;
use selkie_core::task::{AbortHandle, JoinHandle};

use super::stop_token::StopToken;
use super::{blocking, spawn};

/// Spawns tasks that end before the scope does; given to the body of [`scope`].
///
/// Clones may go into the tasks, to spawn more.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::{self, Scope};
///
/// /// A function that spawns on behalf of whoever waits for the scope.
/// fn greet_all(scope: &Scope<String>, names: &[&'static str]) {
///     for &name in names {
///         scope.spawn(async move {
///             if name.is_empty() { Err("no name".into()) } else { Ok(()) }
///         });
///     }
/// }
///
/// let greeted = task::scope(|scope| async move {
///     greet_all(&scope, &["ann", "bob"]);
///     Ok(scope.len())
/// });
/// assert_eq!(greeted.await, Ok(2));
///
/// let failed = task::scope(|scope| async move {
///     greet_all(&scope, &["ann", ""]);
///     Ok(())
/// });
/// assert_eq!(failed.await, Err("no name".into()));
/// # }
/// ```
pub struct Scope<E> {
    shared: Arc<Shared<E>>,
}

/// Why a scope stopped early.
enum Failure<E> {
    Error(E),
    Panic(Box<dyn Any + Send>),
}

struct Shared<E> {
    state: Lock<State<E>>,
    token: StopToken,
}

struct State<E> {
    open: bool,
    /// Tasks whose futures have not been dropped (I1).
    alive: usize,
    failure: Option<Failure<E>>,
    aborts: Vec<AbortHandle>,
    /// Who awaits the scope.
    waker: Option<Waker>,
}

/// Runs `body`, which spawns tasks with the [`Scope`] it is given, and waits until all of them have
/// ended. Beyond Tokio.
///
/// The first error, of a task or of `body`, stops the rest: the other tasks are aborted, the scope's
/// [token](Scope::token) is stopped, `body` is dropped, and when all have ended, the scope gives
/// that error.
///
/// What a scope cannot do: its tasks are `'static`, they cannot borrow from `body`; and if its
/// future is dropped before it is ready, its tasks are aborted, but nobody waits until they have
/// noticed.
///
/// # Errors
/// The first error.
///
/// # Panics
/// With the payload of the first panic, of a task or of `body`, after all have ended.
///
/// # Cancel safety
/// Dropped, it aborts its tasks and stops its token.
///
/// # Cost
/// A lock for a spawn and for an end, beside what a spawn costs.
///
/// # Examples
/// ```
/// use selkie::task;
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let sum = task::scope(|scope| async move {
///     let one = scope.spawn(async { Ok(1) });
///     let two = scope.spawn_blocking(|_stop| Ok(2));
///     Ok::<_, std::io::Error>(one.await.unwrap().unwrap() + two.await.unwrap().unwrap())
/// });
/// assert_eq!(sum.await.unwrap(), 3);
///
/// let failed = task::scope(|scope| async move {
///     scope.spawn(std::future::pending::<Result<(), _>>());
///     scope.spawn(async { Err::<(), _>("no") });
///     Ok(())
/// });
/// assert_eq!(failed.await, Err("no"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn scope<T, E, F, Fut>(body: F) -> Result<T, E>
where
    F: FnOnce(Scope<E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Send + 'static,
{
    let shared = Arc::new(Shared {
        state: Lock::new(State {
            open: true,
            alive: 0,
            failure: None,
            aborts: Vec::new(),
            waker: None,
        }),
        token: StopToken::new(),
    });
    let stop = StopOnDrop(&shared);
    let value = run_body(&shared, body).await;
    poll_fn(|cx| shared.poll_ended(cx)).await;
    std::mem::forget(stop);
    let failure = shared.lock().failure.take();
    match (failure, value) {
        (Some(Failure::Error(error)), _) => Err(error),
        (Some(Failure::Panic(payload)), _) => resume_unwind(payload),
        (None, Some(value)) => Ok(value),
        (None, None) => unreachable!("a body without a value has failed, or a task has"),
    }
}

/// Runs the body until it is ready or a task fails; its own failure becomes the scope's.
async fn run_body<T, E, F, Fut>(shared: &Arc<Shared<E>>, body: F) -> Option<T>
where
    F: FnOnce(Scope<E>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let scope = Scope {
        shared: Arc::clone(shared),
    };
    let body = match catch_unwind(AssertUnwindSafe(|| body(scope))) {
        Ok(body) => body,
        Err(payload) => {
            shared.fail(Failure::Panic(payload));
            return None;
        }
    };
    let mut body = pin!(body);
    poll_fn(|cx| {
        if shared.poll_failed(cx).is_ready() {
            return Poll::Ready(None);
        }
        match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(value))) => return Poll::Ready(Some(value)),
            Ok(Poll::Ready(Err(error))) => shared.fail(Failure::Error(error)),
            Err(payload) => shared.fail(Failure::Panic(payload)),
        }
        Poll::Ready(None)
    })
    .await
}

/// Stops a scope that is dropped before its end.
struct StopOnDrop<'a, E>(&'a Arc<Shared<E>>);

impl<E> Drop for StopOnDrop<'_, E> {
    fn drop(&mut self) {
        self.0.stop();
        // Nobody waits any more; its drop is foreign code, outside the lock (I3).
        let waker = self.0.lock().waker.take();
        drop(waker);
    }
}

impl<E> Shared<E> {
    fn lock(&self) -> LockGuard<'_, State<E>> {
        self.state.lock()
    }

    /// Keeps the first failure and stops the rest.
    fn fail(&self, failure: Failure<E>) {
        let mut state = self.lock();
        let late = match &state.failure {
            // Errors after the first, and after the scope has ended, have nowhere to go.
            Some(_) => Some(failure),
            None => state.failure.replace(failure),
        };
        let waker = state.waker.take();
        drop(state);
        self.stop();
        wake_each(waker);
        // Foreign code, whose panic cannot be reported to anybody: the scope has its failure.
        contain_panic(|| drop(late));
    }

    /// Tells all tasks to stop (I2, I3).
    fn stop(&self) {
        let aborts = {
            let mut state = self.lock();
            state.open = false;
            std::mem::take(&mut state.aborts)
        };
        // A waker that panics keeps no task from being aborted.
        contain_panic(|| self.token.stop());
        for abort in aborts {
            contain_panic(|| abort.abort());
        }
    }

    fn poll_failed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.wait(cx, |state| state.failure.is_some())
    }

    /// Ready when no task is alive; the scope is then closed.
    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(coop::poll_leaf(cx));
        self.wait(cx, |state| {
            let ended = state.alive == 0;
            state.open &= !ended;
            ended
        })
    }

    /// Waits until `ready` says so, under the lock; `cx` is woken when the state changes.
    fn wait(&self, cx: &Context<'_>, ready: impl Fn(&mut State<E>) -> bool) -> Poll<()> {
        // Outlives the lock (I3).
        let mut mine = None;
        loop {
            let mut state = self.lock();
            if ready(&mut state) {
                return Poll::Ready(());
            }
            let waker = state.waker.as_ref();
            if waker.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            if mine.is_some() {
                std::mem::swap(&mut state.waker, &mut mine);
                return Poll::Pending;
            }
            drop(state);
            mine = Some(cx.waker().clone());
        }
    }

    /// Registers a task that was spawned; it is aborted if the scope is not open (I2).
    fn adopt(&self, abort: AbortHandle) {
        let mut state = self.lock();
        if !state.open {
            drop(state);
            return abort.abort();
        }
        if state.aborts.len() == state.aborts.capacity() {
            state.aborts.retain(|abort| !abort.is_finished());
        }
        state.aborts.push(abort);
    }
}

/// Counts a task as alive (I1).
struct AliveGuard<E>(Arc<Shared<E>>);

impl<E> AliveGuard<E> {
    fn new(shared: &Arc<Shared<E>>) -> Self {
        shared.lock().alive += 1;
        Self(Arc::clone(shared))
    }
}

impl<E> Drop for AliveGuard<E> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.alive -= 1;
        let waker = (state.alive == 0).then(|| state.waker.take()).flatten();
        drop(state);
        wake_each(waker);
    }
}

pin_project! {
    /// A task of a scope: the future is dropped before the count goes down (I1).
    struct Member<F, E> {
        #[pin]
        future: F,
        alive: AliveGuard<E>,
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for Member<F, E> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        match catch_unwind(AssertUnwindSafe(|| this.future.poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(settle(&this.alive.0, Ok(result))),
            Err(payload) => Poll::Ready(settle::<T, E>(&this.alive.0, Err(payload))),
        }
    }
}

/// A closure of a scope: it is dropped before the count goes down (I1), also when it never runs.
struct BlockingMember<F, E> {
    closure: F,
    alive: AliveGuard<E>,
}

impl<F: FnOnce(&StopToken) -> Result<T, E>, T, E> BlockingMember<F, E> {
    fn run(self) -> Option<T> {
        let Self { closure, alive } = self;
        let ended = catch_unwind(AssertUnwindSafe(|| closure(&alive.0.token)));
        settle(&alive.0, ended)
    }
}

/// What a member gives: a value, or nothing, and the scope has its failure.
fn settle<T, E>(shared: &Shared<E>, ended: Result<Result<T, E>, Box<dyn Any + Send>>) -> Option<T> {
    match ended {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => shared.fail(Failure::Error(error)),
        Err(payload) => shared.fail(Failure::Panic(payload)),
    }
    None
}

impl<E: Send + 'static> Scope<E> {
    /// Spawns `future` as a task of the scope, onto the runtime that runs here.
    ///
    /// The handle gives the value, or `None` if the task failed: the scope has its error. Dropping
    /// the handle changes nothing. A scope that has ended aborts the task at once.
    ///
    /// # Panics
    /// If no runtime runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task;
    ///
    /// let sum = task::scope(|scope| async move {
    ///     let parts = [1, 2, 3].map(|part| scope.spawn(async move { Ok::<_, String>(part * 10) }));
    ///     let mut sum = 0;
    ///     for part in parts {
    ///         // `None` would mean that the scope has failed.
    ///         sum += part.await.unwrap().unwrap_or_default();
    ///     }
    ///     Ok(sum)
    /// });
    /// assert_eq!(sum.await, Ok(60));
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> JoinHandle<Option<T>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let alive = AliveGuard::new(&self.shared);
        let handle = spawn::spawn(Member { future, alive });
        self.shared.adopt(handle.abort_handle());
        handle
    }

    /// Runs `f`, which may block, on the blocking pool, as a task of the scope.
    ///
    /// A closure that has begun cannot be aborted: the scope waits for it. It is given the scope's
    /// token, and should look at it.
    ///
    /// # Panics
    /// If no runtime runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task;
    ///
    /// let found = task::scope(|scope| async move {
    ///     let search = scope.spawn_blocking(|stop| {
    ///         for candidate in 2_u32.. {
    ///             // Whoever cannot be aborted looks from time to time.
    ///             stop.check().map_err(|_| "stopped")?;
    ///             if 1001 % candidate == 0 {
    ///                 return Ok(candidate);
    ///             }
    ///         }
    ///         Err("none")
    ///     });
    ///     Ok::<_, &str>(search.await.unwrap())
    /// });
    /// assert_eq!(found.await, Ok(Some(7)));
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, f: F) -> JoinHandle<Option<T>>
    where
        F: FnOnce(&StopToken) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        let member = BlockingMember {
            closure: f,
            alive: AliveGuard::new(&self.shared),
        };
        let handle = blocking::spawn_blocking(move || member.run());
        self.shared.adopt(handle.abort_handle());
        handle
    }
}

impl<E> Scope<E> {
    /// The scope's token: it is stopped when the scope fails, or is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task;
    ///
    /// let failed = task::scope(|scope| async move {
    ///     let token = scope.token();
    ///     scope.spawn(async { Err::<(), _>("no") });
    ///     // Ends with the first failure.
    ///     token.stopped().await;
    ///     Ok(())
    /// });
    /// assert_eq!(failed.await, Err("no"));
    /// # }
    /// ```
    pub fn token(&self) -> StopToken {
        self.shared.token.clone()
    }

    /// How many tasks of the scope have not ended.
    pub fn len(&self) -> usize {
        self.shared.lock().alive
    }

    /// Whether all tasks of the scope have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E> Clone for Scope<E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<E> fmt::Debug for Scope<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
