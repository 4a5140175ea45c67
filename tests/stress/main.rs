//! Eight tasks and very many messages each, on real threads: every value is accounted for.
//!
//! `cargo test` sends a moderate number; the whole, ten million from each task or as many
//! as `STRESS_MESSAGES` says, is
//!
//! ```sh
//! cargo test --release -p selkie-tests --test stress -- --ignored --test-threads 1
//! ```

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selkie::runtime::Builder;
use selkie::sync::broadcast::error::RecvError;
use selkie::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use selkie::task::{JoinHandle, yield_now};
use selkie_core::sync::{FixedChannel, FixedWatch};

const TASKS: usize = 8;

/// Messages of each task in an ordinary run.
fn moderate() -> u64 {
    if cfg!(debug_assertions) {
        10_000
    } else {
        200_000
    }
}

/// Messages of each task in the whole run.
fn full() -> u64 {
    let asked = std::env::var("STRESS_MESSAGES").ok();
    asked.map_or(10_000_000, |number| number.parse().expect("a number"))
}

/// Runs `test` on a runtime with two workers, so that it is the same on every machine.
fn on_threads(test: impl Future<Output = ()>) {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

/// Spawns a task for each number below [`TASKS`].
fn spawn_all<F>(task: impl Fn(usize) -> F) -> Vec<JoinHandle<()>>
where
    F: Future<Output = ()> + Send + 'static,
{
    (0..TASKS)
        .map(|number| selkie::spawn(task(number)))
        .collect()
}

async fn join_all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("no panic");
    }
}

/// The next number that is expected of each task: numbers come in order, and none is left out.
#[derive(Default)]
struct NextNumbers([u64; TASKS]);

impl NextNumbers {
    fn enter(&mut self, (task, number): (usize, u64)) {
        assert_eq!(self.0[task], number, "of task {task}");
        self.0[task] += 1;
    }

    fn close(&self, each: u64) {
        assert_eq!(self.0, [each; TASKS]);
    }
}

async fn bounded(each: u64) {
    let (tx, mut rx) = mpsc::channel(128);
    let tasks = spawn_all(|task| {
        let tx = tx.clone();
        async move {
            for number in 0..each {
                tx.send((task, number)).await.expect("open");
            }
        }
    });
    drop(tx);
    let receiver = selkie::spawn(async move {
        let mut expected = NextNumbers::default();
        while let Some(value) = rx.recv().await {
            expected.enter(value);
        }
        expected.close(each);
    });
    join_all(tasks).await;
    receiver.await.expect("no panic");
}

async fn unbounded(each: u64) {
    /// How far a sender runs ahead, so that memory suffices.
    const AHEAD: u64 = 20_000;
    let (tx, mut rx) = mpsc::unbounded_channel();
    let received: Arc<[AtomicU64; TASKS]> = Arc::default();
    let tasks = spawn_all(|task| {
        let (tx, received) = (tx.clone(), received.clone());
        async move {
            for number in 0..each {
                while number - received[task].load(Ordering::Relaxed) > AHEAD {
                    yield_now().await;
                }
                tx.send((task, number)).expect("open");
            }
        }
    });
    drop(tx);
    let receiver = selkie::spawn(async move {
        let mut expected = NextNumbers::default();
        let mut batch = Vec::new();
        while rx.recv_many(&mut batch, 256).await > 0 {
            batch.drain(..).for_each(|value| expected.enter(value));
            for (shown, known) in received.iter().zip(expected.0) {
                shown.store(known, Ordering::Relaxed);
            }
        }
        expected.close(each);
    });
    join_all(tasks).await;
    receiver.await.expect("no panic");
}

async fn fixed(each: u64) {
    let channel = Arc::new(FixedChannel::<(usize, u64), 128>::new());
    let tasks = spawn_all(|task| {
        let channel = channel.clone();
        async move {
            for number in 0..each {
                channel.send((task, number)).await;
            }
        }
    });
    let mut expected = NextNumbers::default();
    let receiver = selkie::spawn(async move {
        for _ in 0..TASKS as u64 * each {
            expected.enter(channel.recv().await);
        }
        expected.close(each);
    });
    join_all(tasks).await;
    receiver.await.expect("no panic");
}

/// Each receiver sees each value in order, or learns how many it missed.
async fn broadcasting(each: u64) {
    let (tx, rx) = broadcast::channel(128);
    let tasks = spawn_all(|_| {
        let mut rx = rx.resubscribe();
        async move {
            let mut next = 0;
            loop {
                match rx.recv().await {
                    Ok(number) => {
                        assert_eq!(number, next);
                        next += 1;
                    }
                    Err(RecvError::Lagged(missed)) => next += missed,
                    Err(RecvError::Closed) => break,
                }
            }
            assert_eq!(next, each);
        }
    });
    drop(rx);
    let sender = selkie::spawn(async move {
        for number in 0..each {
            tx.send(number).expect("receivers");
            if number % 64 == 0 {
                yield_now().await;
            }
        }
    });
    sender.await.expect("no panic");
    join_all(tasks).await;
}

/// Each task adds to its own cell of the watched value: no addition is lost, none is undone.
async fn watched(each: u64) {
    let (tx, mut rx) = watch::channel([0; TASKS]);
    let tasks = spawn_all(|task| {
        let tx = tx.clone();
        async move {
            for number in 0..each {
                tx.send_modify(|cells| cells[task] += 1);
                if number % 64 == 0 {
                    yield_now().await;
                }
            }
        }
    });
    drop(tx);
    let receiver = selkie::spawn(async move {
        let mut last = [0; TASKS];
        while rx.changed().await.is_ok() {
            let cells = *rx.borrow_and_update();
            assert!(cells.iter().zip(&last).all(|(new, old)| new >= old));
            assert_ne!(cells, last, "told of a change");
            last = cells;
        }
        assert_eq!(last, [each; TASKS]);
    });
    join_all(tasks).await;
    receiver.await.expect("no panic");
}

/// As [`watched`], in place.
async fn fixed_watched(each: u64) {
    let watch: &'static FixedWatch<[u64; TASKS]> = Box::leak(Box::new(FixedWatch::new([0; TASKS])));
    let tasks = spawn_all(|task| async move {
        for number in 0..each {
            watch.send_modify(|cells| cells[task] += 1);
            if number % 64 == 0 {
                yield_now().await;
            }
        }
    });
    let receiver = selkie::spawn(async move {
        let mut receiver = watch.subscribe();
        receiver.wait_for(|cells| *cells == [each; TASKS]).await;
    });
    join_all(tasks).await;
    receiver.await.expect("no panic");
}

/// Questions with a place for the answer: each answer reaches who asked.
async fn answered(each: u64) {
    const BATCH: u64 = 32;
    let (tx, mut rx) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(256);
    let tasks = spawn_all(|_| {
        let tx = tx.clone();
        async move {
            let mut waiting = Vec::new();
            for number in 0..each {
                let (answer, question) = oneshot::channel();
                tx.send((number, answer)).await.expect("open");
                waiting.push((number, question));
                if waiting.len() as u64 == BATCH || number + 1 == each {
                    for (number, question) in waiting.drain(..) {
                        assert_eq!(question.await, Ok(!number));
                    }
                }
            }
        }
    });
    drop(tx);
    let answers = selkie::spawn(async move {
        while let Some((number, answer)) = rx.recv().await {
            answer.send(!number).expect("awaited");
        }
    });
    join_all(tasks).await;
    answers.await.expect("no panic");
}

/// A count that only the lock keeps right.
async fn locked(each: u64) {
    let mutex = Arc::new(Mutex::new(0));
    join_all(spawn_all(|_| {
        let mutex = mutex.clone();
        async move {
            for _ in 0..each {
                *mutex.lock().await += 1;
            }
        }
    }))
    .await;
    assert_eq!(*mutex.lock().await, TASKS as u64 * each);
}

/// Two cells that a writer changes together; half of the tasks read them.
async fn read_and_written(each: u64) {
    let lock = Arc::new(RwLock::new((0, 0)));
    join_all(spawn_all(|task| {
        let lock = lock.clone();
        async move {
            for _ in 0..each {
                if task % 2 == 0 {
                    let mut cells = lock.write().await;
                    cells.0 += 1;
                    cells.1 += 1;
                } else {
                    let cells = lock.read().await;
                    assert_eq!(cells.0, cells.1);
                }
            }
        }
    }))
    .await;
    assert_eq!(lock.read().await.0, TASKS as u64 / 2 * each);
}

/// Of three permits each task takes one or two: never are more out than there are.
async fn permitted(each: u64) {
    let semaphore = Arc::new(Semaphore::new(3));
    let taken = Arc::new(AtomicU64::new(0));
    join_all(spawn_all(|task| {
        let (semaphore, taken) = (semaphore.clone(), taken.clone());
        async move {
            let wanted = 1 + task as u32 % 2;
            for _ in 0..each {
                let permit = semaphore.acquire_many(wanted).await.expect("open");
                let before = taken.fetch_add(u64::from(wanted), Ordering::Relaxed);
                assert!(before + u64::from(wanted) <= 3);
                taken.fetch_sub(u64::from(wanted), Ordering::Relaxed);
                drop(permit);
            }
        }
    }))
    .await;
    assert_eq!(semaphore.available_permits(), 3);
}

/// Four pairs that call each other in turn: a lost notification would end the game.
async fn notified(each: u64) {
    let bells: Arc<[Notify; TASKS]> = Arc::new(std::array::from_fn(|_| Notify::new()));
    join_all(spawn_all(|task| {
        let bells = bells.clone();
        async move {
            for _ in 0..each {
                if task % 2 == 0 {
                    bells[task + 1].notify_one();
                    bells[task].notified().await;
                } else {
                    bells[task].notified().await;
                    bells[task - 1].notify_one();
                }
            }
        }
    }))
    .await;
}

macro_rules! tests {
    ($each:ident: $($(#[$meta:meta])* $name:ident)*) => {
        $($(#[$meta])*
        #[test]
        fn $name() {
            super::on_threads(super::$name(super::$each()));
        })*
    };
}

mod moderate {
    tests! {
        moderate: bounded unbounded fixed broadcasting watched fixed_watched answered locked
        read_and_written permitted notified
    }
}

mod full {
    tests! {
        full:
        #[ignore = "long"] bounded
        #[ignore = "long"] unbounded
        #[ignore = "long"] fixed
        #[ignore = "long"] broadcasting
        #[ignore = "long"] watched
        #[ignore = "long"] fixed_watched
        #[ignore = "long"] answered
        #[ignore = "long"] locked
        #[ignore = "long"] read_and_written
        #[ignore = "long"] permitted
        #[ignore = "long"] notified
    }
}
