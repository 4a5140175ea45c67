//! Programs made at random: every task is accounted for, whatever becomes of it.

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
struct Ledger {
    begun: AtomicU64,
    dropped: AtomicU64,
}

/// One entry of the ledger, open until it is dropped.
struct Entry(Arc<Ledger>);

impl Entry {
    fn new(ledger: &Arc<Ledger>) -> Self {
        ledger.begun.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(ledger))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// A generator (Marsaglia's xorshift); the same seed makes the same program.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) % end
    }
}

/// What the task of `seed` gives, if it ends by itself.
fn output(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn spawn(seed: u64, depth: u32, ledger: &Arc<Ledger>) -> JoinHandle<u64> {
    let entry = Entry::new(ledger);
    let ledger = Arc::clone(ledger);
    let body: Pin<Box<dyn Future<Output = u64> + Send>> = Box::pin(async move {
        let _entry = entry;
        run(seed, depth, &ledger).await
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
async fn run(seed: u64, depth: u32, ledger: &Arc<Ledger>) -> u64 {
    let mut random = Random(seed | 1);
    for _ in 0..random.below(6) {
        let child = random.below(u64::MAX);
        match random.below(if depth < DEEPEST { 12 } else { 5 }) {
            0 | 1 => task::yield_now().await,
            2 => sleep(Duration::from_micros(random.below(1_500))).await,
            3 => drop(task::spawn_blocking(move || child).await.unwrap()),
            4 if random.below(4) == 0 => std::panic::panic_any("on purpose"),
            4 => task::consume_budget().await,
            5..=7 => join(spawn(child, depth + 1, ledger), child, false).await,
            8 => drop(spawn(child, depth + 1, ledger)),
            9 => {
                let task = spawn(child, depth + 1, ledger);
                if random.below(2) == 0 {
                    task::yield_now().await;
                }
                task.abort();
                join(task, child, true).await;
            }
            10 => {
                let other = random.below(u64::MAX);
                let tasks = (
                    spawn(child, depth + 1, ledger),
                    spawn(other, depth + 1, ledger),
                );
                selkie::join!(join(tasks.0, child, false), join(tasks.1, other, false));
            }
            _ => {
                let mut task = spawn(child, depth + 1, ledger);
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
        let ledger = Arc::new(Ledger::default());
        let programs: Vec<_> = {
            let _context = runtime.enter();
            let seeds = (1..=PROGRAMS).map(output);
            seeds.map(|seed| (seed, spawn(seed, 0, &ledger))).collect()
        };
        runtime.block_on(async {
            for (seed, program) in programs {
                join(program, seed, false).await;
            }
        });
        let metrics = runtime.metrics();
        let report = runtime.shutdown_with_report(Duration::from_secs(30));
        assert!(report.is_complete(), "{report}");
        let begun = ledger.begun.load(Ordering::SeqCst);
        assert!(begun > 2 * PROGRAMS);
        assert_eq!(ledger.dropped.load(Ordering::SeqCst), begun);
        assert_eq!(metrics.spawned_tasks_count(), begun);
        assert_eq!(metrics.num_alive_tasks(), 0);
        assert_eq!(metrics.num_timers(), 0);
    }
}
