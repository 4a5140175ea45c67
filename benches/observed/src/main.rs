//! What statistics of tasks and a recording cost, turn by turn in one run.
//!
//! `observed [ROUNDS [OPERATION [MODE]]]` prints a CSV: for each operation, with nothing attached, tracked, recorded and both, the least
//! and the median of the rounds in nanoseconds of processor time, and how much more the least is than with nothing: in all, in percent,
//! and for each event of the recording, of which a poll, its beginning and its end, is one. The machine's other work adds to
//! all times; it adds least to the least. With OPERATION and MODE only those are run, for a profiler.

use std::sync::Arc;
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::{Builder, RecordingConfig, Runtime};
use selkie::sync::Notify;
use selkie::task;

/// How often each round does what is measured.
const WAKES: u32 = 200_000;
const CLIENTS: u32 = 32;
const ECHOES: u32 = 1_000;

/// What is attached to a runtime: whether tasks are tracked, and whether it is recorded.
const MODES: [(&str, bool, bool); 4] = [
    ("off", false, false),
    ("tracked", true, false),
    ("recorded", false, true),
    ("both", true, true),
];

/// The processor time that this process has used.
fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is ours, and the clock is one that Linux and the BSDs have.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the clock is there");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A runtime of so many workers, or, with none, of the thread that calls.
fn runtime(workers: usize, tracked: bool, recorded: bool) -> Runtime {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(workers.max(1)).enable_all();
    let runtime = builder.build().expect("a runtime");
    if tracked {
        runtime.handle().track_tasks();
    }
    if recorded {
        runtime.handle().start_recording(&RecordingConfig::new());
    }
    runtime
}

/// Two tasks that wake each other.
async fn wake_each_other(times: u32) {
    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (mine, theirs) = (Arc::clone(&first), Arc::clone(&second));
    let other = task::spawn(async move {
        for _ in 0..times {
            mine.notified().await;
            theirs.notify_one();
        }
    });
    for _ in 0..times {
        first.notify_one();
        second.notified().await;
    }
    other.await.expect("no panic");
}

async fn serve(mut stream: TcpStream) {
    let mut bytes = [0; 64];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        stream
            .write_all(&bytes[..length])
            .await
            .expect("it takes all");
    }
}

/// A server and its clients.
async fn echo() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = task::spawn(async move {
        for _ in 0..CLIENTS {
            let (stream, _) = listener.accept().await.expect("a client");
            task::spawn(serve(stream));
        }
    });
    let client = || async move {
        let mut stream = TcpStream::connect(address).await.expect("a server");
        stream.set_nodelay(true).expect("an option");
        let mut bytes = [0; 64];
        for _ in 0..ECHOES {
            stream.write_all(&[1; 64]).await.expect("it takes all");
            stream.read_exact(&mut bytes).await.expect("an echo");
        }
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| task::spawn(client())).collect();
    for client in clients {
        client.await.expect("no panic");
    }
    server.await.expect("no panic");
}

/// What wakes, each with the poll that follows, have taken, and how many there were.
fn wake(runtime: &Runtime) -> (Duration, u32) {
    let begun = processor_time();
    let task = runtime.spawn(wake_each_other(WAKES / 2));
    runtime.block_on(task).expect("no panic");
    (processor_time() - begun, WAKES)
}

/// What echoes have taken, both ends together, and how many there were.
fn echoes(runtime: &Runtime) -> (Duration, u32) {
    let begun = processor_time();
    let task = runtime.spawn(echo());
    runtime.block_on(task).expect("no panic");
    (processor_time() - begun, CLIENTS * ECHOES)
}

/// An operation: its name, on how many workers, and what it measures.
type Operation = (&'static str, usize, fn(&Runtime) -> (Duration, u32));

const OPERATIONS: [Operation; 4] = [
    ("wake_ct", 0, wake),
    ("wake_mt", 1, wake),
    ("echo_ct", 0, echoes),
    ("echo_mt", 2, echoes),
];

/// How many events of a recording an operation has, on a runtime of its own.
fn events_of((_, workers, measure): Operation) -> f64 {
    let runtime = runtime(workers, false, false);
    let mut config = RecordingConfig::new();
    config.events_per_worker(1 << 20);
    let recording = runtime.handle().start_recording(&config);
    let operations = measure(&runtime).1;
    let snapshot = recording.snapshot();
    let ended = snapshot.overwritten_count() == 0;
    assert!(ended, "the rings are as large as the operations need");
    snapshot.event_count() as f64 / f64::from(operations)
}

/// What was measured in one mode of one operation.
#[derive(Default)]
struct Row(Vec<f64>);

impl Row {
    fn least_and_median(&mut self) -> Option<(f64, f64)> {
        self.0.sort_by(f64::total_cmp);
        Some((*self.0.first()?, self.0[self.0.len() / 2]))
    }
}

fn main() {
    let word = |place| std::env::args().nth(place);
    let rounds = word(1).and_then(|word| word.parse().ok()).unwrap_or(11);
    let (only, only_mode) = (word(2), word(3));
    let is_asked = |only: &Option<String>, name| only.as_deref().is_none_or(|only| only == name);
    println!("operation,attached,least_ns,median_ns,more_ns,more_percent,more_ns_per_event");
    for operation in OPERATIONS {
        let (name, workers, measure) = operation;
        if !is_asked(&only, name) {
            continue;
        }
        let mut rows = MODES.map(|_| Row::default());
        for _ in 0..rounds {
            for (row, (mode, tracked, recorded)) in rows.iter_mut().zip(MODES) {
                if is_asked(&only_mode, mode) {
                    let (time, operations) = measure(&runtime(workers, tracked, recorded));
                    row.0.push(time.as_nanos() as f64 / f64::from(operations));
                }
            }
        }
        let events = events_of(operation);
        let rows = rows.map(|mut row| row.least_and_median());
        for ((mode, _, recorded), row) in MODES.into_iter().zip(rows) {
            let (Some((least, median)), Some((off, _))) = (row, rows[0]) else {
                continue;
            };
            let more = least - off;
            let percent = 100.0 * more / off;
            print!("{name},{mode},{least:.1},{median:.1},{more:.1},{percent:.1},");
            match recorded {
                true => println!("{:.1}", more / events),
                false => println!(),
            }
        }
    }
}
