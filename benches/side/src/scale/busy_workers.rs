//! The delay of wakes and timers, while all workers are busy or asleep.

use std::time::{Duration, Instant};

use super::benchmark::Figures;
use crate::by_workers;

/// Samples of each benchmark.
const SAMPLES: usize = 1_000;
/// How long a task computes.
const COMPUTES: Duration = Duration::from_micros(50);

fn compute() {
    let begun = Instant::now();
    while begun.elapsed() < COMPUTES {
        std::hint::spin_loop();
    }
}

/// Quantiles of how late things were, in microseconds.
fn quantiles(mut late: Vec<Duration>) -> Figures {
    late.sort_unstable();
    let at = |part: f64| {
        let index = ((late.len() - 1) as f64 * part).round() as usize;
        late[index].as_nanos() as f64 / 1_000.0
    };
    vec![("p50", at(0.5)), ("p99", at(0.99)), ("p99.9", at(0.999))]
}

/// From one to eight times `apart`, another each time, and with no regard to how long a task computes: whole multiples
/// of that would always come at the same point of a poll.
fn next(state: &mut u64, apart: Duration) -> Duration {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    let nanos = apart.as_nanos() as u64;
    Duration::from_nanos(nanos + (*state >> 32) % (7 * nanos))
}

by_workers!({
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc as std_mpsc;
    use std::time::{Duration, Instant};

    use rt::sync::mpsc;

    use super::{SAMPLES, compute, next, quantiles};
    use crate::scale::benchmark::Figures;

    /// Has `tasks` tasks compute and yield until the flag is set.
    fn load(runtime: &rt::runtime::Runtime, tasks: usize) -> Arc<AtomicBool> {
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..tasks {
            let over = over.clone();
            runtime.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    compute();
                    rt::task::yield_now().await;
                }
            });
        }
        over
    }

    /// How late a task is that is woken from this thread, every 1 to 8 times `apart`.
    fn wakes(runtime: &rt::runtime::Runtime, samples: usize, apart: Duration) -> Vec<Duration> {
        let (wake, mut woken) = mpsc::unbounded_channel::<Instant>();
        let (tell, told) = std_mpsc::channel();
        runtime.spawn(async move {
            while let Some(sent) = woken.recv().await {
                tell.send(sent.elapsed()).expect("the measuring thread");
            }
        });
        let mut state = 1;
        (0..samples)
            .map(|_| {
                std::thread::sleep(next(&mut state, apart));
                wake.send(Instant::now()).expect("the task");
                told.recv().expect("the task")
            })
            .collect()
    }

    /// How late sleeps of 1 to 8 ms are.
    fn sleeps(runtime: &rt::runtime::Runtime) -> Vec<Duration> {
        let sleeping = async {
            let (mut late, mut state) = (Vec::new(), 1);
            for _ in 0..SAMPLES / 2 {
                let length = next(&mut state, Duration::from_millis(1));
                let due = Instant::now() + length;
                rt::time::sleep_until(rt::time::Instant::from_std(due)).await;
                late.push(due.elapsed());
            }
            late
        };
        runtime
            .block_on(async { rt::spawn(sleeping).await })
            .expect("no panic")
    }

    pub(super) fn measure(workers: usize, benchmark: &str) -> Option<Figures> {
        let runtime = crate::build!(rt, Some(workers));
        let late = match benchmark {
            "wake_busy" | "wake_busy_crowded" => {
                let over = load(&runtime, 4 * workers);
                let late = wakes(&runtime, SAMPLES, Duration::from_micros(200));
                over.store(true, Ordering::Relaxed);
                late
            }
            "sleep_busy" | "sleep_busy_crowded" => {
                let over = load(&runtime, 2 * workers);
                let late = sleeps(&runtime);
                over.store(true, Ordering::Relaxed);
                late
            }
            "wake_idle" => wakes(&runtime, SAMPLES / 2, Duration::from_millis(1)),
            _ => return None,
        };
        Some(quantiles(late))
    }
});
