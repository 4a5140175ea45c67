//! Workers that are all busy, or have no processor each.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};
use selkie::sync::{Notify, oneshot};
use selkie::task::{block_in_place, yield_now};
use selkie::time::sleep;

const LONG: Duration = Duration::from_secs(60);

fn workers(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).enable_all().build().unwrap()
}

/// Keeps the calling thread, and those that it starts, on one processor.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn stay_on_one_processor() {
    // SAFETY: zeros are an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: no arguments.
    let here = unsafe { libc::sched_getcpu() };
    // SAFETY: the set is there, and a processor's number below its size.
    unsafe { libc::CPU_SET(usize::try_from(here).unwrap(), &mut set) };
    // SAFETY: as above.
    let set_to = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
    assert_eq!(set_to, 0);
}

/// Wakes 512 tasks again and again from one that yields until all of them wait.
fn storms(runtime: &Runtime, rounds: usize) {
    const TASKS: usize = 512;
    let notify = Arc::new(Notify::new());
    let waiting = Arc::new(AtomicUsize::new(0));
    for _ in 0..TASKS {
        let (notify, waiting) = (Arc::clone(&notify), Arc::clone(&waiting));
        runtime.spawn(async move {
            loop {
                let notified = notify.notified();
                waiting.fetch_add(1, Ordering::SeqCst);
                notified.await;
            }
        });
    }
    let (tell, told) = mpsc::channel();
    runtime.spawn(async move {
        for _ in 0..rounds {
            while waiting.load(Ordering::SeqCst) < TASKS {
                yield_now().await;
            }
            waiting.store(0, Ordering::SeqCst);
            notify.notify_waiters();
        }
        tell.send(()).unwrap();
    });
    told.recv_timeout(LONG).expect("every task is run");
}

#[test]
fn a_task_that_yields_wakes_many_others() {
    storms(&workers(2), 200);
}

/// A worker without a processor has tasks, one with tasks that only yield has the processor.
#[test]
#[cfg(target_os = "linux")]
fn a_task_that_yields_wakes_many_others_on_one_processor() {
    const ROUNDS: usize = 200;
    let polls = thread::spawn(|| {
        stay_on_one_processor();
        let runtime = workers(2);
        storms(&runtime, ROUNDS);
        polls(&runtime)
    });
    let polls = polls.join().unwrap();
    // Each of 512 tasks is polled once a round. Who yields until the system's slice is over polls ten thousands of times;
    // who takes one of those that overflowed each time that all have yielded, a thousand.
    let each = polls / ROUNDS as u64;
    assert!(each < 850, "{each} polls a round");
}

/// Has every worker compute, a millisecond at a time, until the returned flag is dropped.
fn load(runtime: &Runtime, tasks: usize) -> Arc<()> {
    let goes_on = Arc::new(());
    for _ in 0..tasks {
        let goes_on = Arc::downgrade(&goes_on);
        runtime.spawn(async move {
            while goes_on.upgrade().is_some() {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(1) {
                    std::hint::spin_loop();
                }
                yield_now().await;
            }
        });
    }
    goes_on
}

/// Polls that were begun by all workers.
fn polls(runtime: &Runtime) -> u64 {
    let metrics = runtime.metrics();
    let polls = (0..metrics.num_workers()).map(|worker| metrics.worker_poll_count(worker));
    polls.sum()
}

#[test]
fn a_task_that_is_woken_from_outside_waits_for_a_poll_or_two_of_each_worker() {
    const WAKES: u64 = 50;
    let runtime = workers(2);
    let _goes_on = load(&runtime, 16);
    let mut waited = 0;
    for _ in 0..WAKES {
        let (wake, woken) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        runtime.spawn(async move {
            tell.send(()).unwrap();
            woken.await.unwrap();
            tell.send(()).unwrap();
        });
        told.recv_timeout(LONG).unwrap();
        let before = polls(&runtime);
        wake.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
        waited += polls(&runtime) - before;
    }
    // What is waited for is the end of a poll; others run one each meanwhile, and we get to run.
    assert!(waited / WAKES <= 6, "{waited} polls");
}

#[test]
fn a_due_timer_waits_for_a_few_polls_at_most() {
    const SLEEPS: u64 = 20;
    let runtime = workers(2);
    let _goes_on = load(&runtime, 16);
    let late = runtime.block_on(async {
        selkie::spawn(async {
            let mut late = Duration::ZERO;
            for _ in 0..SLEEPS {
                let due = Instant::now() + Duration::from_millis(3);
                sleep(Duration::from_millis(3)).await;
                late += due.elapsed();
            }
            late
        })
        .await
        .unwrap()
    });
    // It fires after one poll or two, and its task stands behind eight others of its worker's, 1 ms each. By numbers of
    // polls it was 61.
    let mean = late / SLEEPS as u32;
    assert!(mean < Duration::from_millis(40), "{mean:?}");
}

/// Every combination of the shortest and the longest intervals has tasks, timers and tasks from outside run.
#[test]
fn event_intervals_may_have_any_length() {
    for (events, outside, count) in [
        (1, 1, 1),
        (1, u32::MAX, 2),
        (2, 1, 2),
        (u32::MAX, 1, 1),
        (u32::MAX, u32::MAX, 2),
    ] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(count)
            .event_interval(events)
            .global_queue_interval(outside)
            .enable_all()
            .build()
            .unwrap();
        let (tell, told) = mpsc::channel();
        for _ in 0..100 {
            let tell = tell.clone();
            runtime.spawn(async move {
                for _ in 0..20 {
                    yield_now().await;
                }
                sleep(Duration::from_millis(1)).await;
                tell.send(()).unwrap();
            });
        }
        for _ in 0..100 {
            let ended = told.recv_timeout(LONG);
            if ended.is_err() {
                runtime.shutdown_background();
                panic!("intervals of {events} and {outside}: a task is never run");
            }
        }
    }
}

/// Two thousand tasks that a thread wakes all the time, and one of the worker's own that yields.
#[test]
fn wakes_from_outside_do_not_starve_the_worker_s_own_tasks() {
    const OUTSIDE_POLLS: usize = 20_000;
    let runtime = workers(1);
    let polls = Arc::new(AtomicUsize::new(0));
    let own = Arc::new(AtomicUsize::new(0));
    let notifies: Vec<_> = (0..2_000).map(|_| Arc::new(Notify::new())).collect();
    for notify in &notifies {
        let (notify, polls) = (Arc::clone(notify), Arc::clone(&polls));
        runtime.spawn(async move {
            loop {
                notify.notified().await;
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_micros(20) {
                    std::hint::spin_loop();
                }
                polls.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let yields = Arc::clone(&own);
    runtime.spawn(async move {
        loop {
            yield_now().await;
            yields.fetch_add(1, Ordering::Relaxed);
        }
    });
    let begun = Instant::now();
    while polls.load(Ordering::Relaxed) < OUTSIDE_POLLS && begun.elapsed() < LONG {
        notifies.iter().for_each(|notify| notify.notify_one());
    }
    let (polls, own) = (polls.load(Ordering::Relaxed), own.load(Ordering::Relaxed));
    assert!(
        polls >= OUTSIDE_POLLS,
        "{polls} polls of tasks from outside"
    );
    assert!(own > polls / 16, "{own} polls beside {polls}");
}

#[test]
fn a_task_woken_by_a_task_from_outside_waits_for_a_few_others_at_most() {
    const TASKS: usize = 600;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).disable_lifo_slot().enable_all();
    let runtime = builder.build().unwrap();
    let (notify, done) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (tell, told) = mpsc::channel();
    runtime.spawn({
        let (notify, done) = (Arc::clone(&notify), Arc::clone(&done));
        async move {
            loop {
                notify.notified().await;
                // All of those that run before this one wake it.
                tell.send(done.load(Ordering::SeqCst)).unwrap();
            }
        }
    });
    // All are queued before the first one runs.
    let (go, wait) = mpsc::channel::<()>();
    runtime.spawn(async move {
        let _gone = wait.recv();
    });
    for _ in 0..TASKS {
        let (notify, done) = (Arc::clone(&notify), Arc::clone(&done));
        runtime.spawn(async move {
            done.fetch_add(1, Ordering::SeqCst);
            notify.notify_one();
            thread::sleep(Duration::from_millis(1));
        });
    }
    drop(go);
    let mut last = 0;
    let mut longest = 0;
    while last < TASKS {
        let now = told.recv_timeout(LONG).unwrap();
        // Until then the worker learns how long its polls are.
        if last > TASKS / 2 {
            longest = longest.max(now - last);
        }
        last = now;
    }
    assert!(
        longest <= 16,
        "{longest} tasks ran between two of its polls"
    );
}

/// A waker that blocks its thread, whose worker goes on elsewhere.
struct BlockingWaker(mpsc::SyncSender<()>);

/// For how long it does.
const BLOCKED: Duration = Duration::from_millis(500);

impl Wake for BlockingWaker {
    fn wake(self: Arc<Self>) {
        block_in_place(|| thread::sleep(BLOCKED));
        self.0.send(()).unwrap();
    }
}

/// What the thread blocks for is not counted for the worker, which counts on on another.
#[test]
fn time_in_which_a_waker_blocks_between_polls_is_not_busy_time() {
    let began = Instant::now();
    let mut builder = Builder::new_multi_thread();
    // So that timers fire in a look at all that waits outside.
    builder.worker_threads(1).event_interval(1).enable_all();
    let runtime = builder.build().unwrap();
    let metrics = runtime.metrics();
    let running = load(&runtime, 2);
    let (tell, told) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        let mut timer = Box::pin(sleep(Duration::from_millis(5)));
        let waker = Waker::from(Arc::new(BlockingWaker(tell)));
        let polled = timer.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        std::future::pending::<()>().await;
        drop(timer);
    });
    told.recv_timeout(LONG).unwrap();
    drop(running);
    drop(runtime);
    let (busy, elapsed) = (metrics.worker_total_busy_duration(0), began.elapsed());
    assert!(busy <= elapsed, "{busy:?} of {elapsed:?}");
}
