//! Channels, locks and counters.

use std::sync::Arc;

use selkie::sync::mpsc::error::TrySendError;
use selkie::sync::{Mutex, Semaphore, broadcast, mpsc, oneshot, watch};
use selkie::task::{JoinSet, spawn};
use selkie_core::raw::platform::{AtomicU64, Ordering};

pub(crate) async fn mpsc_order() {
    let (sender, mut receiver) = mpsc::channel(2);
    sender.try_send(0).expect("below the limit");
    sender.try_send(1).expect("at the limit");
    assert!(matches!(sender.try_send(2), Err(TrySendError::Full(2))));
    let task = spawn(async move {
        for number in 2..1_000 {
            sender.send(number).await.expect("the receiver waits");
        }
    });
    for number in 0..1_000 {
        assert_eq!(receiver.recv().await, Some(number));
    }
    assert_eq!(receiver.recv().await, None);
    task.await.expect("no panic");
}

pub(crate) async fn others() {
    let (once, answer) = oneshot::channel();
    let (state, mut watcher) = watch::channel(0);
    let (news, mut first) = broadcast::channel(8);
    let mut second = news.subscribe();
    let task = spawn(async move {
        once.send(1).expect("awaited");
        state.send(2).expect("watched");
        news.send(3).expect("subscribed");
        state
    });
    assert_eq!(answer.await, Ok(1));
    let seen = *watcher.wait_for(|&seen| seen == 2).await.expect("sent");
    assert_eq!(seen, 2);
    assert_eq!(first.recv().await, Ok(3));
    assert_eq!(second.recv().await, Ok(3));
    drop(task.await.expect("no panic"));
}

pub(crate) async fn mutex() {
    let sum = Arc::new(Mutex::new(0));
    let permits = Arc::new(Semaphore::new(2));
    let mut set = JoinSet::new();
    for _ in 0..8 {
        let (sum, permits) = (sum.clone(), permits.clone());
        set.spawn(async move {
            for _ in 0..100 {
                let _permit = permits.acquire().await.expect("open");
                *sum.lock().await += 1;
            }
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("no panic");
    }
    assert_eq!(*sum.lock().await, 800);
}

/// Counters wider than the machine's word, from several threads.
pub(crate) async fn wide_counters() {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let before = COUNTER.swap(u64::from(u32::MAX) - 500, Ordering::SeqCst);
    assert!(before == 0 || before == u64::from(u32::MAX) + 500);
    let mut set = JoinSet::new();
    for _ in 0..4 {
        set.spawn(async {
            for _ in 0..250 {
                COUNTER.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("no panic");
    }
    let counted = COUNTER.load(Ordering::SeqCst);
    assert_eq!(counted, u64::from(u32::MAX) + 500);
}
