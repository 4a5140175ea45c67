//! Two executors without a heap: one of thread level, and an urgent one whose interrupt is pended.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, sweep};
use crate::executor::{Arena, Executor, Refusal, spawn};
use crate::park::Unpark;
use crate::platform::interrupt;
use crate::sync::{FixedChannel, FixedWatch, FixedWatchReceiver, Notify, Signal};
use crate::task::yield_now;
use crate::wake::WakerCell;

/// An interrupt that an executor pends: it is taken at once, unless interrupts are off.
#[derive(Default)]
struct Pend {
    pended: AtomicBool,
    /// A handler runs, at whose end the executor's interrupt is taken.
    handling: AtomicBool,
    /// No handler runs the executor.
    masked: bool,
}

impl Unpark for Pend {
    fn unpark(&self) {
        self.pended.store(true, SeqCst);
        if !self.masked && !self.handling.load(SeqCst) {
            interrupt();
        }
    }
}

/// An executor and its interrupt.
struct Level {
    executor: &'static Executor,
    pend: &'static Pend,
}

impl Level {
    fn new(is_urgent: bool) -> Self {
        let pend: &'static Pend = Box::leak(Box::new(Pend {
            masked: !is_urgent,
            ..Pend::default()
        }));
        let arena: &'static Arena<3, 256> = Box::leak(Box::new(Arena::new()));
        let executor = Box::leak(Box::new(Executor::new(pend, arena)));
        Self { executor, pend }
    }

    /// Runs `device`, and then what the executor's interrupt handler does, as often as it is pended.
    fn handle(&self, device: impl FnOnce()) {
        self.pend.handling.store(true, SeqCst);
        device();
        self.serve();
        self.pend.handling.store(false, SeqCst);
    }

    /// What the executor's interrupt handler does, as often as it is pended.
    fn serve(&self) {
        for _ in 0..1_000 {
            if !self.pend.pended.swap(false, SeqCst) {
                return;
            }
            self.executor.on_interrupt();
        }
        panic!("the executor pends its interrupt for ever");
    }
}

/// Tasks that are spawned from everywhere: each runs to its end, once.
pub(super) struct SpawnScenario {
    low: Level,
    urgent: Level,
    spawned: AtomicU32,
    ran: Arc<AtomicU32>,
}

impl SpawnScenario {
    async fn work(ran: Arc<AtomicU32>, number: [u32; 4]) {
        yield_now().await;
        assert_eq!(number, [number[0]; 4], "another task's future");
        ran.fetch_add(1, SeqCst);
    }

    fn count(&self, spawned: Result<(), Refusal>) {
        match spawned {
            Ok(()) => drop(self.spawned.fetch_add(1, SeqCst)),
            Err(refusal) => assert!(!matches!(refusal, Refusal::TooLarge { .. })),
        }
    }

    fn spawn_on(&self, level: &Level, number: u32) {
        let work = Self::work(self.ran.clone(), [number; 4]);
        self.count(level.executor.spawn(work).map_err(|error| error.refusal));
    }

    fn spawn_here(&self) {
        let work = Self::work(self.ran.clone(), [9; 4]);
        self.count(spawn(work).map_err(|error| error.refusal));
    }
}

impl Scenario for SpawnScenario {
    fn new() -> Self {
        Self {
            low: Level::new(false),
            urgent: Level::new(true),
            spawned: AtomicU32::new(0),
            ran: Arc::default(),
        }
    }

    fn thread(&self) {
        self.spawn_on(&self.low, 1);
        self.spawn_on(&self.urgent, 2);
        self.spawn_on(&self.low, 3);
        self.low.executor.poll_ready();
        self.spawn_here();
        self.low.executor.poll_ready();
    }

    fn interrupt(&self) {
        self.urgent.handle(|| {
            self.spawn_on(&self.low, 4);
            self.spawn_here();
            self.spawn_on(&self.urgent, 5);
        });
        let is_late = self.urgent.executor.has_ready();
        assert!(
            !is_late,
            "an urgent task waits for the context that it interrupted"
        );
    }

    fn check(&self) {
        self.urgent.serve();
        while self.low.executor.poll_ready() {}
        self.urgent.serve();
        assert_eq!(self.ran.load(SeqCst), self.spawned.load(SeqCst));
        assert_eq!(Arc::strong_count(&self.ran), 1, "a task is left");
    }
}

/// By what the urgent task is woken.
const WAKER: u8 = 0;
const CELL: u8 = 1;
const SIGNAL: u8 = 2;
const CHANNEL: u8 = 3;
const NOTIFY: u8 = 4;
const SEND: u8 = 5;
const WATCH: u8 = 6;

/// What the urgent task waits at.
#[derive(Default)]
struct Sources {
    waker: RefCell<Option<Waker>>,
    cell: WakerCell,
    signal: Signal<()>,
    channel: FixedChannel<(), 4>,
    notify: Notify,
    watch: FixedWatch<()>,
    requests: AtomicU32,
    seen: AtomicU32,
}

// `RefCell`: written before the first interrupt, read ever after, all on one thread.
#[allow(unsafe_code)]
// SAFETY: the scenario's state stays on the thread that simulates the chip.
unsafe impl Sync for Sources {}
#[allow(unsafe_code)]
// SAFETY: as above.
unsafe impl Send for Sources {}

/// An urgent task that is woken by thread level and by the handler: when the handler has woken it, it
/// runs at the handler's end, and does not wait for thread level to finish a wake that it began.
pub(super) struct Inversion<const WAY: u8> {
    urgent: Level,
    sources: Arc<Sources>,
}

impl<const WAY: u8> Inversion<WAY> {
    fn request(&self) {
        let sources = &self.sources;
        sources.requests.fetch_add(1, SeqCst);
        match WAY {
            WAKER => {
                if let Some(waker) = sources.waker.borrow().as_ref() {
                    waker.wake_by_ref();
                }
            }
            CELL => sources.cell.wake(),
            SIGNAL => drop(sources.signal.signal(())),
            CHANNEL => drop(sources.channel.try_send(())),
            SEND => {
                let mut cx = Context::from_waker(Waker::noop());
                let sent = pin!(sources.channel.send(())).poll(&mut cx);
                assert!(sent.is_ready(), "there is room");
            }
            WATCH => sources.watch.send(()),
            _ => sources.notify.notify_one(),
        }
    }

    async fn wait(sources: &Sources, watched: &mut FixedWatchReceiver<'_, ()>) {
        match WAY {
            WAKER | CELL => {
                poll_fn(|cx| {
                    if WAY == WAKER && sources.waker.borrow().is_none() {
                        *sources.waker.borrow_mut() = Some(cx.waker().clone());
                    }
                    sources.cell.register(cx.waker());
                    if sources.requests.load(SeqCst) == sources.seen.load(SeqCst) {
                        return Poll::Pending;
                    }
                    Poll::Ready(())
                })
                .await;
            }
            SIGNAL => sources.signal.wait().await,
            CHANNEL | SEND => sources.channel.recv().await,
            WATCH => watched.changed().await,
            _ => sources.notify.notified().await,
        }
    }
}

impl<const WAY: u8> Scenario for Inversion<WAY> {
    fn new() -> Self {
        let (urgent, sources) = (Level::new(true), Arc::<Sources>::default());
        let of_task = sources.clone();
        let spawned = urgent.executor.spawn(async move {
            let mut watched = of_task.watch.subscribe();
            loop {
                Self::wait(&of_task, &mut watched).await;
                of_task.seen.store(of_task.requests.load(SeqCst), SeqCst);
            }
        });
        assert!(spawned.is_ok(), "room for one");
        urgent.serve();
        Self { urgent, sources }
    }

    fn thread(&self) {
        self.request();
        self.request();
    }

    fn interrupt(&self) {
        // The interrupt that the executor pended, or that of a device.
        let is_pended = self.urgent.pend.pended.load(SeqCst);
        self.urgent.handle(|| {
            if !is_pended {
                self.request();
            }
        });
        let (seen, requests) = (&self.sources.seen, &self.sources.requests);
        let late = requests.load(SeqCst) - seen.load(SeqCst);
        assert!(
            late == 0,
            "the urgent task waits for the context that it interrupted"
        );
    }

    fn check(&self) {
        self.urgent.serve();
        let (seen, requests) = (&self.sources.seen, &self.sources.requests);
        assert_eq!(seen.load(SeqCst), requests.load(SeqCst), "a wake was lost");
    }
}

#[test]
fn tasks_are_spawned_at_every_priority() {
    sweep::<SpawnScenario>();
}

/// A handler that woke an urgent task found it woken, and queued by nobody: thread level was between
/// the two.
#[test]
fn an_urgent_task_does_not_wait_for_a_wake_that_is_suspended() {
    sweep::<Inversion<WAKER>>();
    sweep::<Inversion<CELL>>();
    sweep::<Inversion<SIGNAL>>();
    sweep::<Inversion<CHANNEL>>();
    sweep::<Inversion<NOTIFY>>();
    sweep::<Inversion<SEND>>();
    sweep::<Inversion<WATCH>>();
}
