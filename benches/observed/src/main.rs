//! What statistics of tasks and a recording cost, turn by turn in one run.
//!
//! `observed [ROUNDS [OPERATION [MODE]]]` prints a CSV: for each operation, with nothing attached, tracked, recorded and both, the median of
//! the rounds in nanoseconds of processor time, and how much more that is than with nothing. The differences are what counts; they
//! are as good as the machine is quiet. With OPERATION and MODE only those are run, for a profiler.

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

/// Nanoseconds for one wake and the poll that follows.
fn wake(runtime: &Runtime) -> f64 {
    let begun = processor_time();
    let task = runtime.spawn(wake_each_other(WAKES / 2));
    runtime.block_on(task).expect("no panic");
    (processor_time() - begun).as_nanos() as f64 / f64::from(WAKES)
}

/// Nanoseconds for one echo, both ends together.
fn echoes(runtime: &Runtime) -> f64 {
    let begun = processor_time();
    let task = runtime.spawn(echo());
    runtime.block_on(task).expect("no panic");
    (processor_time() - begun).as_nanos() as f64 / f64::from(CLIENTS * ECHOES)
}

/// An operation: its name, on how many workers, and what it measures.
type Operation = (&'static str, usize, fn(&Runtime) -> f64);

const OPERATIONS: [Operation; 4] = [
    ("wake_ct", 0, wake),
    ("wake_mt", 1, wake),
    ("echo_ct", 0, echoes),
    ("echo_mt", 2, echoes),
];

fn main() {
    let word = |place| std::env::args().nth(place);
    let rounds = word(1).and_then(|word| word.parse().ok());
    let (only, only_mode) = (word(2), word(3));
    println!("operation,attached,ns,more_ns,more_percent");
    for (operation, workers, measure) in OPERATIONS {
        if only.as_deref().is_some_and(|only| only != operation) {
            continue;
        }
        let mut times = MODES.map(|_| Vec::new());
        for _ in 0..rounds.unwrap_or(11) {
            for (times, (mode, tracked, recorded)) in times.iter_mut().zip(MODES) {
                if only_mode.as_deref().is_some_and(|only| only != mode) {
                    times.push(f64::NAN);
                    continue;
                }
                times.push(measure(&runtime(workers, tracked, recorded)));
            }
        }
        let medians = times.map(|mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        for ((mode, ..), median) in MODES.into_iter().zip(medians) {
            if median.is_nan() {
                continue;
            }
            let more = median - medians[0];
            let percent = 100.0 * more / medians[0];
            println!("{operation},{mode},{median:.1},{more:.1},{percent:.1}");
        }
    }
}
