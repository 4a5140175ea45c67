//! Switches between tasks: yields, messages to and fro, chains, storms.

use super::local;
use crate::peer::{self, Peer};
use crate::same;

/// Tasks at a time.
const TASKS: u64 = 1_000;

same!({
    use std::sync::Arc;

    use rt::sync::{Notify, mpsc, oneshot};

    use super::TASKS;
    use crate::measurement::repeat;

    fn chain(left: u64, done: oneshot::Sender<()>) {
        if left == 0 {
            let _gone = done.send(());
            return;
        }
        rt::spawn(async move { chain(left - 1, done) });
    }

    async fn storm() {
        let notify = Arc::new(Notify::new());
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let notify = notify.clone();
                rt::spawn(async move { notify.notified().await })
            })
            .collect();
        // All of them have to wait before they are woken.
        for _ in 0..3 {
            rt::task::yield_now().await;
        }
        for task in tasks {
            while !task.is_finished() {
                notify.notify_waiters();
                rt::task::yield_now().await;
            }
            task.await.expect("no panic");
        }
    }

    async fn ping_pong(times: u64) {
        let (to, mut from) = mpsc::channel(1);
        let (back, mut answers) = mpsc::channel(1);
        let other = rt::spawn(async move {
            while let Some(n) = from.recv().await {
                if back.send(n).await.is_err() {
                    break;
                }
            }
        });
        for n in 0..times {
            to.send(n).await.expect("the other task");
            assert_eq!(answers.recv().await, Some(n));
        }
        drop(to);
        other.await.expect("no panic");
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "yield_one" => on(workers, repeat(1_000, || async {
                for _ in 0..1_000 {
                    rt::task::yield_now().await;
                }
            })),
            "yield_many" => on(workers, repeat(10 * TASKS, || async {
                let tasks: Vec<_> = (0..TASKS)
                    .map(|_| rt::spawn(async {
                        for _ in 0..10 {
                            rt::task::yield_now().await;
                        }
                    }))
                    .collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
            })),
            "ping_pong" => on(workers, repeat(1_000, || ping_pong(1_000))),
            "chain" => on(workers, repeat(TASKS, || async {
                let (done, end) = oneshot::channel();
                chain(TASKS, done);
                end.await.expect("the last task");
            })),
            "wake_storm" => on(workers, repeat(TASKS, storm)),
            _ => return None,
        })
    }
}, peer, benchmark => others(peer, benchmark));

fn others(peer: Peer, benchmark: &str) -> Option<f64> {
    use crate::measurement::repeat;
    match peer {
        Peer::Smol(workers) => match benchmark {
            "yield_one" => Some(peer::smol(
                workers,
                repeat(1_000, || async {
                    for _ in 0..1_000 {
                        smol::future::yield_now().await;
                    }
                }),
            )),
            _ => None,
        },
        _ => local::measure(peer, benchmark),
    }
}
