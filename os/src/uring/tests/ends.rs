//! A runtime ends within its limit, whatever the system does with what is in flight.

use std::future::poll_fn;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::operations::{ALL, BoxedOperation, Fixture, LONG, Operation, limited, runtime};
use crate::driver::stub::{CompletionTime, Control, OnCancel, Plan, PlannedOutcome};
use crate::runtime::{Builder, Runtime};

/// PlannedOutcome long the end of a runtime may wait.
const LIMIT: Duration = Duration::from_millis(30);

type End = fn(Runtime);

const ENDS: [(&str, End); 2] = [
    ("with a limit", |runtime| runtime.shutdown_timeout(LIMIT)),
    ("in the background", Runtime::shutdown_background),
];

const CANCELS: [OnCancel; 3] = [OnCancel::Ends, OnCancel::IsLate, OnCancel::Misses];

fn workers(control: &Control, count: usize) -> Runtime {
    let control = control.clone();
    Builder::new_multi_thread()
        .worker_threads(count)
        .enable_all()
        .disable_files_in_place()
        .on_thread_start(move || control.install())
        .build()
        .unwrap()
}

/// Has `runtime` begin `doing`, which waits; it comes back if `is_kept`, else the runtime's task has it.
fn begin(
    runtime: &Runtime,
    control: &Control,
    mut doing: BoxedOperation,
    is_kept: bool,
) -> Option<BoxedOperation> {
    let (gives, given) = mpsc::channel();
    let control = control.clone();
    let task = runtime.spawn(async move {
        let mut polls = 0;
        poll_fn(|cx| {
            assert!(doing.as_mut().poll(cx).is_pending());
            polls += 1;
            cx.waker().wake_by_ref();
            // Until it is with the system.
            if control.in_flight() == 0 || polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        if is_kept {
            gives.send(Some(doing)).unwrap();
        } else {
            gives.send(None).unwrap();
            let _nobody = doing.await;
        }
    });
    let taken = runtime.block_on(async move {
        if is_kept {
            task.await.unwrap();
        }
        crate::task::spawn_blocking(move || given.recv_timeout(LONG).unwrap()).await
    });
    taken.unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "{what}");
        thread::yield_now();
    }
}

/// The operation ends by being cancelled, or goes on for as long as the system likes.
#[derive(Debug, Clone, Copy)]
struct Row {
    operation: Operation,
    on_cancel: OnCancel,
    is_kept: bool,
    on_workers: bool,
    /// The operation is over before the ring goes.
    is_released: bool,
}

fn row(row: Row, end: End) {
    let fate = Plan::new(CompletionTime::Never, PlannedOutcome::Done).on_cancel(row.on_cancel);
    let control = Control::new(move |_| fate).watches();
    control.install();
    let is_sync = matches!(row.operation, Operation::SyncAll | Operation::SyncData);
    let runtime = if row.on_workers {
        // A sync goes by a ring that there is.
        workers(&control, 2 - usize::from(is_sync))
    } else {
        runtime()
    };
    let mut scene = runtime.block_on(Fixture::new(&control, false));
    if is_sync {
        let buffers = runtime.spawn(async { crate::uring::Buffers::new(1, 1).map(drop) });
        runtime.block_on(buffers).unwrap().unwrap();
    }
    let entered = runtime.enter();
    let doing = scene.begin(row.operation);
    drop(entered);
    let kept = begin(&runtime, &control, doing, row.is_kept);
    let begun = Instant::now();
    end(runtime);
    let took = begun.elapsed();
    assert!(took < LONG / 4, "the end took {took:?}");
    let is_cancelled = row.on_cancel == OnCancel::Ends;
    let witness = Arc::clone(&scene.witness);
    let mut waiting = kept;
    if !is_cancelled {
        // A worker may still be cancelling it, if the end is in the background.
        until("more than it goes on", || {
            control.turn();
            control.in_flight() <= 1
        });
        assert_eq!(control.in_flight(), 1, "it goes on");
        if !row.is_released {
            // Who waits goes; the memory stays.
            drop(waiting);
            control.turn();
            return drop(scene);
        }
        control.release();
    }
    until("it is never over", || {
        control.turn();
        control.in_flight() == 0
    });
    if let Some(doing) = &mut waiting {
        // What the ring did not do, the pool does, of whoever waits.
        let other = self::runtime();
        let _entered = other.enter();
        let mut cx = Context::from_waker(Waker::noop());
        until("who waits is never told", || {
            doing.as_mut().poll(&mut cx).is_ready()
        });
    }
    drop(waiting);
    // One is the scene's.
    until("memory does not come back", || {
        Arc::strong_count(&witness) == 2
    });
    scene.end("a runtime that ended");
}

#[test]
fn regression_87_a_runtime_shuts_down_with_operations_that_cannot_be_cancelled() {
    let mut rows = 0;
    for operation in ALL {
        for on_cancel in CANCELS {
            for bits in 0..8 {
                for (how, end) in ENDS {
                    let this = Row {
                        operation,
                        on_cancel,
                        is_kept: bits & 1 != 0,
                        on_workers: bits & 2 != 0,
                        is_released: bits & 4 != 0,
                    };
                    rows += 1;
                    limited(&format!("{this:?}, {how}"), move || row(this, end));
                }
            }
        }
    }
    println!("{rows} rows");
}

/// The system takes nothing more for now, and goes on so: the end is not held up by that.
#[test]
fn a_runtime_shuts_down_while_its_ring_is_backing_off() {
    for operation in ALL {
        for (how, end) in ENDS {
            limited(&format!("{operation:?}, {how}"), move || {
                let control =
                    Control::new(|_| Plan::new(CompletionTime::Never, PlannedOutcome::Done));
                control.install();
                let runtime = runtime();
                let mut scene = runtime.block_on(Fixture::new(&control, false));
                let entered = runtime.enter();
                let doing = scene.begin(operation);
                drop(entered);
                control.refuse_entering(std::iter::repeat_n(libc::EAGAIN, 1_000_000));
                let kept = begin(&runtime, &control, doing, false);
                assert!(kept.is_none());
                let begun = Instant::now();
                end(runtime);
                assert!(begun.elapsed() < LONG / 4);
                drop(scene);
            });
        }
    }
}
