//! What the builder's hooks and histograms see.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selkie::runtime::{HistogramConfiguration, LogHistogram};
use selkie::task::{self, Id};

use crate::flavors::both;

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
struct Counts {
    spawned: u32,
    before: u32,
    after: u32,
    ended: u32,
}

#[test]
fn every_task_is_seen_from_its_spawn_to_its_end() {
    let seen = Arc::new(Mutex::new(HashMap::<Id, Counts>::new()));
    let runtimes = both(|builder| {
        let note = |change: fn(&mut Counts)| {
            let seen = Arc::clone(&seen);
            move |meta: &selkie::runtime::TaskMeta<'_>| {
                assert_eq!(meta.spawned_at().file(), file!());
                change(seen.lock().unwrap().entry(meta.id()).or_default());
            }
        };
        builder
            .on_task_spawn(note(|seen| seen.spawned += 1))
            .on_before_task_poll(note(|seen| seen.before += 1))
            .on_after_task_poll(note(|seen| seen.after += 1))
            .on_task_terminate(note(|seen| seen.ended += 1));
    });
    for runtime in runtimes {
        seen.lock().unwrap().clear();
        let (yielding, panicking, aborted) = runtime.block_on(async {
            let yielding = selkie::spawn(async { task::yield_now().await });
            let panicking = selkie::spawn(async { panic!("on purpose") });
            let aborted = selkie::spawn(std::future::pending::<()>());
            let ids = (yielding.id(), panicking.id(), aborted.id());
            yielding.await.unwrap();
            let _panicked: Result<(), _> = panicking.await;
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            ids
        });
        drop(runtime);
        let seen = seen.lock().unwrap();
        let once = Counts {
            spawned: 1,
            before: 1,
            after: 1,
            ended: 1,
        };
        assert_eq!(seen[&panicking], once);
        assert_eq!(
            seen[&yielding],
            Counts {
                before: 2,
                after: 2,
                ..once
            }
        );
        assert_eq!((seen[&aborted].spawned, seen[&aborted].ended), (1, 1));
    }
}

#[test]
fn a_hook_that_panics_ends_neither_worker_nor_task() {
    let runtimes = both(|builder| {
        builder
            .on_before_task_poll(|_| panic!("before"))
            .on_after_task_poll(|_| panic!("after"))
            .on_task_terminate(|_| panic!("terminate"));
    });
    for runtime in runtimes {
        for n in 0..5 {
            let task = runtime.spawn(async move { n });
            assert_eq!(runtime.block_on(task).unwrap(), n);
        }
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}

#[test]
fn the_queueing_time_of_a_task_is_reported_if_requested() {
    let told = Arc::new(AtomicUsize::new(0));
    let runtimes = both(|builder| {
        let told = Arc::clone(&told);
        builder
            .track_task_schedule_latency()
            .enable_metrics_schedule_latency_histogram()
            .metrics_schedule_latency_histogram_configuration(HistogramConfiguration::log(
                LogHistogram::default(),
            ))
            .on_before_task_poll(move |meta| {
                told.fetch_add(
                    usize::from(meta.schedule_latency().is_some()),
                    Ordering::SeqCst,
                );
            });
    });
    for runtime in runtimes {
        told.store(0, Ordering::SeqCst);
        let task = runtime.spawn(async {
            for _ in 0..9 {
                task::yield_now().await;
            }
        });
        runtime.block_on(task).unwrap();
        let metrics = runtime.metrics();
        drop(runtime);
        assert_eq!(told.load(Ordering::SeqCst), 10);
        let counted: u64 = (0..metrics.num_workers())
            .flat_map(|worker| {
                let metrics = metrics.clone();
                (0..metrics.schedule_latency_histogram_num_buckets()).map(move |bucket| {
                    metrics.schedule_latency_histogram_bucket_count(worker, bucket)
                })
            })
            .sum();
        assert_eq!(counted, 10);
    }
}

#[test]
fn a_poll_is_counted_in_the_bucket_of_its_length() {
    let runtimes = both(|builder| {
        builder
            .enable_metrics_poll_time_histogram()
            .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(
                Duration::from_millis(20),
                2,
            ));
    });
    for runtime in runtimes {
        let task = runtime.spawn(async {
            std::thread::sleep(Duration::from_millis(25));
        });
        runtime.block_on(task).unwrap();
        let metrics = runtime.metrics();
        drop(runtime);
        let long: u64 = (0..metrics.num_workers())
            .map(|worker| metrics.poll_time_histogram_bucket_count(worker, 1))
            .sum();
        assert_eq!(long, 1);
    }
}

#[test]
fn a_worker_sleeps_and_wakes_between_its_hooks() {
    let parks = Arc::new(AtomicUsize::new(0));
    let unparks = Arc::new(AtomicUsize::new(0));
    let runtimes = both(|builder| {
        let (parks, unparks) = (Arc::clone(&parks), Arc::clone(&unparks));
        builder
            .on_thread_park(move || {
                parks.fetch_add(1, Ordering::SeqCst);
            })
            .on_thread_unpark(move || {
                unparks.fetch_add(1, Ordering::SeqCst);
            });
    });
    for runtime in runtimes {
        runtime.block_on(async {
            selkie::spawn(selkie::time::sleep(Duration::from_millis(2)))
                .await
                .unwrap();
        });
        drop(runtime);
        assert!(parks.load(Ordering::SeqCst) > 0);
        assert_eq!(
            parks.swap(0, Ordering::SeqCst),
            unparks.swap(0, Ordering::SeqCst)
        );
    }
}

#[test]
fn a_worker_knows_its_number_and_others_have_none() {
    assert_eq!(selkie::runtime::worker_index(), None);
    for runtime in both(|_| ()) {
        let metrics = runtime.metrics();
        let task = runtime.spawn(async move {
            let index = selkie::runtime::worker_index().unwrap();
            let here = std::thread::current().id();
            assert_eq!(metrics.worker_thread_id(index), Some(here));
            task::spawn_blocking(selkie::runtime::worker_index)
                .await
                .unwrap()
        });
        assert_eq!(runtime.block_on(task).unwrap(), None);
        let drives = runtime.metrics().num_workers() == 1;
        let root = runtime.block_on(async { selkie::runtime::worker_index() });
        assert_eq!(root, drives.then_some(0));
    }
    assert_eq!(selkie::runtime::worker_index(), None);
}

#[test]
fn hooks_are_told_the_name_of_a_task_from_its_spawn_to_its_end() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let runtimes = both(|builder| {
        let note = |hook: &'static str| {
            let seen = Arc::clone(&seen);
            move |meta: &selkie::runtime::TaskMeta<'_>| {
                let name = meta.name().map(str::to_owned);
                seen.lock().unwrap().push((hook, name));
            }
        };
        builder
            .on_task_spawn(note("spawn"))
            .on_before_task_poll(note("before"))
            .on_after_task_poll(note("after"))
            .on_task_terminate(note("end"));
    });
    for runtime in runtimes {
        for name in [Some("answer"), None] {
            seen.lock().unwrap().clear();
            let builder =
                name.map_or_else(task::Builder::new, |name| task::Builder::new().name(name));
            let task = builder.spawn_on(async {}, runtime.handle()).unwrap();
            runtime.block_on(task).unwrap();
            let of = |hook: &str| {
                let seen = seen.lock().unwrap();
                let mut of = seen.iter().filter(|(told, _)| *told == hook);
                of.next().cloned()
            };
            for hook in ["spawn", "before", "end"] {
                assert_eq!(of(hook), Some((hook, name.map(str::to_owned))));
            }
        }
    }
}

#[test]
fn the_figures_of_a_runtime_are_printed_with_their_values() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            selkie::spawn(async {}).await.unwrap();
            let text = format!("{:?}", selkie::runtime::Handle::current().metrics());
            assert!(text.contains("spawned_tasks_count: 1"), "{text}");
            assert!(text.contains("poll_count"), "{text}");
        });
    }
}
