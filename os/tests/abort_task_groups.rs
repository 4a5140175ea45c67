//! `abort_all` and the drop of a set abort every task, even if the waker of their `LocalSet` panics.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use selkie::runtime::Builder;
use selkie::task::{JoinSet, LocalSet, yield_now};

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}

/// Counts its drops.
struct Counts(Arc<AtomicUsize>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn aborted_after(abort: impl FnOnce(JoinSet<()>) -> Option<JoinSet<()>>) -> usize {
    let runtime = Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let drops = Arc::new(AtomicUsize::new(0));
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let counts = Counts(Arc::clone(&drops));
        set.spawn_local_on(
            async move {
                let _counts = counts;
                pending::<()>().await;
            },
            &local,
        );
    }
    let mut polled = Box::pin(local.run_until(pending::<()>()));
    let waker = Waker::from(Arc::new(Panics));
    // Its tasks run, and the set waits.
    for _ in 0..4 {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            polled
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        }));
    }
    let kept = catch_unwind(AssertUnwindSafe(|| abort(set)));
    drop(polled);
    runtime.block_on(local.run_until(async {
        for _ in 0..10 {
            yield_now().await;
        }
    }));
    drop(kept);
    drops.load(Ordering::SeqCst)
}

#[test]
fn a_join_set_that_drops_aborts_all_though_a_waker_panics() {
    let aborted = aborted_after(|set| {
        drop(set);
        None
    });
    assert_eq!(aborted, 3);
}

#[test]
fn abort_all_aborts_all_though_a_waker_panics() {
    let aborted = aborted_after(|mut set| {
        let aborting = catch_unwind(AssertUnwindSafe(|| set.abort_all()));
        drop(aborting);
        Some(set)
    });
    assert_eq!(aborted, 3);
}
