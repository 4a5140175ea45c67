//! Tasks in static slots.
//!
//! Length      one executor, and helpers that all tests share.

use core::cell::Cell;
use core::future::{Future, pending, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::ToString;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::vec::Vec;

use proptest::prelude::{Just, Strategy, prop, prop_assert_eq, prop_oneof, proptest};

use crate::executor::{
    Arena, Executor, Refusal, ThreadPark, ThreadUnpark, TimedPark, spawn as spawn_here,
};
use crate::park::Unpark;
use crate::sync::{FixedChannel, Signal};
use crate::task::raw::ErasedFuture;
use crate::task::yield_now;
use crate::time::raw::ClockMode;
use crate::time::{Timers, TimersHandle, sleep};

const MS: Duration = Duration::from_millis(1);

/// A fresh executor with room for `SLOTS` tasks.
struct Place<const SLOTS: usize> {
    arena: &'static Arena<SLOTS, 256>,
    executor: &'static Executor,
    unpark: &'static ThreadUnpark,
}

impl<const SLOTS: usize> Place<SLOTS> {
    fn new() -> Self {
        let arena: &'static Arena<SLOTS, 256> = Box::leak(Box::default());
        let unpark: &'static ThreadUnpark = Box::leak(Box::default());
        let executor = Box::leak(Box::new(Executor::new(unpark, arena)));
        Self {
            arena,
            executor,
            unpark,
        }
    }

    fn park(&self) -> ThreadPark {
        ThreadPark::new(self.unpark)
    }
}

/// Timers whose clock jumps to the next timer when nothing else is to do.
fn virtual_time<const SLOTS: usize>(place: &Place<SLOTS>) -> (TimedPark<ThreadPark>, TimersHandle) {
    let timers: &'static Timers = Box::leak(Box::default());
    let timers = timers.open(ClockMode::Paused, Waker::noop().clone());
    let handle = timers.handle();
    place.executor.set_timers(handle);
    (TimedPark::over(place.park(), timers), handle)
}

#[test]
fn the_arena_takes_as_many_tasks_as_it_says_and_gives_the_next_back() {
    static GATE: Signal<u32> = Signal::new();
    let place = Place::<2>::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let task = |ran: &Arc<AtomicUsize>| {
        let ran = ran.clone();
        async move {
            ran.fetch_add(1, Ordering::SeqCst);
        }
    };
    place.executor.spawn(task(&ran)).expect("one of two");
    place
        .executor
        .spawn(async {
            GATE.wait().await;
        })
        .expect("two of two");
    let full = place.executor.spawn(task(&ran)).expect_err("three of two");
    assert_eq!(full.refusal, Refusal::Full { slots: 2 });
    assert_eq!(full.to_string(), "arena full: 2 of 2 slots used");
    assert_eq!(place.arena.len(), 2);
    place.executor.poll_ready();
    assert_eq!(place.arena.len(), 1, "a task that ended leaves its slot");
    place.executor.spawn(full.future).expect("the same future");
    place.executor.poll_ready();
    assert_eq!(ran.load(Ordering::SeqCst), 2);
    GATE.signal(1);
    place.executor.poll_ready();
    assert!(place.arena.is_empty());
}

#[test]
fn a_future_that_does_not_fit_comes_back() {
    let place = Place::<2>::new();
    let fits = [0_u8; 200];
    let large = [0_u8; 300];
    place
        .executor
        .spawn(async move {
            yield_now().await;
            assert_eq!(fits[0], 0);
        })
        .expect("fits");
    let refused = place
        .executor
        .spawn(async move {
            yield_now().await;
            assert_eq!(large[0], 0);
        })
        .expect_err("does not fit");
    let Refusal::TooLarge { bytes, slot_bytes } = refused.refusal else {
        panic!("{}", refused.refusal);
    };
    assert!(bytes >= 300);
    assert_eq!(slot_bytes, 256);
    static LARGE: Arena<1, 512> = Arena::new();
    place
        .executor
        .spawn_in(&LARGE, refused.future)
        .expect("fits there");
    while place.executor.poll_ready() {}
    assert!(LARGE.is_empty());
}

#[test]
fn tasks_run_in_the_order_in_which_they_became_ready() {
    let place = Place::<8>::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..4 {
        let order = order.clone();
        let task = async move {
            for round in 0..3 {
                order.lock().unwrap().push((round, number));
                yield_now().await;
            }
        };
        place.executor.spawn(task).expect("room for eight");
    }
    while place.executor.poll_ready() {}
    let expected: Vec<_> = (0..3).flat_map(|r| (0..4).map(move |n| (r, n))).collect();
    assert_eq!(*order.lock().unwrap(), expected);
}

#[test]
fn a_turn_ends_although_tasks_wake_themselves() {
    let place = Place::<1>::new();
    place
        .executor
        .spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        }))
        .expect("room");
    assert!(place.executor.poll_ready());
    assert!(place.executor.poll_ready());
}

#[test]
fn sleeping_tasks_wake_at_their_time() {
    let place = Place::<8>::new();
    let (mut park, timers) = virtual_time(&place);
    static ORDER: FixedChannel<u64, 8> = FixedChannel::new();
    for millis in [30, 10, 20] {
        place
            .executor
            .spawn(async move {
                sleep(millis * MS).await;
                ORDER.send(millis.into()).await;
            })
            .expect("room");
    }
    let start = timers.clock().now();
    let order = place.executor.block_on(&mut park, async {
        [ORDER.recv().await, ORDER.recv().await, ORDER.recv().await]
    });
    assert_eq!(order, [10, 20, 30]);
    assert_eq!(timers.clock().now() - start, 30 * MS);
}

#[test]
fn a_task_without_timers_panics_and_leaves_its_slot() {
    let place = Place::<1>::new();
    place
        .executor
        .spawn(async { sleep(MS).await })
        .expect("room");
    let panicked = catch_unwind(AssertUnwindSafe(|| place.executor.poll_ready()));
    assert!(panicked.is_err());
    assert!(place.arena.is_empty());
    place.executor.spawn(async {}).expect("the slot is free");
    assert!(!place.executor.poll_ready());
    assert!(place.arena.is_empty());
}

#[test]
fn tasks_spawn_without_knowing_their_executor() {
    let place = Place::<2>::new();
    static DONE: Signal<u32> = Signal::new();
    place
        .executor
        .spawn(async {
            spawn_here(async {
                let _ = DONE.signal(7);
            })
            .expect("two of two");
            let full = spawn_here(async {
                let _ = DONE.signal(8);
            })
            .expect_err("three of two");
            assert_eq!(full.refusal, Refusal::Full { slots: 2 });
        })
        .expect("room");
    let number = place.executor.block_on(&mut place.park(), DONE.wait());
    assert_eq!(number, 7);
    let absent = spawn_here(async {}).expect_err("nothing runs here");
    assert_eq!(absent.refusal, Refusal::Absent);
}

#[test]
fn a_wake_from_another_thread_ends_the_sleep() {
    let place = Place::<1>::new();
    static NUMBERS: FixedChannel<u32, 1> = FixedChannel::new();
    let sender = std::thread::spawn(|| {
        for number in 0..1_000 {
            crate::platform::block_on(NUMBERS.send(number));
        }
    });
    place.executor.block_on(&mut place.park(), async {
        for number in 0..1_000 {
            assert_eq!(NUMBERS.recv().await, number);
        }
    });
    sender.join().expect("no panic");
}

/// Regression: an interrupt's executor runs in the middle of a task of the interrupted one.
#[test]
fn an_executor_runs_inside_the_poll_of_another() {
    let low = Place::<2>::new();
    let high = Place::<2>::new();
    let (_park, low_home) = virtual_time(&low);
    let (_park, high_home) = virtual_time(&high);
    static RAN: AtomicUsize = AtomicUsize::new(0);
    high.executor
        .spawn(async {
            spawn_here(async {
                RAN.fetch_add(1, Ordering::SeqCst);
            })
            .expect("on the urgent one");
            sleep(5 * MS).await;
        })
        .expect("room");
    let interrupt = high.executor;
    low.executor
        .spawn(async move {
            interrupt.on_interrupt();
            interrupt.on_interrupt();
            assert_eq!(RAN.load(Ordering::SeqCst), 1);
            sleep(5 * MS).await;
        })
        .expect("room");
    low.executor.poll_ready();
    assert_eq!(low_home.len(), 1, "the interrupted task's timer is its own");
    assert_eq!(high_home.len(), 1);
}

/// Counts how often it is pended, as an interrupt controller would be.
#[derive(Default)]
struct Pends(AtomicUsize);

impl Unpark for Pends {
    fn unpark(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn an_interrupt_is_pended_again_while_tasks_are_ready() {
    let arena: &'static Arena<2, 64> = Box::leak(Box::default());
    let pends: &'static Pends = Box::leak(Box::default());
    let executor: &'static Executor = Box::leak(Box::new(Executor::new(pends, arena)));
    executor.spawn(yield_now()).expect("room");
    assert_eq!(pends.0.swap(0, Ordering::SeqCst), 1, "the spawn");
    executor.on_interrupt();
    assert_ne!(pends.0.swap(0, Ordering::SeqCst), 0, "the yield");
    executor.on_interrupt();
    assert_eq!(pends.0.swap(0, Ordering::SeqCst), 0, "nothing is left");
}

#[test]
fn an_executor_is_not_polled_inside_itself() {
    let place = Place::<1>::new();
    let executor = place.executor;
    executor
        .spawn(async move {
            let again = catch_unwind(AssertUnwindSafe(|| executor.poll_ready()));
            assert!(again.is_err());
        })
        .expect("room");
    executor.poll_ready();
    assert!(place.arena.is_empty());
}

#[test]
fn local_futures_run_where_they_were_made() {
    let place = Place::<2>::new();
    let executor = place.executor;
    let mut park = place.park();
    // `run` never ends but by a panic.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        executor.run(&mut park, |spawner| {
            let shared = std::rc::Rc::new(Cell::new(0));
            let other = shared.clone();
            spawner
                .spawn(async move { other.set(5) })
                .expect("one of two");
            spawner
                .spawn(async move {
                    yield_now().await;
                    assert_eq!(shared.get(), 5);
                    panic!("the end");
                })
                .expect("two of two");
        })
    }));
    let payload = ended.expect_err("ends by a panic");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the end"));
}

/// Memory: what a task costs beside its future.
#[test]
fn a_slot_is_small() {
    let header = size_of::<Arena<1, 64>>() - 64;
    assert!(header <= 4 * size_of::<usize>(), "{header} bytes");
}

#[derive(Debug, Clone)]
enum Step {
    Spawn { rounds: usize },
    Turn,
    WakeStale,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_usize..4).prop_map(|rounds| Step::Spawn { rounds }),
        Just(Step::Turn),
        Just(Step::WakeStale),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    /// The arena against a list of how many polls each task has left.
    #[test]
    fn an_arena_behaves_as_a_list_of_tasks(steps in steps()) {
        let place = Place::<3>::new();
        let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
        let mut alive: Vec<usize> = Vec::new();
        for step in steps {
            match step {
                Step::Spawn { rounds } => {
                    let wakers = wakers.clone();
                    let mut left = rounds;
                    let spawned = place.executor.spawn(poll_fn(move |cx| {
                        wakers.lock().unwrap().push(cx.waker().clone());
                        if left == 0 {
                            return Poll::Ready(());
                        }
                        left -= 1;
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }));
                    prop_assert_eq!(spawned.is_ok(), alive.len() < 3);
                    if spawned.is_ok() {
                        alive.push(rounds);
                    }
                }
                Step::Turn => {
                    place.executor.poll_ready();
                    alive = alive.into_iter().filter_map(|left| left.checked_sub(1)).collect();
                }
                // Every waker that ever was: of ended tasks, of other tasks' slots.
                Step::WakeStale => wakers.lock().unwrap().iter().for_each(Waker::wake_by_ref),
            }
            prop_assert_eq!(place.arena.len(), alive.len());
        }
    }
}

#[test]
fn what_a_task_holds_is_dropped_when_it_ends() {
    let place = Place::<1>::new();
    let held = Arc::new(());
    let inside = held.clone();
    place
        .executor
        .spawn(async move {
            yield_now().await;
            drop(inside);
        })
        .expect("room");
    let refused = {
        let held = held.clone();
        place.executor.spawn(async move {
            pending::<()>().await;
            drop(held);
        })
    };
    assert_eq!(Arc::strong_count(&held), 3);
    drop(refused);
    assert_eq!(
        Arc::strong_count(&held),
        2,
        "a refused future is dropped once"
    );
    while place.executor.poll_ready() {}
    assert_eq!(Arc::strong_count(&held), 1);
    let mut never = pin!(pending::<()>());
    assert!(
        never
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
}

/// Row 38: after `run` had unwound, any thread could poll tasks whose futures are not `Send`.
#[test]
fn a_run_that_unwinds_is_the_last_to_poll() {
    thread_local! {
        static HERE: Cell<bool> = const { Cell::new(false) };
    }
    HERE.set(true);
    let place = Place::<2>::new();
    let (executor, mut park) = (place.executor, place.park());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        executor.run(&mut park, |spawner| {
            let not_send = core::marker::PhantomData::<*const ()>;
            let spawned = spawner.spawn(async move {
                yield_now().await;
                assert!(HERE.get(), "polled on another thread");
                let _here = not_send;
                pending::<()>().await;
            });
            assert!(spawned.is_ok());
            executor
                .spawn(async { panic!("a task ends the run") })
                .expect("room");
        })
    }));
    assert!(unwound.is_err());
    assert!(
        executor.has_ready(),
        "the task that is not `Send` is still queued"
    );
    let elsewhere = std::thread::spawn(|| executor.poll_ready()).join();
    let panic = elsewhere.expect_err("nobody else may poll");
    let message = panic.downcast_ref::<&str>().expect("a message");
    assert!(message.contains("after its `run`"), "{message}");
}

/// A result that the taker gives does not decide who drops the future: whether it was moved out does.
#[test]
#[allow(unsafe_code)]
fn a_lent_future_is_dropped_once_however_its_spawner_ends() {
    let alive = Arc::new(());
    let future = || {
        let alive = alive.clone();
        async move {
            let _alive = alive;
            pending::<()>().await;
        }
    };
    let unwind = |moves: bool| {
        let lent = || {
            ErasedFuture::lend(future(), |erased| -> Result<(), ()> {
                // SAFETY: the future is `Send`.
                let _boxed = moves.then(|| unsafe { erased.into_box() });
                panic!("the taker fails");
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(lent)).is_err());
        assert_eq!(Arc::strong_count(&alive), 1);
    };
    unwind(false);
    unwind(true);
    let refused = ErasedFuture::lend(future(), |erased| {
        // SAFETY: the future is `Send`.
        drop(unsafe { erased.into_box() });
        Err("although it was taken")
    });
    assert!(refused.is_ok(), "the future came back, dropped already");
    assert_eq!(Arc::strong_count(&alive), 1);
}
