//! Runs the steps of a task: control, time and tasks. Those with locks and channels stand in `shared_steps.rs`.
//!
//! Steps in which the runtimes may differ for a good reason are left out: see the comments at `Reset` here, and at
//! `Notified`, `WatchChanged` and `Channel::closed`.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use super::rt::task::{JoinError, JoinHandle, JoinSet, coop, spawn_local, yield_now};
use super::rt::time::{Instant, advance, interval, sleep, sleep_until, timeout};
use super::world::{World, note};
use crate::program::{Flavor, Op, SetEnd};
use crate::trace::EventKind;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Notes every poll of a task's future, and its drop.
pub(super) struct TracedTask {
    task: usize,
    inner: Boxed<usize>,
}

impl Future for TracedTask {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        note(self.task, EventKind::Poll, 0);
        self.inner.as_mut().poll(cx)
    }
}

impl Drop for TracedTask {
    fn drop(&mut self) {
        note(self.task, EventKind::Drop, 0);
    }
}

/// A task of `script`.
pub(super) fn task_of(world: &Arc<World>, task: usize, script: usize, local: bool) -> TracedTask {
    let world = Arc::clone(world);
    let inner = Box::pin(async move {
        let state = TaskState {
            world,
            task,
            local,
            joins: Arc::default(),
        };
        for op in state.world.program.scripts[script].clone() {
            let value = state.perform(op).await;
            note(task, EventKind::Step, value);
            note(task, EventKind::Time, state.world.nanos());
        }
        task
    });
    TracedTask { task, inner }
}

/// What one task has of its state.
#[derive(Clone)]
pub(super) struct TaskState {
    pub(super) world: Arc<World>,
    pub(super) task: usize,
    /// Whether it may spawn tasks that stay on the thread.
    local: bool,
    joins: Arc<Mutex<Vec<JoinHandle<usize>>>>,
}

fn joined(result: Result<usize, JoinError>) -> i64 {
    match result {
        Ok(task) => task as i64,
        Err(error) if error.is_panic() => -2,
        Err(_) => -1,
    }
}

/// Whether it is `Ok`, as a number.
pub(super) fn is_ok<T, E>(result: &Result<T, E>) -> i64 {
    i64::from(result.is_ok())
}

impl TaskState {
    /// Makes one step, and says what came of it.
    pub(super) fn perform(&self, op: Op) -> Boxed<i64> {
        let state = self.clone();
        Box::pin(async move {
            match op {
                Op::Yield
                | Op::WakeSelf
                | Op::Burn(_)
                | Op::Unconstrained(_)
                | Op::Select(..)
                | Op::Both(..)
                | Op::Panic => state.control(op).await,
                Op::Sleep(_)
                | Op::SleepPast(_)
                | Op::Reset(..)
                | Op::Timeout(..)
                | Op::Advance(_)
                | Op::Ticks(..) => state.time(op).await,
                Op::Spawn(_)
                | Op::SpawnLocal(_)
                | Op::Burst(_)
                | Op::Join
                | Op::AbortOwn
                | Op::AbortAny(_)
                | Op::Detach
                | Op::Set(..) => state.tasks(op).await,
                Op::Lock(..)
                | Op::ReadLock(_)
                | Op::WriteLock(_)
                | Op::Acquire(..)
                | Op::AddPermits(_)
                | Op::Barrier
                | Op::NotifyOne(_)
                | Op::NotifyLast(_)
                | Op::NotifyWaiters(_)
                | Op::Notified(_)
                | Op::SetOnce
                | Op::WaitOnce => state.locks(op).await,
                _ => state.channels(op).await,
            }
        })
    }

    async fn control(&self, op: Op) -> i64 {
        match op {
            Op::Yield => yield_now().await,
            Op::WakeSelf => {
                let mut woken = false;
                poll_fn(|cx| {
                    if std::mem::replace(&mut woken, true) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
            }
            Op::Burn(units) => {
                for _ in 0..units {
                    coop::consume_budget().await;
                }
            }
            Op::Unconstrained(inner) => {
                return coop::unconstrained(self.perform(*inner)).await;
            }
            Op::Select(first, second) => {
                return super::rt::select! {
                    biased;
                    value = self.perform(*first) => value,
                    value = self.perform(*second) => 1000 + value,
                };
            }
            Op::Both(first, second) => {
                let (first, second) =
                    super::rt::join!(biased; self.perform(*first), self.perform(*second));
                return 1000 * first + second;
            }
            _ => panic!("as the program says"),
        }
        0
    }

    async fn time(&self, op: Op) -> i64 {
        let micros = Duration::from_micros;
        match op {
            Op::Sleep(duration) => sleep(micros(duration)).await,
            Op::SleepPast(back) => {
                let now = Instant::now();
                sleep_until(now.checked_sub(micros(back)).unwrap_or(now)).await;
            }
            Op::Reset(first, second) => {
                let mut sleep = std::pin::pin!(sleep(micros(first)));
                // Also without a budget: a sleep that was never polled is inserted when it is reset, with
                // Tokio, and here when it is polled.
                coop::unconstrained(poll_fn(|cx| {
                    let _first = sleep.as_mut().poll(cx);
                    Poll::Ready(())
                }))
                .await;
                sleep.as_mut().reset(Instant::now() + micros(second));
                let elapsed = sleep.is_elapsed();
                sleep.await;
                return i64::from(elapsed);
            }
            Op::Timeout(limit, inner) => {
                return timeout(micros(limit), self.perform(*inner))
                    .await
                    .unwrap_or(-1);
            }
            Op::Advance(duration) => advance(micros(duration)).await,
            Op::Ticks(period, ticks) => {
                let mut interval = interval(micros(period));
                for _ in 0..ticks {
                    interval.tick().await;
                }
            }
            _ => unreachable!("not a step of time"),
        }
        0
    }

    async fn tasks(&self, op: Op) -> i64 {
        let last = || self.joins.lock().unwrap().pop();
        match op {
            Op::Spawn(script) => self.spawn(script, false),
            Op::SpawnLocal(script) => self.spawn(script, self.local),
            Op::Burst(tasks) => {
                for _ in 0..tasks {
                    let Some(task) = self.world.task() else { break };
                    drop(super::rt::spawn(
                        async move { note(task, EventKind::Poll, 0) },
                    ));
                }
                0
            }
            Op::Join => match last() {
                Some(handle) => joined(handle.await),
                None => -3,
            },
            Op::AbortOwn => match last() {
                Some(handle) => {
                    handle.abort();
                    let finished = i64::from(handle.is_finished());
                    self.joins.lock().unwrap().push(handle);
                    finished
                }
                None => -3,
            },
            Op::AbortAny(task) => {
                let handle = self.world.handles.lock().unwrap().get(task).cloned();
                handle.map_or(-3, |handle| {
                    handle.abort();
                    i64::from(handle.is_finished())
                })
            }
            Op::Detach => i64::from(last().is_some()),
            Op::Set(scripts, end) => self.set(scripts, end).await,
            _ => unreachable!("not a step with tasks"),
        }
    }

    fn spawn(&self, script: usize, local: bool) -> i64 {
        let Some(task) = self.world.task() else {
            return -1;
        };
        let anywhere = self.world.program.flavor == Flavor::LocalRuntime;
        let future = task_of(&self.world, task, script, local || anywhere);
        let handle = match local {
            true => spawn_local(future),
            false => super::rt::spawn(future),
        };
        self.world.remember(handle.abort_handle());
        self.joins.lock().unwrap().push(handle);
        task as i64
    }

    fn fill(&self, set: &mut JoinSet<usize>, scripts: &[usize]) {
        for &script in scripts {
            let Some(task) = self.world.task() else { break };
            let local = self.world.program.flavor == Flavor::LocalRuntime;
            let future = task_of(&self.world, task, script, local);
            self.world.remember(set.spawn(future));
        }
    }

    async fn set(&self, scripts: Vec<usize>, end: SetEnd) -> i64 {
        let mut set = JoinSet::new();
        self.fill(&mut set, &scripts);
        match end {
            SetEnd::JoinNext => {
                while let Some(result) = set.join_next().await {
                    note(self.task, EventKind::Joined, joined(result));
                }
            }
            SetEnd::JoinAll => {
                yield_now().await;
                while let Some(result) = set.try_join_next() {
                    note(self.task, EventKind::Joined, joined(result));
                }
            }
            SetEnd::Shutdown => set.shutdown().await,
            SetEnd::Drop => drop(set),
            SetEnd::Refill => {
                let first = set.join_next().await;
                note(self.task, EventKind::Joined, first.map_or(-3, joined));
                self.fill(&mut set, &scripts);
                yield_now().await;
            }
            SetEnd::Detach => set.detach_all(),
            SetEnd::AbortAll => {
                yield_now().await;
                set.abort_all();
                while let Some(result) = set.join_next().await {
                    note(self.task, EventKind::Joined, joined(result));
                }
            }
        }
        0
    }
}
