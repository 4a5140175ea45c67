//! The statistics of tasks: asked for at the builder, or while the runtime runs.
#![cfg(feature = "full")]

use std::panic::Location;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Handle, LocalOptions, Runtime, TaskState, TaskStatistics};
use selkie::sync::{Notify, mpsc, oneshot};
use selkie::task;

fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("it builds")
}

fn two_workers() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder.build().expect("it builds")
}

fn of(handle: &Handle, id: task::Id) -> Option<TaskStatistics> {
    let mut all = handle.task_statistics().into_iter();
    all.find(|task| task.id() == id)
}

/// Keeps its worker busy.
fn compute(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

const LONG: Duration = Duration::from_millis(5);

#[test]
fn nothing_is_kept_until_it_is_asked_for() {
    let runtime = current_thread();
    let task = runtime.spawn(std::future::pending::<()>());
    runtime.block_on(task::yield_now());
    assert!(!runtime.handle().is_tracking_tasks());
    assert!(runtime.handle().task_statistics().is_empty());
    assert!(runtime.handle().spawn_place_statistics().is_empty());
    task.abort();
}

#[test]
fn an_older_task_is_listed_when_it_is_woken() {
    for runtime in [current_thread(), two_workers()] {
        let handle = runtime.handle().clone();
        let (ask, mut asked) = mpsc::channel::<oneshot::Sender<()>>(1);
        let older = runtime.spawn(async move {
            while let Some(answer) = asked.recv().await {
                answer.send(()).expect("somebody waits");
            }
        });
        let round = || {
            let (answer, answered) = oneshot::channel();
            runtime.block_on(async {
                ask.send(answer).await.expect("it lives");
                answered.await.expect("it answers");
            });
        };
        round();
        handle.track_tasks();
        handle.track_tasks();
        assert!(of(&handle, older.id()).is_none());
        // Its last poll before the tracking may go on, and take what is sent.
        let seen = (0..1_000).find_map(|_| {
            round();
            of(&handle, older.id())
        });
        let seen = seen.expect("it was woken");
        assert!(!seen.is_tracked_from_spawn());
        assert!(seen.wake_count() <= 1_000);

        let (stay, stays) = oneshot::channel::<()>();
        let newer = runtime.spawn(async { stays.await.expect("somebody answers") });
        let id = newer.id();
        assert!(of(&handle, id).is_some_and(|seen| seen.is_tracked_from_spawn()));
        stay.send(()).expect("it waits");
        runtime.block_on(newer).expect("it ends");
        assert!(of(&handle, id).is_none(), "it has ended");
        drop(ask);
        runtime.block_on(older).expect("it ends");
        assert!(handle.task_statistics().is_empty());
    }
}

#[test]
fn polls_and_wakes_are_counted() {
    for runtime in [current_thread(), two_workers()] {
        let handle = runtime.handle();
        handle.track_tasks();
        let yields = runtime.spawn(async {
            for _ in 0..99 {
                task::yield_now().await;
            }
            let me = task::id();
            of(&Handle::current(), me).expect("it lives")
        });
        let seen = runtime.block_on(yields).expect("it ends");
        assert_eq!((seen.poll_count(), seen.wake_count()), (99, 99));
        assert!(matches!(seen.state(), TaskState::Running { .. }));
        let total = seen.busy_duration() + seen.queued_duration() + seen.idle_duration();
        assert!(total.abs_diff(seen.age()) < Duration::from_micros(1));

        let places = handle.spawn_place_statistics();
        assert_eq!(places.len(), 1);
        assert_eq!((places[0].ended_count(), places[0].live_count()), (1, 0));
        assert_eq!(places[0].poll_count(), 100);
        assert_eq!(places[0].location().map(Location::file), Some(file!()));
    }
}

#[test]
fn a_long_poll_and_those_who_wait_for_it_are_seen() {
    let runtime = Builder::new_current_thread().track_tasks().build();
    let runtime = runtime.expect("it builds");
    let handle = runtime.handle().clone();
    let end = Arc::new(Notify::new());
    let (theirs, ended) = (Arc::clone(&end), Arc::clone(&end));
    let busy = runtime.spawn(async move {
        compute(LONG);
        theirs.notified().await;
    });
    let waits = runtime.spawn(async move { ended.notified().await });
    assert_eq!(
        of(&handle, waits.id()).map(|task| task.state()),
        Some(TaskState::Queued)
    );
    runtime.block_on(task::yield_now());
    let busy = of(&handle, busy.id()).expect("it lives");
    assert!(busy.longest_poll() >= LONG && busy.busy_duration() >= LONG);
    assert_eq!(busy.state(), TaskState::Idle);
    let waits = of(&handle, waits.id()).expect("it lives");
    assert!(waits.longest_queued() >= LONG, "{waits:?}");
    assert!(waits.busy_duration() < waits.queued_duration(), "{waits:?}");
    end.notify_waiters();
}

#[test]
fn a_running_poll_is_seen_from_another_thread() {
    let runtime = two_workers();
    let handle = runtime.handle();
    handle.track_tasks();
    let (begins, ends) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let theirs = (Arc::clone(&begins), Arc::clone(&ends));
    let task = task::Builder::new().name("stuck").spawn_on(
        async move {
            theirs.0.wait();
            theirs.1.wait();
        },
        handle,
    );
    let task = task.expect("it is spawned");
    begins.wait();
    let seen = of(handle, task.id()).expect("it lives");
    assert!(matches!(seen.state(), TaskState::Running { worker: 0 | 1 }));
    assert_eq!((seen.name(), seen.poll_count()), (Some("stuck"), 0));
    assert_eq!(seen.longest_poll(), seen.state_duration());
    ends.wait();
    runtime.block_on(task).expect("it ends");
}

#[test]
fn tasks_that_are_cancelled_go() {
    for runtime in [current_thread(), two_workers()] {
        let handle = runtime.handle().clone();
        handle.track_tasks();
        let tasks: Vec<_> = (0..200)
            .map(|_| runtime.spawn(std::future::pending::<()>()))
            .collect();
        assert_eq!(handle.task_statistics().len(), 200);
        tasks[..100].iter().for_each(task::JoinHandle::abort);
        for task in tasks.into_iter().take(100) {
            assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        }
        assert_eq!(handle.task_statistics().len(), 100);
        drop(runtime);
        assert!(handle.task_statistics().is_empty());
        let places = handle.spawn_place_statistics();
        assert_eq!((places.len(), places[0].ended_count()), (1, 200));
    }
}

#[test]
fn tracking_begins_while_two_workers_run() {
    let runtime = two_workers();
    let handle = runtime.handle().clone();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            runtime.spawn(async {
                for _ in 0..2_000 {
                    task::yield_now().await;
                }
            })
        })
        .collect();
    handle.track_tasks();
    while handle.metrics().num_alive_tasks() > 0 {
        for task in handle.task_statistics() {
            assert!(task.poll_count() <= 2_001, "{task:?}");
            assert!(task.longest_poll() <= task.age(), "{task:?}");
        }
        let places = handle.spawn_place_statistics();
        assert!(places.iter().all(|place| place.spawned_count() <= 8));
    }
    for task in tasks {
        runtime.block_on(task).expect("it ends");
    }
}

#[test]
fn a_build_hook_is_called_for_each_kind_of_runtime() {
    /// Tracks the tasks of runtimes of this name.
    fn track(handle: &Handle) {
        if handle.name() == Some("hooked") {
            handle.track_tasks();
            assert!(handle.metrics().num_workers() > 0);
        }
    }
    fn fail(handle: &Handle) {
        assert_ne!(handle.name(), Some("hooked"), "a hook that fails");
    }
    selkie::runtime::on_build(fail).expect("there is room");
    selkie::runtime::on_build(track).expect("there is room");
    let mut builder = Builder::new_current_thread();
    builder.name("hooked");
    assert!(
        builder
            .build()
            .expect("it builds")
            .handle()
            .is_tracking_tasks()
    );
    let local = builder.build_local(LocalOptions::default());
    let local = local.expect("it builds");
    let seen = local.block_on(async {
        let task = task::spawn_local(std::future::pending::<()>());
        of(&Handle::current(), task.id()).is_some()
    });
    assert!(seen);
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(1).name("hooked").build();
    assert!(built.expect("it builds").handle().is_tracking_tasks());

    let mut refused = Ok(());
    for _ in 0..16 {
        refused = refused.and(selkie::runtime::on_build(track));
    }
    let refused = refused.expect_err("there are 16 places");
    assert_eq!(
        refused.to_string(),
        "build hooks full: 16 of 16 are registered"
    );
}
