//! Runs a program on one runtime and notes what happens; compiled once for each of them.
//!
//! Left out is what does not show who runs when: see the comments at `Notified`, `WatchChanged`, `Reset` and
//! `Channel::closed`.
//!
//! Length      One interpreter: each step stands beside its like.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use super::rt::runtime::{Builder, LocalOptions, LocalRuntime, Runtime};
use super::rt::sync::{
    Barrier, Mutex as AsyncMutex, Notify, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot,
    watch,
};
use super::rt::task::{
    AbortHandle, JoinError, JoinHandle, JoinSet, LocalSet, coop, spawn_local, yield_now,
};
use super::rt::time::{Instant, advance, interval, sleep, sleep_until, timeout};
use crate::program::{Flavor, Op, PLACES, Program, SetEnd};
use crate::trace::{Event, What};

/// Tasks that one program spawns at most.
const TASKS: usize = 400;
/// How long a root runs at most, on the paused clock.
const LIMIT: Duration = Duration::from_secs(10);

thread_local! {
    static TRACE: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

fn note(task: usize, what: What, value: i64) {
    TRACE.with_borrow_mut(|trace| trace.push(Event { task, what, value }));
}

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

struct Channel {
    /// Whether the receiver has closed it. What is tried after that wakes, with Tokio, whoever received
    /// last, for nothing.
    closed: AtomicBool,
    sender: mpsc::Sender<usize>,
    receiver: Mutex<Option<mpsc::Receiver<usize>>>,
}

struct Oneshot {
    sender: Mutex<Option<oneshot::Sender<usize>>>,
    receiver: Mutex<Option<oneshot::Receiver<usize>>>,
}

struct World {
    program: Program,
    start: OnceLock<Instant>,
    tasks: AtomicUsize,
    handles: Mutex<Vec<AbortHandle>>,
    channels: [Channel; PLACES],
    unbounded: mpsc::UnboundedSender<usize>,
    unbounded_receiver: Mutex<Option<mpsc::UnboundedReceiver<usize>>>,
    oneshots: [Oneshot; PLACES],
    notifies: [Notify; PLACES],
    locks: [AsyncMutex<()>; PLACES],
    rw: RwLock<()>,
    permits: Semaphore,
    barrier: Barrier,
    watch: watch::Sender<usize>,
    watching: Mutex<Option<()>>,
    broadcast: broadcast::Sender<usize>,
    once: SetOnce<usize>,
}

impl World {
    fn new(program: &Program) -> Arc<Self> {
        let channel = |place: usize| {
            let (sender, receiver) = mpsc::channel(1 + 2 * place);
            Channel {
                closed: AtomicBool::new(false),
                sender,
                receiver: Mutex::new(Some(receiver)),
            }
        };
        let oneshot = |_| {
            let (sender, receiver) = oneshot::channel();
            Oneshot {
                sender: Mutex::new(Some(sender)),
                receiver: Mutex::new(Some(receiver)),
            }
        };
        let (unbounded, unbounded_receiver) = mpsc::unbounded_channel();
        Arc::new(Self {
            program: program.clone(),
            start: OnceLock::new(),
            tasks: AtomicUsize::new(0),
            handles: Mutex::default(),
            channels: std::array::from_fn(channel),
            unbounded,
            unbounded_receiver: Mutex::new(Some(unbounded_receiver)),
            oneshots: std::array::from_fn(oneshot),
            notifies: std::array::from_fn(|_| Notify::new()),
            locks: std::array::from_fn(|_| AsyncMutex::new(())),
            rw: RwLock::new(()),
            permits: Semaphore::new(2),
            barrier: Barrier::new(2),
            watch: watch::Sender::new(0),
            watching: Mutex::new(Some(())),
            broadcast: broadcast::Sender::new(3),
            once: SetOnce::new(),
        })
    }

    fn task(&self) -> Option<usize> {
        let task = self.tasks.load(Ordering::Relaxed);
        (task < TASKS).then(|| {
            self.tasks.store(task + 1, Ordering::Relaxed);
            task
        })
    }

    fn nanos(&self) -> i64 {
        let start = *self.start.get_or_init(Instant::now);
        start.elapsed().as_nanos() as i64
    }

    /// Whether `op` is for a channel that its receiver has closed.
    fn is_over(&self, op: &Op) -> bool {
        match *op {
            Op::Send(place) | Op::Reserve(place) | Op::Recv(place) => {
                self.channels[place].closed.load(Ordering::Relaxed)
            }
            _ => false,
        }
    }

    fn remember(&self, handle: AbortHandle) {
        self.handles.lock().unwrap().push(handle);
    }
}

/// Notes every poll of a task's future, and its drop.
struct Traced {
    task: usize,
    inner: Work<usize>,
}

impl Future for Traced {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        note(self.task, What::Poll, 0);
        self.inner.as_mut().poll(cx)
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        note(self.task, What::Drop, 0);
    }
}

/// A task of `script`.
fn traced(world: &Arc<World>, task: usize, script: usize, local: bool) -> Traced {
    let world = Arc::clone(world);
    let inner = Box::pin(async move {
        let own = Own {
            world,
            task,
            local,
            joins: Arc::default(),
        };
        for op in own.world.program.scripts[script].clone() {
            let value = own.perform(op).await;
            note(task, What::Step, value);
            note(task, What::Time, own.world.nanos());
        }
        task
    });
    Traced { task, inner }
}

/// What one task has of its own.
#[derive(Clone)]
struct Own {
    world: Arc<World>,
    task: usize,
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

fn says<T, E>(result: &Result<T, E>) -> i64 {
    i64::from(result.is_ok())
}

impl Own {
    /// Makes one step, and says what came of it.
    fn perform(&self, op: Op) -> Work<i64> {
        let own = self.clone();
        Box::pin(async move {
            match op {
                Op::Yield
                | Op::WakeSelf
                | Op::Burn(_)
                | Op::Unconstrained(_)
                | Op::Select(..)
                | Op::Both(..)
                | Op::Panic => own.control(op).await,
                Op::Sleep(_)
                | Op::SleepPast(_)
                | Op::Reset(..)
                | Op::Timeout(..)
                | Op::Advance(_)
                | Op::Ticks(..) => own.time(op).await,
                Op::Spawn(_)
                | Op::SpawnLocal(_)
                | Op::Burst(_)
                | Op::Join
                | Op::AbortOwn
                | Op::AbortAny(_)
                | Op::Detach
                | Op::Set(..) => own.tasks(op).await,
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
                | Op::WaitOnce => own.locks(op).await,
                _ => own.channels(op).await,
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
                    drop(super::rt::spawn(async move { note(task, What::Poll, 0) }));
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
        let future = traced(&self.world, task, script, local || anywhere);
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
            let future = traced(&self.world, task, script, local);
            self.world.remember(set.spawn(future));
        }
    }

    async fn set(&self, scripts: Vec<usize>, end: SetEnd) -> i64 {
        let mut set = JoinSet::new();
        self.fill(&mut set, &scripts);
        match end {
            SetEnd::JoinNext => {
                while let Some(result) = set.join_next().await {
                    note(self.task, What::Joined, joined(result));
                }
            }
            SetEnd::JoinAll => {
                yield_now().await;
                while let Some(result) = set.try_join_next() {
                    note(self.task, What::Joined, joined(result));
                }
            }
            SetEnd::Shutdown => set.shutdown().await,
            SetEnd::Drop => drop(set),
            SetEnd::Refill => {
                let first = set.join_next().await;
                note(self.task, What::Joined, first.map_or(-3, joined));
                self.fill(&mut set, &scripts);
                yield_now().await;
            }
            SetEnd::Detach => set.detach_all(),
            SetEnd::AbortAll => {
                yield_now().await;
                set.abort_all();
                while let Some(result) = set.join_next().await {
                    note(self.task, What::Joined, joined(result));
                }
            }
        }
        0
    }

    async fn locks(&self, op: Op) -> i64 {
        let world = &self.world;
        match op {
            Op::Lock(place, inner) => {
                let _guard = world.locks[place].lock().await;
                note(self.task, What::Locked, 0);
                self.perform(*inner).await
            }
            Op::ReadLock(inner) => {
                let _guard = world.rw.read().await;
                note(self.task, What::Locked, 1);
                self.perform(*inner).await
            }
            Op::WriteLock(inner) => {
                let _guard = world.rw.write().await;
                note(self.task, What::Locked, 2);
                self.perform(*inner).await
            }
            Op::Acquire(permits, inner) => {
                let _permits = world.permits.acquire_many(permits).await;
                note(self.task, What::Locked, 3);
                self.perform(*inner).await
            }
            Op::AddPermits(permits) => {
                world.permits.add_permits(permits);
                0
            }
            Op::Barrier => i64::from(world.barrier.wait().await.is_leader()),
            Op::NotifyOne(place) => {
                world.notifies[place].notify_one();
                0
            }
            Op::NotifyLast(place) => {
                world.notifies[place].notify_last();
                0
            }
            Op::NotifyWaiters(place) => {
                world.notifies[place].notify_waiters();
                0
            }
            Op::Notified(place) => {
                // With Tokio a kept notification takes no unit of the budget, and here it does.
                coop::unconstrained(world.notifies[place].notified()).await;
                0
            }
            Op::SetOnce => says(&world.once.set(self.task)),
            Op::WaitOnce => *world.once.wait().await as i64,
            _ => unreachable!("not a step with locks"),
        }
    }

    async fn channels(&self, op: Op) -> i64 {
        let world = &self.world;
        match op {
            _ if world.is_over(&op) => -4,
            Op::Send(place) => says(&world.channels[place].sender.send(self.task).await),
            Op::TrySend(place) => says(&world.channels[place].sender.try_send(self.task)),
            Op::Reserve(place) => match world.channels[place].sender.reserve().await {
                Ok(permit) => {
                    yield_now().await;
                    permit.send(self.task);
                    1
                }
                Err(_) => 0,
            },
            Op::Recv(place) => {
                let Some(receiver) = Taken::of(&world.channels[place].receiver) else {
                    return -3;
                };
                receiver.receive(mpsc::Receiver::poll_recv).await
            }
            Op::TryRecv(place) => {
                let mut receiver = world.channels[place].receiver.lock().unwrap();
                let value = receiver.as_mut().map(mpsc::Receiver::try_recv);
                value.map_or(-3, |value| value.map_or(-1, |value| value as i64))
            }
            Op::CloseReceiver(place) => {
                let mut receiver = world.channels[place].receiver.lock().unwrap();
                let closed = receiver.as_mut().map(|receiver| receiver.close()).is_some();
                world.channels[place]
                    .closed
                    .fetch_or(closed, Ordering::Relaxed);
                i64::from(closed)
            }
            Op::SendUnbounded => says(&world.unbounded.send(self.task)),
            Op::RecvUnbounded => {
                let Some(receiver) = Taken::of(&world.unbounded_receiver) else {
                    return -3;
                };
                receiver.receive(mpsc::UnboundedReceiver::poll_recv).await
            }
            Op::OneshotSend(place) => {
                let sender = world.oneshots[place].sender.lock().unwrap().take();
                sender.map_or(-3, |sender| says(&sender.send(self.task)))
            }
            Op::OneshotRecv(place) => {
                let receiver = world.oneshots[place].receiver.lock().unwrap().take();
                match receiver {
                    Some(receiver) => receiver.await.map_or(-1, |value| value as i64),
                    None => -3,
                }
            }
            Op::WatchSend => world.watch.send_replace(self.task) as i64,
            Op::WatchChanged => {
                // Of several receivers, Tokio wakes one or the other first, by chance.
                let Some(_alone) = Taken::of(&world.watching) else {
                    return -3;
                };
                says(&world.watch.subscribe().changed().await)
            }
            Op::BroadcastSend => world.broadcast.send(self.task).map_or(-1, |n| n as i64),
            Op::BroadcastRecv => {
                let value = world.broadcast.subscribe().recv().await;
                value.map_or(-1, |value| value as i64)
            }
            _ => unreachable!("not a step with channels"),
        }
    }
}

/// A receiver that is out of its place until this is dropped.
struct Taken<'a, T> {
    place: &'a Mutex<Option<T>>,
    receiver: Mutex<Option<T>>,
}

impl<'a, T> Taken<'a, T> {
    fn of(place: &'a Mutex<Option<T>>) -> Option<Self> {
        let receiver = place.lock().unwrap().take()?;
        Some(Self {
            place,
            receiver: Mutex::new(Some(receiver)),
        })
    }

    async fn receive(
        &self,
        poll: impl Fn(&mut T, &mut Context<'_>) -> Poll<Option<usize>> + Send,
    ) -> i64 {
        let received = poll_fn(|cx| {
            let mut receiver = self.receiver.lock().unwrap();
            receiver
                .as_mut()
                .map_or(Poll::Ready(None), |receiver| poll(receiver, cx))
        });
        received.await.map_or(-1, |value| value as i64)
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        *self.place.lock().unwrap() = self.receiver.lock().unwrap().take();
    }
}

/// The runtime of a program.
enum Machine {
    Shared(Runtime),
    Local(LocalRuntime),
}

impl Machine {
    fn new(program: &Program) -> Self {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        if let Some(interval) = program.event_interval {
            builder.event_interval(interval);
        }
        if let Some(interval) = program.global_queue_interval {
            builder.global_queue_interval(interval);
        }
        match program.flavor {
            Flavor::LocalRuntime => {
                let options = LocalOptions::default();
                Self::Local(builder.build_local(options).expect("a runtime"))
            }
            _ => Self::Shared(builder.build().expect("a runtime")),
        }
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Shared(rt) => rt.block_on(future),
            Self::Local(rt) => rt.block_on(future),
        }
    }

    /// The order in which a runtime's end drops tasks goes by their ids modulo four: both start alike.
    fn align_ids(&self) {
        let id = || self.block_on(async { super::rt::spawn(async {}).id() });
        while !id()
            .to_string()
            .parse()
            .is_ok_and(|id: u64| id.is_multiple_of(4))
        {}
        // What was spawned runs before the program begins.
        self.block_on(yield_now());
    }

    fn spawn(&self, future: Traced) -> JoinHandle<usize> {
        match self {
            Self::Shared(rt) => rt.spawn(future),
            Self::Local(rt) => rt.spawn_local(future),
        }
    }
}

/// Runs `program` and returns what happened.
pub(crate) fn run(program: &Program) -> Vec<Event> {
    let machine = Machine::new(program);
    machine.align_ids();
    let world = World::new(program);
    let set = LocalSet::new();
    for &script in &program.before {
        let Some(task) = world.task() else { continue };
        let future = traced(
            &world,
            task,
            script,
            program.flavor != Flavor::CurrentThread,
        );
        let handle = match program.flavor {
            Flavor::CurrentThread | Flavor::LocalRuntime => machine.spawn(future),
            Flavor::RunUntil | Flavor::AwaitSet => set.spawn_local(future),
        };
        world.remember(handle.abort_handle());
    }
    let mut set = Some(set);
    for &script in &program.roots {
        run_root(&machine, &world, &mut set, script);
    }
    note(0, What::End, 0);
    drop(set);
    note(0, What::End, 1);
    drop(machine);
    note(0, What::End, 2);
    TRACE.take()
}

fn run_root(machine: &Machine, world: &Arc<World>, set: &mut Option<LocalSet>, script: usize) {
    let Some(task) = world.task() else { return };
    let local = matches!(
        world.program.flavor,
        Flavor::RunUntil | Flavor::LocalRuntime
    );
    let future = traced(world, task, script, local);
    let limited = async {
        world.nanos();
        timeout(LIMIT, future).await.map_or(-1, |task| task as i64)
    };
    let run = || match (world.program.flavor, &mut *set) {
        (Flavor::RunUntil, Some(set)) => machine.block_on(set.run_until(limited)),
        (Flavor::AwaitSet, _) => match set.take() {
            Some(set) => {
                let future = limited;
                let task = set.spawn_local(async { -5 });
                machine.block_on(async {
                    let rest = async { timeout(LIMIT, set).await.map_or(-1, |()| 1) };
                    let (first, rest) = super::rt::join!(biased; future, rest);
                    task.await.unwrap_or(-4) + first + rest
                })
            }
            None => 0,
        },
        _ => machine.block_on(limited),
    };
    let value = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    note(task, What::Root, value.unwrap_or(-2));
}
