//! The flight recorder, and the files that it writes.
#![cfg(all(feature = "full", feature = "trace-events"))]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Recording, RecordingConfig, Runtime};
use selkie::sync::{Notify, mpsc};
use selkie::task;
use serde_json::Value;

/// What slices may overlap by, in microseconds: times are rounded to nanoseconds.
const ROUNDING: f64 = 0.002;

fn runtimes() -> [Runtime; 2] {
    let one = Builder::new_current_thread()
        .enable_all()
        .name("one")
        .build();
    let mut two = Builder::new_multi_thread();
    let two = two.worker_threads(2).enable_all().name("two").build();
    [one.expect("it builds"), two.expect("it builds")]
}

/// The events of a recording's file.
fn events(recording: &Recording) -> Vec<Value> {
    let mut json = Vec::new();
    let written = recording.snapshot().write_json(&mut json);
    written.expect("memory takes all");
    let mut file: Value = serde_json::from_slice(&json).expect("it is JSON");
    match file["traceEvents"].take() {
        Value::Array(events) => events,
        other => panic!("no list of events: {other}"),
    }
}

fn is(event: &Value, phase: &str) -> bool {
    event["ph"] == phase
}

fn number(event: &Value, key: &str) -> f64 {
    let number = event[key].as_f64();
    number.unwrap_or_else(|| panic!("no {key}: {event}"))
}

/// The slices of each row, in the order of their beginnings; the longer first.
fn rows(events: &[Value]) -> HashMap<u64, Vec<(f64, f64, &Value)>> {
    let mut rows: HashMap<u64, Vec<_>> = HashMap::new();
    for slice in events.iter().filter(|event| is(event, "X")) {
        let (begun, lasts) = (number(slice, "ts"), number(slice, "dur"));
        assert!(begun >= 0.0 && lasts > 0.0, "{slice}");
        let row = slice["tid"].as_u64().expect("each has a row");
        rows.entry(row)
            .or_default()
            .push((begun, begun + lasts, slice));
    }
    for slices in rows.values_mut() {
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    }
    rows
}

/// Slices of a row nest, and no two polls do.
fn assert_nested(events: &[Value]) {
    for slices in rows(events).values() {
        let mut open: Vec<(f64, &Value)> = Vec::new();
        for (begun, end, slice) in slices {
            open.retain(|(end, _)| *end > begun + ROUNDING);
            for (outer_end, outer) in &open {
                assert!(*end <= outer_end + ROUNDING, "{slice} ends after {outer}");
                let are_polls = slice["cat"] == "poll" && outer["cat"] == "poll";
                assert!(!are_polls, "{slice} in {outer}");
            }
            open.push((*end, slice));
        }
    }
}

/// Arrows lead from a slice to the beginning of a poll, and not back in time.
fn assert_arrows(events: &[Value]) -> usize {
    let rows = rows(events);
    let of_phase = |phase| {
        let arrows = events.iter().filter(move |event| is(event, phase));
        arrows.map(|event| (event["id"].as_u64().expect("a number"), event))
    };
    let (starts, ends): (HashMap<_, _>, HashMap<_, _>) =
        (of_phase("s").collect(), of_phase("f").collect());
    assert_eq!(starts.len(), ends.len());
    for (id, start) in &starts {
        let end = ends[id];
        assert!(
            number(start, "ts") <= number(end, "ts") + ROUNDING,
            "{start} {end}"
        );
        let slices = |event: &Value| &rows[&event["tid"].as_u64().expect("a row")];
        let at = number(start, "ts");
        let is_around =
            |(begun, end, _): &(f64, f64, &Value)| *begun <= at + ROUNDING && at <= end + ROUNDING;
        assert!(slices(start).iter().any(is_around), "no slice at {start}");
        let at = number(end, "ts");
        let begins_there = |(begun, _, slice): &(f64, f64, &Value)| {
            (begun - at).abs() < ROUNDING && slice["cat"] == "poll"
        };
        assert!(slices(end).iter().any(begins_there), "no poll at {end}");
    }
    starts.len()
}

fn named(name: &str) -> task::Builder<'_> {
    task::Builder::new().name(name)
}

/// Two tasks that wake each other so many times.
fn play(runtime: &Runtime, rounds: u32) {
    let (ping, pong) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (theirs, mine) = (Arc::clone(&ping), Arc::clone(&pong));
    let handle = runtime.handle();
    let first = named("ping").spawn_on(
        async move {
            for _ in 0..rounds {
                theirs.notify_one();
                mine.notified().await;
            }
        },
        handle,
    );
    let second = named("pong").spawn_on(
        async move {
            for _ in 0..rounds {
                ping.notified().await;
                pong.notify_one();
            }
            // The name lasts as long as the task.
            std::future::pending::<()>().await;
        },
        handle,
    );
    let (first, _second) = (
        first.expect("it is spawned"),
        second.expect("it is spawned"),
    );
    runtime.block_on(first).expect("it ends");
}

#[test]
fn a_small_program_is_recorded() {
    for runtime in runtimes() {
        let recording = runtime.handle().start_recording(&RecordingConfig::new());
        play(&runtime, 10);
        runtime.block_on(async {
            task::spawn_blocking(|| ()).await.expect("it ends");
            // Several: on a busy machine one may be over before it is first polled.
            let sleeps = task::spawn(async {
                for _ in 0..20 {
                    selkie::time::sleep(Duration::from_millis(2)).await;
                }
            });
            sleeps.await.expect("it ends");
        });
        let events = events(&recording);
        assert_nested(&events);
        assert!(assert_arrows(&events) >= 15);
        let polls = || events.iter().filter(|event| event["cat"] == "poll");
        let of = |name: &'static str| polls().filter(move |poll| poll["name"] == name);
        assert!(of("pong").count() >= 10);
        let woken = of("pong").filter(|poll| poll["args"]["woken_by_task"].is_u64());
        assert!(woken.count() >= 9, "by the other task");
        assert!(of("pong").any(|poll| number(&poll["args"], "scheduling_delay_us") >= 0.0));
        assert!(polls().any(|poll| poll["args"]["woken_by"] == "a timer"));
        assert!(polls().any(|poll| poll["args"]["woken_by"] == "outside"));
        let blocking = |phase| {
            let of_phase = events.iter().filter(move |event| is(event, phase));
            let ids = of_phase.map(|event| event["id"].as_u64().expect("a number"));
            ids.collect::<Vec<_>>()
        };
        assert_eq!(blocking("b").len(), 1);
        assert_eq!(blocking("b"), blocking("e"));
        for name in ["spawn", "end"] {
            assert!(events.iter().any(|event| event["name"] == name), "{name}");
        }
        let rows = events.iter().filter(|event| event["name"] == "thread_name");
        assert_eq!(rows.count(), runtime.handle().metrics().num_workers() + 1);
    }
}

#[test]
fn what_a_thread_wakes_during_a_poll_lies_in_it() {
    let [runtime, _] = runtimes();
    let recording = runtime.handle().start_recording(&RecordingConfig::new());
    play(&runtime, 3);
    let events = events(&recording);
    let rows = rows(&events);
    // All but the first polls are woken by the other task, in a poll of its.
    for start in events.iter().filter(|event| is(event, "s")) {
        let at = number(start, "ts");
        let row = &rows[&start["tid"].as_u64().expect("a row")];
        let around = row
            .iter()
            .find(|(begun, end, _)| *begun <= at && at <= *end);
        assert!(around.is_some(), "{start}");
    }
}

#[test]
fn a_ring_keeps_the_last_events_alone() {
    for runtime in runtimes() {
        let mut config = RecordingConfig::new();
        config.events_per_worker(100); // 128
        let recording = runtime.handle().start_recording(&config);
        play(&runtime, 5_000);
        let snapshot = recording.snapshot();
        let rings = runtime.handle().metrics().num_workers() + 4;
        assert!(snapshot.event_count() <= rings * 128);
        assert!(snapshot.overwritten_count() > 10_000);
        let events = events(&recording);
        assert_nested(&events);
        assert!(assert_arrows(&events) > 10);
        recording.stop();
        assert!(!recording.is_running());
        play(&runtime, 1); // What had begun is over.
        let before = recording.snapshot();
        play(&runtime, 10);
        assert_eq!(recording.snapshot().event_count(), before.event_count());
        let again = runtime.handle().start_recording(&RecordingConfig::new());
        play(&runtime, 500);
        assert!(again.snapshot().overwritten_count() > before.overwritten_count());
    }
}

#[test]
fn a_handed_off_worker_goes_on() {
    let [_, runtime] = runtimes();
    let recording = runtime.handle().start_recording(&RecordingConfig::new());
    for _ in 0..20 {
        let (send, mut receive) = mpsc::channel::<u32>(1);
        let blocks = runtime.spawn(async move {
            task::block_in_place(|| {
                // Polls of other tasks go on, and this thread wakes one.
                send.blocking_send(1).expect("somebody waits");
            });
            task::yield_now().await;
        });
        assert_eq!(runtime.block_on(receive.recv()), Some(1));
        runtime.block_on(blocks).expect("it ends");
    }
    let events = events(&recording);
    assert_nested(&events);
    assert_arrows(&events);
    let handed_off = |event: &&Value| event["args"]["state"] == "goes on in block_in_place";
    assert!(events.iter().filter(handed_off).count() >= 20);
}

#[test]
fn a_poll_that_goes_on_is_in_the_recording() {
    let [_, runtime] = runtimes();
    let recording = runtime.handle().start_recording(&RecordingConfig::new());
    play(&runtime, 3);
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let theirs = Arc::clone(&barrier);
    let stuck = named("stuck").spawn_on(
        async move {
            theirs.wait();
            theirs.wait();
        },
        runtime.handle(),
    );
    barrier.wait();
    let during = events(&recording);
    barrier.wait();
    runtime
        .block_on(stuck.expect("it is spawned"))
        .expect("it ends");
    let unfinished = |event: &&Value| event["args"]["state"] == "unfinished";
    let unfinished: Vec<_> = during.iter().filter(unfinished).collect();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0]["name"], "stuck");
    assert_nested(&during);
    assert_arrows(&during);
}

#[test]
fn snapshots_are_whole_under_load() {
    let limit = Instant::now() + Duration::from_secs(3);
    let [_, runtime] = runtimes();
    let mut config = RecordingConfig::new();
    config.events_per_worker(256);
    let recording = runtime.handle().start_recording(&config);
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    task::spawn(task::yield_now()).await.expect("it ends");
                    task::spawn_blocking(|| ()).await.expect("it ends");
                }
            })
        })
        .collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let events = events(&recording);
                    assert_nested(&events);
                    assert_arrows(&events);
                    if Instant::now() > limit {
                        break;
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    runtime.block_on(runtime.spawn(async {})).expect("it ends");
                }
            });
        }
    });
    is_over.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime.block_on(task).expect("it ends");
    }
}
