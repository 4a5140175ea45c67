//! Rows of tasks, timers and local sets.

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::runtime::dump::Trace;
use selkie::task::{self, JoinSet, LocalSet, StopToken};
use selkie::time;

use super::table::{Row, check, has_names, row};

const LONG: Duration = Duration::from_secs(60);

fn tasks() -> Vec<Row> {
    vec![
        row("JoinHandle", "task/join.rs", async {
            selkie::spawn(pending::<()>()).await
        }),
        row("JoinHandle", "task/join.rs", async {
            let (_keep, end) = std::sync::mpsc::channel::<()>();
            task::spawn_blocking(move || end.recv()).await
        }),
        row("join_next", "join_set/set.rs", async {
            let mut set = JoinSet::new();
            set.spawn(pending::<()>());
            set.join_next().await
        }),
        row("stopped", "task/stop_token.rs", async {
            StopToken::new().stopped().await;
        }),
        row("poll_ended", "task/scope.rs", async {
            task::scope(|scope| async move {
                scope.spawn(pending::<Result<(), ()>>());
                Ok::<_, ()>(())
            })
            .await
        }),
    ]
}

fn timers() -> Vec<Row> {
    vec![
        row("Sleep", "time/sleep.rs", time::sleep(LONG)),
        row("tick", "time/interval.rs", async {
            let mut interval = time::interval(LONG);
            interval.tick().await;
            interval.tick().await;
        }),
        row(
            "Timeout",
            "time/timeout.rs",
            time::timeout(LONG, pending::<()>()),
        ),
        row("Timeout", "time/timeout.rs", async {
            let (_sender, mut receiver) = selkie::sync::mpsc::channel::<u32>(1);
            time::timeout(LONG, receiver.recv()).await
        }),
    ]
}

#[test]
fn tasks_and_timers() {
    check(|| {
        let mut rows = tasks();
        rows.extend(timers());
        rows
    });
}

#[test]
fn the_tasks_of_a_local_set_are_shown_where_the_set_is_polled() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let set = LocalSet::new();
        for _ in 0..3 {
            set.spawn_local(time::sleep(LONG));
        }
        let mut set = pin!(set);
        // The first poll is an ordinary one: the tasks wait.
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(set.as_mut().poll(cx)))
                .await
                .is_pending()
        );
        let (polled, trace) = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(Trace::capture(|| set.as_mut().poll(cx)))
        })
        .await;
        assert!(polled.is_pending());
        // Each task, and the set itself.
        assert_eq!(trace.resolve_backtraces().len(), 4);
        let text = trace.to_string();
        assert!(!has_names() || text.contains("LocalSet"), "{text}");
        assert!(!has_names() || text.contains("time/sleep.rs"), "{text}");
    });
}
