//! Timers: made and dropped, late, and a million at once.

use crate::peer::{self, Peer};
use crate::same;

/// Sleeps of one measurement.
const SLEEPS: u64 = 1_000;
/// Sleepers beside which timers are made.
const BESIDE: u64 = 10_000;
/// Sleepers at once.
const MILLION: u64 = 1_000_000;

same!({
    use std::time::{Duration, Instant};

    use super::{BESIDE, MILLION, SLEEPS};
    use crate::measurement::repeat;

    async fn make_and_drop() {
        for _ in 0..SLEEPS {
            let mut sleep = std::pin::pin!(rt::time::sleep(Duration::from_secs(60)));
            std::future::poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "timer_drop" => on(workers, repeat(SLEEPS, make_and_drop)),
            "timer_drop_busy" => on(workers, async {
                for n in 0..BESIDE {
                    rt::spawn(rt::time::sleep(Duration::from_secs(50 + n % 10)));
                }
                rt::task::yield_now().await;
                repeat(SLEEPS, make_and_drop).await
            }),
            "timer_drop_4" => on(workers, repeat(4 * SLEEPS, || async {
                let tasks: Vec<_> = (0..4).map(|_| rt::spawn(make_and_drop())).collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
            })),
            "timer_late" => on(workers, async {
                let wanted = Duration::from_millis(2);
                let mut late = Vec::new();
                for _ in 0..50 {
                    let begun = Instant::now();
                    rt::time::sleep(wanted).await;
                    late.push(begun.elapsed().saturating_sub(wanted));
                }
                late.sort();
                late[late.len() / 2].as_nanos() as f64 / 1_000.0
            }),
            "sleepers" => on(workers, async {
                let begun = Instant::now();
                let tasks: Vec<_> = (0..MILLION)
                    .map(|n| rt::spawn(rt::time::sleep(Duration::from_millis(n % 100))))
                    .collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
                begun.elapsed().as_nanos() as f64 / MILLION as f64
            }),
            _ => return None,
        })
    }
}, peer, benchmark => smol(peer, benchmark));

fn smol(peer: Peer, benchmark: &str) -> Option<f64> {
    use std::time::{Duration, Instant};
    let (Peer::Smol(workers), "timer_late") = (peer, benchmark) else {
        return None;
    };
    Some(peer::smol(workers, async {
        let wanted = Duration::from_millis(2);
        let mut late = Vec::new();
        for _ in 0..50 {
            let begun = Instant::now();
            smol::Timer::after(wanted).await;
            late.push(begun.elapsed().saturating_sub(wanted));
        }
        late.sort();
        late[late.len() / 2].as_nanos() as f64 / 1_000.0
    }))
}
