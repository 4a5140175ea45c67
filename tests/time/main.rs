//! Timers on a real runtime, with the clock paused where exact times are asserted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use selkie::time::{
    self, Instant, MissedTickBehavior, interval, interval_at, sleep, sleep_until, timeout,
};

const MS: Duration = Duration::from_millis(1);

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..10 {
        selkie::task::yield_now().await;
    }
}

#[selkie::test(start_paused = true)]
async fn a_paused_clock_moves_exactly_from_timer_to_timer() {
    let start = Instant::now();
    for millis in [1, 10, 64, 65, 4_096, 1_000_000, 100_000_000] {
        let before = Instant::now();
        sleep(millis * MS).await;
        assert_eq!(before.elapsed(), millis * MS);
    }
    sleep_until(start).await;
    assert_eq!(
        timeout(5 * MS, std::future::pending::<()>())
            .await
            .unwrap_err()
            .to_string(),
        "deadline has elapsed"
    );
}

#[selkie::test(start_paused = true)]
async fn advance_fires_what_is_due_and_no_more() {
    let fired = Arc::new(AtomicUsize::new(0));
    for millis in [5, 10, 15] {
        let fired = fired.clone();
        selkie::spawn(async move {
            sleep(millis * MS).await;
            fired.fetch_add(1, Ordering::SeqCst);
        });
    }
    settle().await;
    let start = Instant::now();
    time::advance(10 * MS).await;
    settle().await;
    assert_eq!(
        (fired.load(Ordering::SeqCst), start.elapsed()),
        (2, 10 * MS)
    );
    time::advance(Duration::from_micros(4_999)).await;
    settle().await;
    assert_eq!(fired.load(Ordering::SeqCst), 2);
    time::advance(Duration::from_micros(1)).await;
    settle().await;
    assert_eq!(fired.load(Ordering::SeqCst), 3);
}

#[selkie::test(start_paused = true)]
async fn a_late_interval_bursts_delays_or_skips() {
    let expected = [
        (MissedTickBehavior::Burst, [0, 10, 20, 30, 40]),
        (MissedTickBehavior::Delay, [0, 10, 45, 55, 65]),
        (MissedTickBehavior::Skip, [0, 10, 40, 50, 60]),
    ];
    for (behavior, due) in expected {
        let start = Instant::now();
        let mut ticks = interval(10 * MS);
        ticks.set_missed_tick_behavior(behavior);
        ticks.tick().await;
        time::advance(35 * MS).await;
        for millis in &due[1..2] {
            assert_eq!(ticks.tick().await, start + *millis * MS, "{behavior:?}");
        }
        for millis in &due[2..] {
            assert_eq!(ticks.tick().await, start + *millis * MS, "{behavior:?}");
        }
    }
    let start = Instant::now() + 3 * MS;
    let mut ticks = interval_at(start, 7 * MS);
    assert_eq!(
        (ticks.tick().await, ticks.tick().await),
        (start, start + 7 * MS)
    );
    ticks.reset_after(2 * MS);
    assert_eq!(ticks.tick().await, start + 9 * MS);
}

#[selkie::test]
async fn a_greedy_future_does_not_outlive_its_timeout() {
    let greedy = async {
        loop {
            selkie::task::consume_budget().await;
        }
    };
    assert!(timeout(10 * MS, greedy).await.is_err());
}

#[selkie::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_timers_of_many_tasks_all_fire() {
    let start = Instant::now();
    let tasks: Vec<_> = (0..2_000_u64)
        .map(|index| selkie::spawn(async move { sleep((index % 50) as u32 * MS).await }))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(start.elapsed() >= 49 * MS);
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn a_sleep_needs_a_runtime() {
    drop(sleep(MS));
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_sleep_needs_timers() {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { drop(sleep(MS)) });
}

#[test]
#[should_panic(expected = "requires the `current_thread`")]
fn a_multi_thread_runtime_has_no_paused_clock() {
    let runtime = selkie::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { time::pause() });
}

/// Regression row 32: the timers of a worker that is blocked in user code fire all the same.
#[selkie::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_worker_does_not_stop_timers() {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let sleepers: Vec<_> = (0..64)
        .map(|_| {
            selkie::spawn(async {
                for _ in 0..20 {
                    sleep(5 * MS).await;
                }
            })
        })
        .collect();
    sleep(20 * MS).await;
    let blocker = selkie::spawn(async move { wait.recv_timeout(Duration::from_secs(20)).is_ok() });
    for sleeper in sleepers {
        sleeper.await.unwrap();
    }
    done.send(()).unwrap();
    assert!(
        blocker.await.unwrap(),
        "the sleepers waited for the blocked worker"
    );
}

/// Regression row 29: a task that is always ready again does not starve another's sleep.
#[selkie::test]
async fn a_sleep_beside_a_greedy_task_completes() {
    let greedy = selkie::spawn(async {
        loop {
            selkie::task::consume_budget().await;
        }
    });
    sleep(20 * MS).await;
    greedy.abort();
    assert!(greedy.await.unwrap_err().is_cancelled());
}

/// A blocking task counts as something to do: the paused clock waits for it.
#[selkie::test(start_paused = true)]
async fn a_paused_clock_waits_for_a_blocking_task() {
    let (finish, wait) = std::sync::mpsc::channel::<()>();
    let start = Instant::now();
    let blocking = selkie::task::spawn_blocking(move || wait.recv().is_ok());
    let long = timeout(3_600_000 * MS, blocking);
    // Another thread ends the blocking task, whenever it gets to it.
    let ender = std::thread::spawn(move || finish.send(()));
    assert!(long.await.expect("the clock did not move").unwrap());
    assert_eq!(start.elapsed(), Duration::ZERO);
    ender.join().unwrap().unwrap();
}

/// Whether the system has timers that are descriptors.
const HAS_PRECISE: bool = cfg!(target_os = "linux");

#[test]
fn a_precise_sleep_is_not_early_and_finer_than_a_tick() {
    for mut builder in [
        selkie::runtime::Builder::new_current_thread(),
        selkie::runtime::Builder::new_multi_thread(),
    ] {
        let runtime = builder.enable_all().build().unwrap();
        let short = Duration::from_micros(100);
        let shortest = runtime.block_on(async {
            let mut shortest = Duration::MAX;
            for _ in 0..50 {
                let begun = std::time::Instant::now();
                match time::sleep_precise(short) {
                    Ok(sleep) => sleep.await.unwrap(),
                    Err(error) => {
                        let expected = (false, std::io::ErrorKind::Unsupported);
                        assert_eq!((HAS_PRECISE, error.kind()), expected, "{error}");
                        return short;
                    }
                }
                let slept = begun.elapsed();
                assert!(slept >= short, "{slept:?}");
                shortest = shortest.min(slept);
            }
            shortest
        });
        assert!(shortest < MS, "{shortest:?}");
    }
}

#[selkie::test]
async fn a_precise_sleep_holds_at_its_limits() {
    if !HAS_PRECISE {
        return;
    }
    time::sleep_precise(Duration::ZERO).unwrap().await.unwrap();
    for forever in [time::sleep_precise, time::sleep_through_suspend] {
        let mut forever = forever(Duration::MAX).unwrap();
        assert!(timeout(5 * MS, &mut forever).await.is_err());
        assert!(!forever.is_elapsed());
        forever.reset(MS).unwrap();
        (&mut forever).await.unwrap();
        assert!(forever.is_elapsed());
        // Ready again, as often as it is polled, until it is reset.
        (&mut forever).await.unwrap();
        forever.reset(Duration::MAX).unwrap();
        assert!(timeout(5 * MS, &mut forever).await.is_err());
    }
}

#[selkie::test(start_paused = true)]
async fn a_paused_clock_does_not_stop_a_precise_sleep() {
    if HAS_PRECISE {
        let begun = std::time::Instant::now();
        time::sleep_precise(2 * MS).unwrap().await.unwrap();
        assert!(begun.elapsed() >= 2 * MS);
    }
}

#[test]
fn the_clock_that_counts_suspension_moves() {
    if !HAS_PRECISE {
        assert!(time::BootInstant::now().is_err());
        return;
    }
    let before = time::BootInstant::now().unwrap();
    let after = time::BootInstant::now().unwrap();
    assert!(after >= before);
    assert_eq!(before - (before + MS), Duration::ZERO);
    assert_eq!((before + MS).duration_since(before), MS);
    assert!(before.since_boot() > Duration::ZERO);
}

#[selkie::test]
async fn regression_67_loops_of_empty_waits_take_one_tick_per_iteration() {
    let spent = Duration::from_millis(100);
    let never = std::future::pending::<()>;
    let mut turns = [0; 4];
    for (kind, turns) in turns.iter_mut().enumerate() {
        let mut ticks = interval(Duration::from_nanos(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = std::time::Instant::now();
        while begun.elapsed() < spent {
            match kind {
                0 => sleep(Duration::ZERO).await,
                1 => sleep_until(Instant::now()).await,
                2 => drop(timeout(Duration::ZERO, never()).await),
                _ => {
                    ticks.reset_immediately();
                    ticks.tick().await;
                }
            }
            *turns += 1;
        }
    }
    // A hundred ticks, and a few of what a busy machine adds to `spent`.
    assert!(
        turns.iter().all(|turns| (1..1000).contains(turns)),
        "{turns:?}"
    );
}

#[test]
fn regression_67_a_clock_that_is_paused_between_two_ticks_does_not_move() {
    let mut builder = selkie::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        // At a whole tick the deadline is one that was looked at already.
        sleep(Duration::ZERO).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        time::advance(Duration::from_micros(300)).await;
        for turn in 1..5 {
            sleep(Duration::ZERO).await;
            assert_eq!(start.elapsed(), turn * MS + Duration::from_micros(300));
        }
        let before = Instant::now();
        sleep(10 * MS).await;
        assert_eq!(before.elapsed(), 11 * MS);
        assert!(
            timeout(Duration::ZERO, std::future::pending::<()>())
                .await
                .is_err()
        );
        assert_eq!(before.elapsed(), 12 * MS);
    });
}

#[selkie::test(start_paused = true)]
async fn a_deadline_before_the_clocks_last_update_is_ready_at_once() {
    let start = Instant::now();
    time::advance(50 * MS).await;
    for back in [0, 1, 49] {
        let mut past = std::pin::pin!(sleep_until(start + (50 - back) * MS));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(past.as_mut().poll(cx)));
        assert!(polled.await.is_ready(), "{back} ms back");
    }
    // Moved, but not looked at since.
    let mut moved = std::pin::pin!(time::advance(10 * MS));
    std::future::poll_fn(|cx| {
        assert!(moved.as_mut().poll(cx).is_pending());
        let mut past = std::pin::pin!(sleep_until(start + 55 * MS));
        assert!(past.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    moved.await;
    assert_eq!(start.elapsed(), 60 * MS);
}

#[selkie::test(start_paused = true)]
async fn a_postponed_sleep_fires_after_the_others_of_its_tick() {
    use std::future::Future;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = |name| {
        let order = Arc::clone(&order);
        async move { order.lock().unwrap().push(name) }
    };
    let (put_off, brought_forward) = (note("put off"), note("brought forward"));
    let first = selkie::spawn(async move {
        let mut sleep = std::pin::pin!(sleep(6 * MS));
        std::future::poll_fn(|cx| std::task::Poll::Ready(sleep.as_mut().poll(cx).is_ready())).await;
        sleep.as_mut().reset(Instant::now() + 8 * MS);
        assert!(!sleep.is_elapsed());
        sleep.await;
        put_off.await;
    });
    let second = selkie::spawn(async move {
        let mut sleep = std::pin::pin!(sleep(9 * MS));
        std::future::poll_fn(|cx| std::task::Poll::Ready(sleep.as_mut().poll(cx).is_ready())).await;
        sleep.as_mut().reset(Instant::now() + 8 * MS);
        sleep.await;
        brought_forward.await;
    });
    let start = Instant::now();
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(start.elapsed(), 8 * MS);
    assert_eq!(*order.lock().unwrap(), ["brought forward", "put off"]);
}

#[selkie::test(start_paused = true)]
async fn a_reset_sleep_is_not_elapsed_before_it_is_polled() {
    let mut sleep = std::pin::pin!(sleep(MS));
    time::advance(2 * MS).await;
    assert!(!sleep.is_elapsed());
    sleep.as_mut().reset(Instant::now() + 5 * MS);
    time::advance(4 * MS).await;
    assert!(!sleep.is_elapsed());
    time::advance(MS).await;
    assert!(sleep.is_elapsed());
    sleep.await;
}
