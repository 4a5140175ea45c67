//! A scope's tasks end before the scope does, whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use selkie::task::{self, AbortOnDrop, Scope, StopToken, Stopped};
use selkie::time;

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(60);

/// Counts how many of its clones are alive.
#[derive(Clone, Default)]
struct CloneCounter(Arc<()>);

impl CloneCounter {
    fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

#[test]
fn the_scope_waits_for_tasks_and_their_tasks() {
    for runtime in both(|_| ()) {
        let counter = CloneCounter::default();
        let done = Arc::new(AtomicUsize::new(0));
        let result = runtime.block_on(task::scope(|scope| {
            let (counter, done) = (counter.clone(), Arc::clone(&done));
            async move {
                for _ in 0..10 {
                    let (inner, counter) = (scope.clone(), counter.clone());
                    let done = Arc::clone(&done);
                    scope.spawn(async move {
                        task::yield_now().await;
                        let nested = counter.clone();
                        inner.spawn(async move {
                            task::yield_now().await;
                            let _nested = nested;
                            done.fetch_add(1, Ordering::SeqCst);
                            Ok::<_, ()>(())
                        });
                        drop(counter);
                        Ok(())
                    });
                }
                Ok("body")
            }
        }));
        assert_eq!(result, Ok("body"));
        assert_eq!(done.load(Ordering::SeqCst), 10);
        assert_eq!(counter.alive(), 0);
    }
}

#[test]
fn the_first_error_stops_tasks_body_and_blocking_work() {
    for runtime in both(|_| ()) {
        let counter = CloneCounter::default();
        let error = runtime.block_on(task::scope(|scope: Scope<&str>| {
            let counter = counter.clone();
            async move {
                for _ in 0..5 {
                    let counter = counter.clone();
                    scope.spawn(async move {
                        let _witness = counter;
                        std::future::pending::<Result<(), _>>().await
                    });
                }
                let blocked = counter.clone();
                scope.spawn_blocking(move |token| {
                    let _blocked = blocked;
                    assert_eq!(token.pause(LONG), Err(Stopped));
                    Ok(())
                });
                scope.spawn(async {
                    task::yield_now().await;
                    Err::<(), _>("first")
                });
                let _body = counter;
                std::future::pending::<Result<(), _>>().await
            }
        }));
        assert_eq!(error, Err("first"));
        assert_eq!(counter.alive(), 0);
    }
}

#[test]
fn a_panic_comes_out_after_all_have_ended() {
    for runtime in both(|_| ()) {
        for in_body in [false, true] {
            let counter = CloneCounter::default();
            let theirs = counter.clone();
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                runtime.block_on(task::scope(|scope: Scope<()>| async move {
                    let waiting = theirs.clone();
                    scope.spawn(async move {
                        let _waiting = waiting;
                        std::future::pending::<Result<(), _>>().await
                    });
                    if in_body {
                        panic!("on purpose");
                    }
                    scope.spawn(async { panic!("on purpose") as Result<(), _> });
                    std::future::pending::<Result<(), _>>().await
                }))
            }));
            let payload = panicked.unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
            assert_eq!(counter.alive(), 0);
        }
    }
}

#[test]
fn a_scope_that_is_dropped_aborts_its_tasks() {
    for runtime in both(|_| ()) {
        let counter = CloneCounter::default();
        let token = runtime.block_on(async {
            let mut token = None;
            let scope = task::scope(|scope: Scope<()>| {
                token = Some(scope.token());
                let counter = counter.clone();
                scope.spawn(async move {
                    let _witness = counter;
                    std::future::pending::<Result<(), _>>().await
                });
                std::future::pending::<Result<(), _>>()
            });
            assert!(
                time::timeout(Duration::from_millis(5), scope)
                    .await
                    .is_err()
            );
            token.unwrap()
        });
        assert!(token.is_stopped());
        // Nobody waits for them, but they end.
        while counter.alive() > 0 {
            runtime.block_on(task::yield_now());
        }
    }
}

#[test]
fn a_task_spawned_after_the_end_of_a_scope_is_aborted() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            let mut kept = None;
            task::scope(|scope: Scope<()>| {
                kept = Some(scope);
                async { Ok(()) }
            })
            .await
            .unwrap();
            let late = kept
                .unwrap()
                .spawn(std::future::pending::<Result<(), ()>>());
            assert!(late.await.unwrap_err().is_cancelled());
        });
    }
}

#[test]
fn a_token_reaches_tasks_and_threads() {
    for runtime in both(|_| ()) {
        let token = StopToken::new();
        let (for_task, for_thread) = (token.clone(), token.clone());
        let waiting = runtime.spawn(async move { for_task.stopped().await });
        let pausing = runtime.spawn_blocking(move || for_thread.pause(LONG));
        assert_eq!(token.check(), Ok(()));
        token.stop();
        runtime.block_on(async {
            waiting.await.unwrap();
            assert_eq!(pausing.await.unwrap(), Err(Stopped));
            // At once, from now on.
            token.stopped().await;
        });
        assert_eq!(token.pause(LONG), Err(Stopped));
    }
}

#[test]
fn a_pause_that_is_not_cut_short_lasts_its_full_time() {
    let begun = std::time::Instant::now();
    assert_eq!(StopToken::new().pause(Duration::from_millis(5)), Ok(()));
    assert!(begun.elapsed() >= Duration::from_millis(5));
}

#[test]
fn a_detached_handle_does_not_abort() {
    for runtime in both(|_| ()) {
        let task = AbortOnDrop::new(runtime.spawn(async { 7 }));
        assert_eq!(runtime.block_on(task.detach()).unwrap(), 7);
        let task = AbortOnDrop::from(runtime.spawn(std::future::pending::<()>()));
        let abort = task.abort_handle();
        drop(task);
        while !abort.is_finished() {
            runtime.block_on(task::yield_now());
        }
    }
}
