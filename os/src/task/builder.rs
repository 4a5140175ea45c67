//! Tasks with names.

use std::future::Future;
use std::io;
use std::panic::Location;

use selkie_core::raw::task::next_id;
use selkie_core::task::JoinHandle;

use super::local_set::{self, LocalSet};
use crate::blocking::BlockingKind;
use crate::context::Handle;
use crate::observability::named;
use crate::trace::{self, Kind};

/// Spawns a task with a name.
///
/// A name is shown where the runtime speaks of the task: in its task dumps, by its
/// [watchdog](crate::runtime::Builder::watchdog), and to the [hooks](crate::runtime::TaskMeta::name) of its builder.
/// Several tasks may have the same name.
///
/// # Cost
/// A task with a name costs an allocation, and a lock at its start and at its end.
///
/// # Examples
/// ```
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let task = selkie::task::Builder::new().name("answer").spawn(async { 42 }).unwrap();
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

impl<'a> Builder<'a> {
    /// A builder of a task without a name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let task = selkie::task::Builder::new().spawn(async { 1 }).unwrap();
    /// assert_eq!(task.await.unwrap(), 1);
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The task's name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task;
    ///
    /// let port = 8080;
    /// let name = format!("listener of port {port}");
    /// let task = task::Builder::new().name(&name).spawn(async move { port }).unwrap();
    /// assert_eq!(task.await.unwrap(), 8080);
    /// # }
    /// ```
    pub fn name(&self, name: &'a str) -> Self {
        Self { name: Some(name) }
    }

    /// Spawns `future` onto the runtime that runs here.
    ///
    /// # Errors
    /// None; the signature is Tokio's.
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
    /// let task = task::Builder::new().name("sum").spawn(async { 1 + 2 }).unwrap();
    /// assert_eq!(task.await.unwrap(), 3);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<Fut>(self, future: Fut) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        self.spawn_on(future, &Handle::current())
    }

    /// Spawns `future` onto the runtime of `handle`.
    ///
    /// # Errors
    /// None; the signature is Tokio's.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime, task};
    ///
    /// let runtime = runtime::Builder::new_current_thread().build()?;
    /// // From outside of the runtime.
    /// let task = task::Builder::new().name("first").spawn_on(async { 1 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task).unwrap(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<Fut>(self, future: Fut, handle: &Handle) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let id = next_id();
        let spawner = &handle.inner.spawner;
        let location = Location::caller();
        let future = trace::task(future, Kind::Task, self.name, id, location);
        Ok(spawner.spawn(named(future, id, self.name), id, location))
    }

    /// Spawns `future`, which need not be `Send`, onto the local set or local runtime that runs
    /// here.
    ///
    /// # Errors
    /// None; the signature is Tokio's.
    ///
    /// # Panics
    /// If neither runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{self, LocalSet};
    ///
    /// let word = Rc::new("not Send");
    /// let set = LocalSet::new();
    /// let length = set.run_until(async move {
    ///     let task = task::Builder::new().name("length").spawn_local(async move { word.len() });
    ///     task.unwrap().await.unwrap()
    /// });
    /// assert_eq!(length.await, 8);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<Fut>(self, future: Fut) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + 'static,
        Fut::Output: 'static,
    {
        Ok(local_set::spawn_local_named(future, self.name))
    }

    /// Spawns `future`, which need not be `Send`, onto `local_set`.
    ///
    /// # Errors
    /// None; the signature is Tokio's.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let number = Rc::new(5);
    /// let task = task::Builder::new().name("five").spawn_local_on(async move { *number }, &set).unwrap();
    /// assert_eq!(set.run_until(task).await.unwrap(), 5);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local_on<Fut>(
        self,
        future: Fut,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + 'static,
        Fut::Output: 'static,
    {
        Ok(local_set.spawn_local_named(future, self.name))
    }

    /// Runs `function`, which may block, on the blocking pool of the runtime that runs here.
    ///
    /// # Errors
    /// If no thread can be started and none is there to run it.
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
    /// let task = task::Builder::new().name("parser").spawn_blocking(|| "42".parse::<u32>()).unwrap();
    /// assert_eq!(task.await.unwrap(), Ok(42));
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<Function, Output>(
        self,
        function: Function,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        self.spawn_blocking_on(function, &Handle::current())
    }

    /// Runs `function`, which may block, on the blocking pool of the runtime of `handle`.
    ///
    /// # Errors
    /// If no thread can be started and none is there to run it.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime, task};
    ///
    /// let runtime = runtime::Builder::new_current_thread().build()?;
    /// let task = task::Builder::new().name("work").spawn_blocking_on(|| 6 * 7, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<Function, Output>(
        self,
        function: Function,
        handle: &Handle,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        handle.try_spawn_blocking(BlockingKind::Closure, self.name, function)
    }
}
