//! Named tasks of a set.

use std::fmt;
use std::future::Future;
use std::io;

use selkie_core::task::AbortHandle;

use super::super::builder::Builder as TaskBuilder;
use super::super::local_set::LocalSet;
use super::set::JoinSet;
use crate::context::Handle;

/// Spawns a task with a name as a member of a set; made by [`JoinSet::build_task`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::JoinSet;
///
/// let mut tasks = JoinSet::new();
/// for number in 1..=3 {
///     let name = format!("worker {number}");
///     tasks.build_task().name(&name).spawn(async move { number }).unwrap();
/// }
/// assert_eq!(tasks.join_all().await.iter().sum::<i32>(), 6);
/// # }
/// ```
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    task: TaskBuilder<'a>,
}

impl<T: 'static> JoinSet<T> {
    /// A builder of a member with a name.
    ///
    /// # Examples
    /// ```
    /// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let mut set = selkie::task::JoinSet::new();
    /// set.build_task().name("answer").spawn(async { 42 }).unwrap();
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 42);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder {
            set: self,
            task: TaskBuilder::new(),
        }
    }
}

impl<'a, T: 'static> Builder<'a, T> {
    /// The task's name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::new();
    /// tasks.build_task().name("one").spawn(async { 1 }).unwrap();
    /// assert_eq!(tasks.join_next().await.unwrap().unwrap(), 1);
    /// # }
    /// ```
    pub fn name(self, name: &'a str) -> Self {
        Self {
            task: self.task.name(name),
            ..self
        }
    }

    /// As [`JoinSet::spawn`].
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
    /// use selkie::task::JoinSet;
    ///
    /// let mut tasks = JoinSet::<()>::new();
    /// let handle = tasks.build_task().name("idle").spawn(std::future::pending()).unwrap();
    /// handle.abort();
    /// assert!(tasks.join_next().await.unwrap().is_err());
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.task.spawn(future)?))
    }

    /// As [`JoinSet::spawn_on`].
    ///
    /// # Errors
    /// None; the signature is Tokio's.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime::Builder, task::JoinSet};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut tasks = JoinSet::new();
    /// tasks.build_task().name("one").spawn_on(async { 1 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(tasks.join_all()), [1]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.task.spawn_on(future, handle)?))
    }

    /// As [`JoinSet::spawn_blocking`].
    ///
    /// # Errors
    /// If no thread can be started and none is there to run `f`.
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
    /// tasks.build_task().name("length").spawn_blocking(|| "blocking".len()).unwrap();
    /// assert_eq!(tasks.join_all().await, [8]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.task.spawn_blocking(f)?))
    }

    /// As [`JoinSet::spawn_blocking_on`].
    ///
    /// # Errors
    /// If no thread can be started and none is there to run `f`.
    ///
    /// # Examples
    /// ```
    /// use selkie::{runtime::Builder, task::JoinSet};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let mut tasks = JoinSet::new();
    /// tasks.build_task().name("work").spawn_blocking_on(|| 6 * 7, runtime.handle())?;
    /// assert_eq!(runtime.block_on(tasks.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, f: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.task.spawn_blocking_on(f, handle)?))
    }

    /// As [`JoinSet::spawn_local`].
    ///
    /// # Errors
    /// None; the signature is Tokio's.
    ///
    /// # Panics
    /// Outside a local set or local runtime.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::rc::Rc;
    /// use selkie::task::{JoinSet, LocalSet};
    ///
    /// LocalSet::new()
    ///     .run_until(async {
    ///         let word = Rc::new("local");
    ///         let mut tasks = JoinSet::new();
    ///         tasks.build_task().name("length").spawn_local(async move { word.len() }).unwrap();
    ///         assert_eq!(tasks.join_all().await, [5]);
    ///     })
    ///     .await;
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self.set.insert(self.task.spawn_local(future)?))
    }

    /// As [`JoinSet::spawn_local_on`].
    ///
    /// # Errors
    /// None; the signature is Tokio's.
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
    /// tasks.build_task().name("length").spawn_local_on(async move { word.len() }, &set).unwrap();
    /// assert_eq!(set.run_until(tasks.join_all()).await, [4]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self
            .set
            .insert(self.task.spawn_local_on(future, local_set)?))
    }
}

impl<T> fmt::Debug for Builder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("join_set::Builder")
            .field("set", &self.set)
            .field("task", &self.task)
            .finish()
    }
}
