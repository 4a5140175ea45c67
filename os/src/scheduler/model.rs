//! Loom models of how threads sleep, for all schedulers.

use std::sync::Arc as StdArc;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use selkie_core::park::{Park, Unpark};

use super::thread_sleep::ThreadSleep;

/// Attacks I1 and I2 of `thread_sleep`: two threads make work and end the sleep, one of them just as the
/// sleeper wakes for the other; the sleeper sees the work of both.
#[test]
fn model_regression_51_a_notice_that_is_used_up_is_seen() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let mut sleep = ThreadSleep::default();
        let work = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let work = Arc::clone(&work);
                let unpark = StdArc::clone(&sleep.unpark_handle());
                thread::spawn(move || {
                    // Relaxed: the unpark is what makes it seen.
                    work.fetch_add(1, Ordering::Relaxed);
                    unpark.unpark();
                })
            })
            .collect();
        while work.load(Ordering::Relaxed) < 2 {
            sleep.park(None);
        }
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}
