//! Executors inside a task, a drop or a hook finish, whichever crate they are from.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::task::LocalSpawnExt;
use selkie::runtime::{Builder, Handle, Runtime};
use selkie::task::consume_budget;
use selkie_core::executor::{HeapExecutor, ThreadPark, ThreadUnpark};

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(60);

/// Runs `f` on a thread of its own; fails if it does not end.
fn within_a_limit(f: impl FnOnce() + Send + 'static) {
    let (ended, ends) = mpsc::channel();
    std::thread::spawn(move || {
        f();
        let _gone = ended.send(());
    });
    ends.recv_timeout(LONG).expect("it does not end");
}

/// Yields, by itself and by force.
async fn give_way() {
    selkie::task::yield_now().await;
    for _ in 0..1_000 {
        consume_budget().await;
    }
}

struct BlocksOnDrop(fn(&Handle), Handle);

impl Drop for BlocksOnDrop {
    fn drop(&mut self) {
        (self.0)(&self.1);
    }
}

fn end_with_a_drop_that_blocks(runtime: Runtime, block: fn(&Handle), other: &Handle) {
    let blocks = BlocksOnDrop(block, other.clone());
    runtime.spawn(async move {
        let _blocks = blocks;
        std::future::pending::<()>().await;
    });
    runtime.block_on(selkie::task::yield_now());
    drop(runtime);
}

#[test]
fn a_drop_that_blocks_while_its_runtime_ends_finishes() {
    let ways: [fn(&Handle); 2] = [
        |other| other.block_on(give_way()),
        |_| futures::executor::block_on(give_way()),
    ];
    within_a_limit(move || {
        for block in ways {
            for other in both(|_| ()) {
                for ending in both(|_| ()) {
                    end_with_a_drop_that_blocks(ending, block, other.handle());
                }
            }
        }
    });
}

#[test]
fn the_cores_executor_works_inside_a_task() {
    static UNPARK: [ThreadUnpark; 2] = [const { ThreadUnpark::new() }; 2];
    within_a_limit(|| {
        for (runtime, unpark) in both(|_| ()).zip(&UNPARK) {
            let task = runtime.spawn(async move {
                HeapExecutor::new(ThreadPark::new(unpark)).block_on(give_way());
            });
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn an_executor_that_polls_until_no_progress_stops_when_the_budget_is_spent() {
    within_a_limit(|| {
        for runtime in both(|_| ()) {
            let task = runtime.spawn(async {
                let (sender, mut receiver) = selkie::sync::mpsc::unbounded_channel();
                for value in 0..1_000 {
                    sender.send(value).unwrap();
                }
                let received = Arc::new(AtomicUsize::new(0));
                let theirs = Arc::clone(&received);
                let mut receive = Some(async move {
                    while receiver.recv().await.is_some() {
                        theirs.fetch_add(1, Ordering::Relaxed);
                    }
                });
                poll_fn(|_cx| {
                    let mut pool = futures::executor::LocalPool::new();
                    pool.spawner().spawn_local(receive.take().unwrap()).unwrap();
                    pool.run_until_stalled();
                    Poll::Ready(())
                })
                .await;
                let received = received.load(Ordering::Relaxed);
                assert!((100..1_000).contains(&received), "{received}");
            });
            runtime.block_on(task).unwrap();
        }
    });
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_future_that_is_polled_again_without_budget_is_woken_once() {
    for runtime in both(|_| ()) {
        let task = runtime.spawn(async {
            let count = Arc::new(Count(AtomicUsize::new(0)));
            let waker = Waker::from(Arc::clone(&count));
            poll_fn(|_cx| {
                let mut cx = Context::from_waker(&waker);
                while std::pin::pin!(consume_budget()).poll(&mut cx).is_ready() {}
                for _ in 0..10_000 {
                    assert!(std::pin::pin!(consume_budget()).poll(&mut cx).is_pending());
                }
                Poll::Ready(())
            })
            .await;
            assert_eq!(count.0.load(Ordering::Relaxed), 0, "within its own poll");
            for _ in 0..3 {
                selkie::task::yield_now().await;
            }
            assert_eq!(count.0.load(Ordering::Relaxed), 1);
        });
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn a_dump_does_not_wait_for_an_executor_inside_a_task() {
    within_a_limit(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            static UNPARK: ThreadUnpark = ThreadUnpark::new();
            let task = selkie::spawn(async {
                loop {
                    HeapExecutor::new(ThreadPark::new(&UNPARK)).block_on(give_way());
                    selkie::task::yield_now().await;
                }
            });
            for _ in 0..10 {
                let _dump = Handle::current().dump().await;
            }
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        });
    });
}
