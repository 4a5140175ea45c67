//! The core's executors, on a thread.

use std::future::Future;
use std::panic::panic_any;
use std::pin::Pin;
use std::task::{Context, Poll};

use selkie_core::executor::{Arena, Executor, HeapExecutor, ThreadPark, ThreadUnpark};
use selkie_core::task::{JoinHandle, yield_now};

use crate::action::{Action, ForeignCode, OnDrop};
use crate::call_site::{CallSite, PLAIN, Scenario};
use crate::stage::{CallPhase, Flavor, PanicOutcome, caller, seen};
use crate::wait::Event;
use crate::wakers::OriginalWaker;

type Heap = HeapExecutor<ThreadPark>;

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// An executor with a bystander.
fn heap() -> (Heap, JoinHandle<u8>) {
    let heap = HeapExecutor::new(ThreadPark::new(leaked(ThreadUnpark::new())));
    let bystander = heap.spawn(async {
        for _ in 0..20 {
            yield_now().await;
        }
        1
    });
    (heap, bystander)
}

/// The bystander ends, the executor too.
fn goes_on(mut heap: Heap, bystander: JoinHandle<u8>) {
    assert_eq!(heap.block_on(bystander).expect("a bystander was lost"), 1);
    let after = heap.spawn(async { 2 });
    assert_eq!(heap.block_on(after).expect("a new task"), 2);
}

struct Polls(ForeignCode);

impl Future for Polls {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        self.0.call();
        Poll::Ready(())
    }
}

struct Waits(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

fn heap_polls(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let task = heap.spawn(Polls(foreign.clone()));
    let seen = seen(heap.block_on(task));
    goes_on(heap, bystander);
    seen
}

fn heap_drops(phase: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let task = heap.spawn(Waits(OnDrop(foreign.clone())));
    heap.block_on(yield_now());
    if phase == CallPhase::Ending {
        assert_eq!(
            caller(|| drop(heap)),
            PanicOutcome::Nobody,
            "the executor's drop panicked"
        );
        let (mut other, bystander) = self::heap();
        let seen = seen(other.block_on(task));
        goes_on(other, bystander);
        return seen;
    }
    task.abort();
    let seen = seen(heap.block_on(task));
    goes_on(heap, bystander);
    seen
}

fn until_called(heap: &mut Heap, foreign: &ForeignCode) {
    heap.block_on(async {
        while !foreign.was_called() {
            yield_now().await;
        }
    });
}

fn heap_output(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let output = OnDrop(foreign.clone());
    drop(heap.spawn(async move { output }));
    until_called(&mut heap, foreign);
    goes_on(heap, bystander);
    PanicOutcome::Nobody
}

fn heap_payload(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let payload = OnDrop(foreign.clone());
    drop(heap.spawn(async move { panic_any(payload) }));
    until_called(&mut heap, foreign);
    goes_on(heap, bystander);
    PanicOutcome::Nobody
}

fn heap_joiner_is_woken(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let mut task = heap.spawn(yield_now());
    let waker = OriginalWaker::new(Event::Wake, foreign);
    assert!(waker.poll(Pin::new(&mut task)).is_pending());
    until_called(&mut heap, foreign);
    let seen = seen(heap.block_on(task));
    goes_on(heap, bystander);
    seen
}

fn heap_root(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (mut heap, bystander) = heap();
    let seen = caller(|| heap.block_on(Polls(foreign.clone())));
    goes_on(heap, bystander);
    seen
}

/// An executor in statics, with a bystander that says when it is done.
fn fixed() -> (
    &'static Executor,
    ThreadPark,
    &'static std::sync::atomic::AtomicBool,
) {
    let arena: &'static Arena<4, 256> = leaked(Arena::new());
    let unpark = leaked(ThreadUnpark::new());
    let executor = leaked(Executor::new(unpark, arena));
    let done = leaked(std::sync::atomic::AtomicBool::new(false));
    let spawned = executor.spawn(async {
        for _ in 0..20 {
            yield_now().await;
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert!(spawned.is_ok());
    (executor, ThreadPark::new(unpark), done)
}

/// The bystander ends, and every slot can be had again.
fn fixed_goes_on(
    executor: &'static Executor,
    park: &mut ThreadPark,
    done: &std::sync::atomic::AtomicBool,
) {
    executor.block_on(park, async {
        for _ in 0..1_000 {
            yield_now().await;
        }
    });
    assert!(
        done.load(std::sync::atomic::Ordering::SeqCst),
        "a bystander was lost"
    );
    for _ in 0..4 {
        assert!(executor.spawn(yield_now()).is_ok(), "a slot was lost");
    }
    executor.block_on(park, async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
}

fn fixed_polls(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (executor, mut park, done) = fixed();
    assert!(executor.spawn(Polls(foreign.clone())).is_ok());
    let seen = caller(|| executor.block_on(&mut park, yield_now()));
    fixed_goes_on(executor, &mut park, done);
    seen
}

/// Ready at once; calls foreign code when it is dropped.
struct ReadyFuture(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for ReadyFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn fixed_drops(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (executor, mut park, done) = fixed();
    assert!(executor.spawn(ReadyFuture(OnDrop(foreign.clone()))).is_ok());
    let seen = caller(|| executor.block_on(&mut park, yield_now()));
    fixed_goes_on(executor, &mut park, done);
    seen
}

fn fixed_root(_moment: CallPhase, foreign: &ForeignCode) -> PanicOutcome {
    let (executor, mut park, done) = fixed();
    let seen = caller(|| executor.block_on(&mut park, Polls(foreign.clone())));
    fixed_goes_on(executor, &mut park, done);
    seen
}

/// What needs no runtime.
const SOME: &[Action] = &[Action::Panic, Action::Bomb, Action::Enter, Action::End];

const fn place(
    name: &'static str,
    panic: PanicOutcome,
    phases: &'static [CallPhase],
    play: fn(CallPhase, &ForeignCode) -> PanicOutcome,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavors: &[Flavor::Current],
        phases,
        actions: SOME,
        configure: PLAIN,
        play: Scenario::Alone(play),
    }
}

const RUNNING: &[CallPhase] = &[CallPhase::Running];

pub(crate) const PLACES: &[CallSite] = &[
    place("heap.poll", PanicOutcome::Task, RUNNING, heap_polls),
    place(
        "heap.drop",
        PanicOutcome::Task,
        &[CallPhase::Running, CallPhase::Ending],
        heap_drops,
    ),
    place(
        "heap.output_of_nobody",
        PanicOutcome::Nobody,
        RUNNING,
        heap_output,
    ),
    place(
        "heap.payload_of_nobody",
        PanicOutcome::Nobody,
        RUNNING,
        heap_payload,
    ),
    place(
        "heap.joiner",
        PanicOutcome::Nobody,
        RUNNING,
        heap_joiner_is_woken,
    ),
    place("heap.root", PanicOutcome::Caller, RUNNING, heap_root),
    place("fixed.poll", PanicOutcome::Caller, RUNNING, fixed_polls),
    place("fixed.drop", PanicOutcome::Caller, RUNNING, fixed_drops),
    place("fixed.root", PanicOutcome::Caller, RUNNING, fixed_root),
];
