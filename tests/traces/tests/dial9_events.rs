//! dial9, which records the events of a runtime by its hooks.

use std::collections::HashSet;

use dial9::analysis::analysis_events::Dial9Event;
use dial9::format::Decoder;
use dial9::{Dial9HandleTokioExt as _, DiskBuffer, TokioAttachOptions};

const TASKS: usize = 50;
const YIELDS: usize = 10;

/// The events of a program with `TASKS` tasks on `workers` workers; one thread, if there are none.
fn events(workers: usize) -> Vec<Dial9Event> {
    let folder = tempfile::tempdir().unwrap();
    let writer = DiskBuffer::single_file(folder.path().join("trace.bin")).unwrap();
    let recorder = dial9::recorder(writer).build();
    let mut builder = match workers {
        0 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.enable_all();
    if workers > 0 {
        builder.worker_threads(workers);
    }
    let options = TokioAttachOptions::builder()
        .task_tracking_enabled(true)
        .build();
    let runtime = recorder.handle().attach_tokio_runtime(builder, options);
    let runtime = runtime.unwrap();
    runtime.block_on(async {
        let spawn = |_| {
            tokio::spawn(async {
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(spawn).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(runtime);
    drop(recorder);
    let bytes = std::fs::read(folder.path().join("trace.0.bin")).unwrap();
    let mut events = Vec::new();
    let mut decoder = Decoder::new(&bytes).unwrap();
    let decoded = decoder.for_each_event(|event| events.push(event.deserialize().unwrap()));
    decoded.unwrap();
    events
}

/// Each poll that begins ends, each task that was spawned ends, and each was polled once more than it yields.
fn check(events: &[Dial9Event]) {
    let count = |is: fn(&Dial9Event) -> bool| events.iter().filter(|event| is(event)).count();
    let begun = count(|event| matches!(event, Dial9Event::PollStartEvent(_)));
    let ended = count(|event| matches!(event, Dial9Event::PollEndEvent(_)));
    assert_eq!(begun, ended);
    assert!(begun >= TASKS * (YIELDS + 1), "{begun} polls");
    let spawned = count(|event| matches!(event, Dial9Event::TaskSpawnEvent(_)));
    let terminated = count(|event| matches!(event, Dial9Event::TaskTerminateEvent(_)));
    assert!(spawned >= TASKS, "{spawned} spawns");
    assert_eq!(spawned, terminated);
}

// One test: of two recorders at once in a process the second writes nothing.
#[test]
fn dial9_records_tasks_and_polls_of_several_workers_and_of_one_thread() {
    let several = events(2);
    check(&several);
    let workers = several.iter().filter_map(|event| match event {
        Dial9Event::PollStartEvent(poll) => Some(poll.worker_id.as_u64()),
        _ => None,
    });
    let workers: HashSet<u64> = workers.collect();
    assert!(workers.iter().all(|&worker| worker < 2), "{workers:?}");
    check(&events(0));
}
