//! In which order tasks run: Tokio's order, on which programs rely.
//!
//! `benches/order` compares thousands of random programs with the registry's Tokio; what stands here are the
//! rules, one by one.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, LocalOptions, Runtime};
use selkie::sync::{Notify, oneshot};
use selkie::task::{self, JoinSet, LocalSet, yield_now};

use crate::flavors::both;

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl ToString) {
        self.0.lock().unwrap().push(what.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// LogOnDrop a name when it is dropped.
struct LogOnDrop(Log, String);

impl Drop for LogOnDrop {
    fn drop(&mut self) {
        self.0.note(&self.1);
    }
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Wakes the root from the first of three tasks, each of which spawns the next.
async fn chain(log: Log) {
    let (first, root) = (log.clone(), log.clone());
    let (wake, woken) = oneshot::channel();
    task::spawn(async move {
        first.note("a");
        wake.send(()).unwrap();
        task::spawn(async move {
            first.note("b");
            task::spawn(async move { first.note("c") });
        });
    });
    woken.await.unwrap();
    root.note("root");
}

#[test]
fn regression_66_tasks_that_tasks_spawn_or_wake_run_before_the_root() {
    let log = Log::default();
    let everything = ["a", "b", "c", "root"];
    current_thread().block_on(chain(log.clone()));
    assert_eq!(log.take(), everything);
    current_thread().block_on(LocalSet::new().run_until(chain(log.clone())));
    assert_eq!(log.take(), everything);
    let mut builder = Builder::new_current_thread();
    let local = builder.build_local(LocalOptions::default()).unwrap();
    local.block_on(chain(log.clone()));
    assert_eq!(log.take(), everything);
}

#[test]
fn regression_66_the_root_comes_after_an_event_interval_of_tasks() {
    for interval in [3, 61] {
        let log = Log::default();
        let mut builder = Builder::new_current_thread();
        let runtime = builder.event_interval(interval).build().unwrap();
        let root = log.clone();
        runtime.block_on(async {
            for task in 0..100 {
                let log = root.clone();
                task::spawn(async move { log.note(task) });
            }
            // Not a yield: it wants to be polled again as soon as possible.
            let mut woken = false;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                match std::mem::replace(&mut woken, true) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            root.note("root");
        });
        let before = log.take().iter().position(|what| what == "root").unwrap();
        assert_eq!(before, interval as usize);
    }
}

#[test]
fn regression_66_a_connection_is_back_in_its_pool_when_the_answer_is_read() {
    // As in HTTP clients: the task of a connection answers its caller, and another task, which that
    // wakes, puts the connection back.
    let runtime = current_thread();
    let idle = runtime.block_on(async {
        let pool = Arc::new(Mutex::new(0));
        let (answer, answered) = oneshot::channel();
        let (done, is_done) = oneshot::channel::<()>();
        let theirs = Arc::clone(&pool);
        task::spawn(async move {
            is_done.await.unwrap();
            *theirs.lock().unwrap() += 1;
        });
        task::spawn(async move {
            yield_now().await;
            answer.send("200").unwrap();
            done.send(()).unwrap();
        });
        assert_eq!(answered.await.unwrap(), "200");
        *pool.lock().unwrap()
    });
    assert_eq!(idle, 1);
}

#[test]
fn regression_70_tasks_that_yield_run_after_due_timers_the_last_one_first() {
    let log = Log::default();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        for name in ["a", "b", "c"] {
            let log = log.clone();
            task::spawn(async move {
                yield_now().await;
                log.note(name);
            });
        }
        let timer = log.clone();
        task::spawn(async move {
            selkie::time::sleep(Duration::from_millis(5)).await;
            timer.note("timer");
        });
        let plain = log.clone();
        task::spawn(async move {
            task::spawn(async move { plain.note("spawned") });
        });
        task::spawn(async { selkie::time::advance(Duration::from_millis(5)).await });
        selkie::time::sleep(Duration::from_millis(6)).await;
    });
    assert_eq!(log.take(), ["spawned", "timer", "c", "b", "a"]);
}

#[test]
fn a_task_that_wakes_itself_is_queued_behind_the_tasks_of_that_moment() {
    let log = Log::default();
    let runtime = current_thread();
    runtime.block_on(async {
        let (itself, other, late) = (log.clone(), log.clone(), log.clone());
        task::spawn(async move {
            yield_now().await;
            late.note("gave way");
        });
        task::spawn(async move {
            let mut woken = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut woken, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            itself.note("woke itself");
        });
        task::spawn(async move { other.note("other") })
            .await
            .unwrap();
        yield_now().await;
        yield_now().await;
    });
    assert_eq!(log.take(), ["other", "woke itself", "gave way"]);
}

#[test]
fn a_task_that_yields_as_the_root_ends_continues_with_the_next_root() {
    let log = Log::default();
    let runtime = current_thread();
    let theirs = log.clone();
    let mut task = None;
    runtime.block_on(async {
        let (started, start) = oneshot::channel();
        task = Some(task::spawn(async move {
            started.send(()).unwrap();
            yield_now().await;
            theirs.note("on");
        }));
        start.await.unwrap();
    });
    runtime.block_on(task.unwrap()).unwrap();
    assert_eq!(log.take(), ["on"]);
}

#[test]
fn a_set_that_runs_its_tasks_is_not_woken_for_them() {
    let polls = Arc::new(Mutex::new(0));
    let runtime = current_thread();
    let set = LocalSet::new();
    let mut joined = Box::pin(async {
        let task = task::spawn_local(async {
            task::spawn_local(yield_now()).await.unwrap();
        });
        task.await.unwrap();
    });
    runtime.block_on(set.run_until(poll_fn(|cx| {
        *polls.lock().unwrap() += 1;
        joined.as_mut().poll(cx)
    })));
    // At the start; when the inner task has given way; when the outer one has ended.
    assert!(
        *polls.lock().unwrap() <= 3,
        "{} polls",
        polls.lock().unwrap()
    );
}

async fn forever(notes: LogOnDrop) {
    let _notes = notes;
    pending::<()>().await;
}

fn number(id: task::Id) -> u64 {
    id.to_string().parse().unwrap()
}

#[test]
fn regression_70_a_runtime_that_ends_drops_its_tasks_in_four_lists_by_id() {
    let log = Log::default();
    let runtime = current_thread();
    let spawn = |_| {
        // Spawned from outside and by a task: one order for both.
        let notes = LogOnDrop(log.clone(), String::new());
        let theirs = async move {
            let mut notes = notes;
            notes.1 = task::id().to_string();
            pending::<()>().await;
        };
        let outside = runtime.spawn(theirs).id();
        let notes = LogOnDrop(log.clone(), String::new());
        let inside = runtime.block_on(async {
            task::spawn(async {
                let mut notes = notes;
                notes.1 = task::id().to_string();
                pending::<()>().await;
            })
            .id()
        });
        [number(outside), number(inside)]
    };
    let mut ids: Vec<u64> = (0..5).flat_map(spawn).collect();
    runtime.block_on(yield_now());
    drop(runtime);
    ids.sort_by_key(|id| (id % 4, *id));
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    assert_eq!(log.take(), ids);
}

#[test]
fn regression_70_a_local_set_that_ends_drops_its_tasks_as_they_were_spawned() {
    let log = Log::default();
    let set = LocalSet::new();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        set.spawn_local(forever(LogOnDrop(log.clone(), name.to_string())));
    }
    drop(set);
    assert_eq!(log.take(), names);
}

#[test]
fn regression_70_a_join_set_hands_out_tasks_as_they_ended() {
    current_thread().block_on(async {
        let gates: Vec<_> = (0..3).map(|_| Arc::new(Notify::new())).collect();
        let mut set = JoinSet::new();
        for (number, gate) in gates.iter().enumerate() {
            let gate = Arc::clone(gate);
            set.spawn(async move {
                gate.notified().await;
                number
            });
        }
        yield_now().await;
        for number in [1, 2, 0] {
            gates[number].notify_one();
            yield_now().await;
        }
        let mut order = Vec::new();
        while let Some(number) = set.join_next().await {
            order.push(number.unwrap());
        }
        assert_eq!(order, [1, 2, 0]);
    });
}

#[test]
fn regression_69_a_poll_is_counted_when_it_is_over() {
    for runtime in both(|builder| {
        builder.enable_metrics_poll_time_histogram();
    }) {
        let metrics = runtime.metrics();
        let workers = metrics.num_workers();
        let counted = move || -> u64 { (0..workers).map(|w| metrics.worker_poll_count(w)).sum() };
        let inside = counted.clone();
        let seen = runtime.block_on(async { task::spawn(async move { inside() }).await.unwrap() });
        assert_eq!(seen, 0);
        let metrics = runtime.metrics();
        let measured = move || -> u64 {
            let buckets = metrics.poll_time_histogram_num_buckets();
            let of_worker = |worker| -> u64 {
                (0..buckets)
                    .map(|bucket| metrics.poll_time_histogram_bucket_count(worker, bucket))
                    .sum()
            };
            (0..workers).map(of_worker).sum()
        };
        let sampler = thread::spawn(move || {
            let end = Instant::now() + Duration::from_secs(30);
            let mut polls = 0;
            while polls < 2000 && Instant::now() < end {
                polls = counted();
                let measured = measured();
                assert!(measured >= polls, "{measured} measured, {polls} counted");
            }
            polls
        });
        while !sampler.is_finished() {
            runtime.block_on(async { task::spawn(yield_now()).await.unwrap() });
        }
        assert!(sampler.join().unwrap() >= 2000);
    }
}

#[test]
fn regression_69_a_sleep_is_counted_when_the_thread_sleeps() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    let figures = || {
        (
            metrics.worker_park_count(0),
            metrics.worker_park_unpark_count(0),
        )
    };
    runtime.block_on(async {});
    runtime.block_on(yield_now());
    // The root is woken while nothing else is there: no reason to sleep.
    runtime.block_on(async { task::spawn(async {}).await.unwrap() });
    assert_eq!(figures(), (0, 0));
    runtime.block_on(async { selkie::time::sleep(Duration::from_millis(2)).await });
    let (parks, both) = figures();
    assert!(parks > 0);
    assert_eq!(both, 2 * parks);
}

#[test]
fn regression_72_several_workers_have_no_paused_clock() {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).start_paused(true);
    let panic = catch_unwind(AssertUnwindSafe(|| builder.build().is_ok())).unwrap_err();
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("`time::pause()` requires the `current_thread` Tokio runtime."));
}

#[test]
fn a_task_that_yields_may_wake_any_task() {
    // A waker of another executor, which is kept until the scheduler has looked at its driver.
    let log = Log::default();
    struct LogOnWake(Log);
    impl std::task::Wake for LogOnWake {
        fn wake(self: Arc<Self>) {
            self.0.note("woken");
        }
    }
    current_thread().block_on(async {
        let waker = Waker::from(Arc::new(LogOnWake(log.clone())));
        let mut inner = Box::pin(yield_now());
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(inner.as_mut().poll(&mut cx).is_pending());
        log.note("pending");
        yield_now().await;
    });
    assert_eq!(log.take(), ["pending", "woken"]);
}
