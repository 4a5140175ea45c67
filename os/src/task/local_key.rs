//! Values that belong to a task, as thread-locals belong to a thread.
//!
//! Idea        The value is stored in the future that carries it, and is swapped into a thread-local around each poll and
//!             around the drop.
//! Invariants  I1 between polls the value is in the future, during a poll it is in the thread-local, never in both; a poll
//!                that unwinds swaps it back.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

/// A key to a value of the running task; made by [`task_local!`](crate::task_local).
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// selkie::task_local! {
///     /// Which request the task serves.
///     static REQUEST: u64;
/// }
///
/// /// Called from deep inside, without a parameter for it.
/// fn log(message: &str) -> String {
///     format!("request {}: {message}", REQUEST.get())
/// }
///
/// let task = selkie::spawn(REQUEST.scope(7, async { log("begun") }));
/// assert_eq!(task.await.unwrap(), "request 7: begun");
/// # }
/// ```
pub struct LocalKey<T: 'static> {
    #[doc(hidden)]
    pub inner: thread::LocalKey<RefCell<Option<T>>>,
}

/// The value of a key is not set here.
///
/// # Examples
/// ```
/// selkie::task_local! {
///     static USER: &'static str;
/// }
///
/// let error = USER.try_get().unwrap_err();
/// assert_eq!(error.to_string(), "task-local value not set");
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct AccessError {
    _private: (),
}

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessError").finish()
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task-local value not set")
    }
}

impl Error for AccessError {}

/// Why a value could not be swapped in.
enum ScopeError {
    /// The value is borrowed, by a `with` that encloses the scope.
    Borrowed,
    /// The thread is ending.
    Destroyed,
}

impl ScopeError {
    #[track_caller]
    fn panic(&self) -> ! {
        match self {
            Self::Borrowed => {
                panic!("cannot enter a task-local scope while the task-local storage is borrowed")
            }
            Self::Destroyed => panic!(
                "cannot enter a task-local scope during or after destruction of the underlying thread-local"
            ),
        }
    }
}

impl<T: 'static> LocalKey<T> {
    /// A future that runs `f` with the key set to `value`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// selkie::task_local! {
    ///     static LEVEL: u32;
    /// }
    ///
    /// LEVEL
    ///     .scope(1, async {
    ///         assert_eq!(LEVEL.get(), 1);
    ///         LEVEL.scope(2, async { assert_eq!(LEVEL.get(), 2) }).await;
    ///         assert_eq!(LEVEL.get(), 1, "the outer value is back");
    ///         // Another task has values of its own.
    ///         assert!(selkie::spawn(async { LEVEL.try_get() }).await.unwrap().is_err());
    ///     })
    ///     .await;
    /// # }
    /// ```
    pub fn scope<F>(&'static self, value: T, f: F) -> TaskLocalFuture<T, F>
    where
        F: Future,
    {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            future: Some(f),
            _pinned: PhantomPinned,
        }
    }

    /// Runs `f` with the key set to `value`.
    ///
    /// # Panics
    /// If the key's value is borrowed by an enclosing [`with`](Self::with).
    ///
    /// # Examples
    /// ```
    /// selkie::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// let greeting = USER.sync_scope("ann", || format!("hello {}", USER.get()));
    /// assert_eq!(greeting, "hello ann");
    /// ```
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        match self.swapped(&mut value, f) {
            Ok(result) => result,
            Err(error) => error.panic(),
        }
    }

    /// Runs `f` with `value` in the thread-local, and swaps it back after (I1).
    fn swapped<R>(
        &'static self,
        value: &mut Option<T>,
        f: impl FnOnce() -> R,
    ) -> Result<R, ScopeError> {
        struct SwapGuard<'a, T: 'static> {
            key: &'static LocalKey<T>,
            value: &'a mut Option<T>,
        }
        impl<T> Drop for SwapGuard<'_, T> {
            fn drop(&mut self) {
                let _gone = self.key.swap(self.value);
            }
        }
        self.swap(value)?;
        let _back = SwapGuard { key: self, value };
        Ok(f())
    }

    fn swap(&'static self, value: &mut Option<T>) -> Result<(), ScopeError> {
        self.inner
            .try_with(|cell| match cell.try_borrow_mut() {
                Ok(mut stored) => {
                    std::mem::swap(&mut *stored, value);
                    Ok(())
                }
                Err(_) => Err(ScopeError::Borrowed),
            })
            .unwrap_or(Err(ScopeError::Destroyed))
    }

    /// Calls `f` with the key's value.
    ///
    /// # Panics
    /// If the key is not set here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// selkie::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// let length = NAME.scope(String::from("selkie"), async {
    ///     // By a reference, without a clone.
    ///     NAME.with(|name| name.len())
    /// });
    /// assert_eq!(length.await, 6);
    /// # }
    /// ```
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(_) => panic!("cannot access a task-local storage value without setting it first"),
        }
    }

    /// Calls `f` with the key's value.
    ///
    /// # Errors
    /// If the key is not set here.
    ///
    /// # Examples
    /// ```
    /// selkie::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// let known = || NAME.try_with(|name| name.len()).ok();
    /// assert_eq!(known(), None);
    /// assert_eq!(NAME.sync_scope(String::from("ann"), known), Some(3));
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let called = self.inner.try_with(|cell| cell.borrow().as_ref().map(f));
        called.ok().flatten().ok_or(AccessError { _private: () })
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// A clone of the key's value.
    ///
    /// # Panics
    /// If the key is not set here.
    ///
    /// # Examples
    /// ```
    /// selkie::task_local! {
    ///     static PORT: u16;
    /// }
    ///
    /// assert_eq!(PORT.sync_scope(8080, || PORT.get()), 8080);
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// A clone of the key's value.
    ///
    /// # Errors
    /// If the key is not set here.
    ///
    /// # Examples
    /// ```
    /// selkie::task_local! {
    ///     static PORT: u16;
    /// }
    ///
    /// assert!(PORT.try_get().is_err());
    /// assert_eq!(PORT.sync_scope(8080, || PORT.try_get().unwrap()), 8080);
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future that runs with a key set; made by [`LocalKey::scope`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::futures::TaskLocalFuture;
    ///
    /// selkie::task_local! {
    ///     static DEPTH: u32;
    /// }
    ///
    /// let future: TaskLocalFuture<_, _> = DEPTH.scope(3, async { DEPTH.get() });
    /// assert_eq!(future.await, 3);
    /// # }
    /// ```
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // The future's drop sees the value, too, where that is possible.
            let mut future = this.future;
            if this.value.is_some() && future.is_some() {
                let _out_of_reach = this.key.swapped(this.value, || future.set(None));
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out of the future, which then panics when polled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    ///
    /// selkie::task_local! {
    ///     static COUNT: std::cell::Cell<u32>;
    /// }
    ///
    /// let mut future = pin!(COUNT.scope(0.into(), async {
    ///     COUNT.with(|count| count.set(count.get() + 5));
    /// }));
    /// future.as_mut().await;
    /// // What the task has left there.
    /// assert_eq!(future.take_value().unwrap().get(), 5);
    /// # }
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        let polled = this.key.swapped(this.value, || {
            let polled = future.as_mut().as_pin_mut().map(|future| future.poll(cx));
            if let Some(Poll::Ready(_)) = polled {
                future.set(None);
            }
            polled
        });
        match polled {
            Ok(Some(polled)) => polled,
            Ok(None) => panic!("`TaskLocalFuture` polled after completion"),
            Err(error) => error.panic(),
        }
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture")
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
