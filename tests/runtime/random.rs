//! Random programs: every task is polled, joined, cancelled or dropped exactly as it should be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selkie::task::{self, JoinHandle};
use selkie::time::sleep;

use crate::flavors::both;

/// Programs for each flavour.
const PROGRAMS: u64 = 300;
/// Tasks below a program's root, in depth.
const DEEPEST: u32 = 4;

/// How many tasks were begun, and how many futures of theirs were dropped.
#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    dropped: AtomicU64,
}

/// One future that is counted, until it is dropped.
struct Entry(Arc<Counts>);

impl Entry {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.begun.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// What the task of `seed` gives, if it ends by itself.
fn output(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn spawn(seed: u64, depth: u32, counts: &Arc<Counts>) -> JoinHandle<u64> {
    let entry = Entry::new(counts);
    let counts = Arc::clone(counts);
    let body: Pin<Box<dyn Future<Output = u64> + Send>> = Box::pin(async move {
        let _entry = entry;
        run(seed, depth, &counts).await
    });
    selkie::spawn(body)
}

/// Awaits a task that may have panicked on purpose, or was aborted if `aborted`.
async fn join(task: JoinHandle<u64>, seed: u64, aborted: bool) {
    match task.await {
        Ok(value) => assert_eq!(value, output(seed)),
        Err(error) if error.is_cancelled() => assert!(aborted, "cancelled by nobody"),
        Err(error) => assert_eq!(error.into_panic().downcast_ref(), Some(&"on purpose")),
    }
}

/// The program of one task.
async fn run(seed: u64, depth: u32, counts: &Arc<Counts>) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..random.u64(..6) {
        let child = random.u64(..);
        match random.u64(..if depth < DEEPEST { 12 } else { 5 }) {
            0 | 1 => task::yield_now().await,
            2 => sleep(Duration::from_micros(random.u64(..1_500))).await,
            3 => drop(task::spawn_blocking(move || child).await.unwrap()),
            4 if random.u64(..4) == 0 => std::panic::panic_any("on purpose"),
            4 => task::consume_budget().await,
            5..=7 => join(spawn(child, depth + 1, counts), child, false).await,
            8 => drop(spawn(child, depth + 1, counts)),
            9 => {
                let task = spawn(child, depth + 1, counts);
                if random.u64(..2) == 0 {
                    task::yield_now().await;
                }
                task.abort();
                join(task, child, true).await;
            }
            10 => {
                let other = random.u64(..);
                let tasks = (
                    spawn(child, depth + 1, counts),
                    spawn(other, depth + 1, counts),
                );
                selkie::join!(join(tasks.0, child, false), join(tasks.1, other, false));
            }
            _ => {
                let mut task = spawn(child, depth + 1, counts);
                selkie::select! {
                    ended = &mut task => drop(ended),
                    () = sleep(Duration::from_micros(300)) => task.abort(),
                }
            }
        }
    }
    output(seed)
}

#[test]
fn every_task_of_every_program_is_accounted_for() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() != Some(&"on purpose") {
            hook(info);
        }
    }));
    for runtime in both(|_| ()) {
        let counts = Arc::new(Counts::default());
        let programs: Vec<_> = {
            let _context = runtime.enter();
            let seeds = (1..=PROGRAMS).map(output);
            seeds.map(|seed| (seed, spawn(seed, 0, &counts))).collect()
        };
        runtime.block_on(async {
            for (seed, program) in programs {
                join(program, seed, false).await;
            }
        });
        let metrics = runtime.metrics();
        let report = runtime.shutdown_with_report(Duration::from_secs(30));
        assert!(report.is_complete(), "{report}");
        let begun = counts.begun.load(Ordering::SeqCst);
        assert!(begun > 2 * PROGRAMS);
        assert_eq!(counts.dropped.load(Ordering::SeqCst), begun);
        assert_eq!(metrics.spawned_tasks_count(), begun);
        assert_eq!(metrics.num_alive_tasks(), 0);
        assert_eq!(metrics.num_timers(), 0);
    }
}
