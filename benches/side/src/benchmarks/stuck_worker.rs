//! What other tasks feel of a task that blocks its worker.

use crate::same;

same!({
    use std::time::{Duration, Instant};

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        // With one thread everything is late by the whole time.
        workers.filter(|_| benchmark == "stuck_worker")?;
        Some(on(workers, async {
            let sleepers: Vec<_> = (0..16)
                .map(|_| {
                    rt::spawn(async {
                        let mut worst = Duration::ZERO;
                        for _ in 0..60 {
                            let begun = Instant::now();
                            rt::time::sleep(Duration::from_millis(1)).await;
                            worst = worst.max(begun.elapsed() - Duration::from_millis(1));
                        }
                        worst
                    })
                })
                .collect();
            rt::time::sleep(Duration::from_millis(10)).await;
            rt::spawn(async { std::thread::sleep(Duration::from_millis(50)) });
            let mut worst = Duration::ZERO;
            for sleeper in sleepers {
                worst = worst.max(sleeper.await.expect("no panic"));
            }
            worst.as_nanos() as f64 / 1_000.0
        }))
    }
});
