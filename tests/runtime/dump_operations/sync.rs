//! Rows of channels, locks and notifications.

use std::sync::Arc;

use selkie::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch,
};

use super::table::{Row, check, row};

fn locks() -> Vec<Row> {
    let held = || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = Arc::clone(&mutex).try_lock_owned().expect("it is free");
        (mutex, guard)
    };
    let written = || {
        let lock = Arc::new(RwLock::new(()));
        let guard = Arc::clone(&lock).try_write_owned().expect("it is free");
        (lock, guard)
    };
    let (by_ref, owned) = (held(), held());
    let (read, write, read_owned, write_owned) = (written(), written(), written(), written());
    vec![
        row("Mutex<T>::lock", "sync/mutex.rs", async move {
            let (mutex, _guard) = by_ref;
            drop(mutex.lock().await);
        }),
        row("lock_owned", "sync/mutex_owned.rs", async move {
            let (mutex, _guard) = owned;
            drop(mutex.lock_owned().await);
        }),
        row("RwLock<T>::read", "sync/rwlock.rs", async move {
            let (lock, _guard) = read;
            drop(lock.read().await);
        }),
        row("RwLock<T>::write", "sync/rwlock.rs", async move {
            let (lock, _guard) = write;
            drop(lock.write().await);
        }),
        row("read_owned", "sync/rwlock_owned.rs", async move {
            let (lock, _guard) = read_owned;
            drop(lock.read_owned().await);
        }),
        row("write_owned", "sync/rwlock_owned.rs", async move {
            let (lock, _guard) = write_owned;
            drop(lock.write_owned().await);
        }),
    ]
}

async fn slow_value() -> u32 {
    Notify::new().notified().await;
    1
}

fn permits_and_values() -> Vec<Row> {
    let semaphore = || Arc::new(Semaphore::new(0));
    let (by_ref, owned, many) = (semaphore(), semaphore(), semaphore());
    let once = Arc::new(OnceCell::<u32>::new());
    let other = Arc::clone(&once);
    vec![
        row("Semaphore::acquire", "sync/semaphore.rs", async move {
            drop(by_ref.acquire().await);
        }),
        row("Semaphore::acquire_many", "sync/semaphore.rs", async move {
            drop(many.acquire_many(3).await);
        }),
        row("acquire_owned", "sync/semaphore_owned.rs", async move {
            drop(owned.acquire_owned().await);
        }),
        row("Barrier::wait", "sync/barrier.rs", async {
            Barrier::new(2).wait().await
        }),
        row("notified", "sync/notif", async {
            Notify::new().notified().await;
        }),
        row("notified", "sync/notif", async {
            Arc::new(Notify::new()).notified_owned().await;
        }),
        row("get_or_init", "sync/once_cell.rs", async move {
            once.get_or_init(slow_value).await;
        }),
        row("get_or_init", "sync/once_cell.rs", async move {
            other.get_or_init(slow_value).await;
        }),
        row("SetOnce<T>::wait", "sync/set_once.rs", async {
            SetOnce::<u32>::new().wait().await;
        }),
    ]
}

fn mpsc_rows() -> Vec<Row> {
    let full = || {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(1).expect("it is empty");
        (sender, receiver)
    };
    let (send, reserve, owned, many) = (full(), full(), full(), full());
    vec![
        row("recv", "sync/mpsc/receiver.rs", async {
            let (_sender, mut receiver) = mpsc::channel::<u32>(1);
            receiver.recv().await
        }),
        row("recv_many", "sync/mpsc/receiver.rs", async {
            let (_sender, mut receiver) = mpsc::channel::<u32>(1);
            receiver.recv_many(&mut Vec::new(), 3).await
        }),
        row("recv", "sync/mpsc/unbounded_receiver.rs", async {
            let (_sender, mut receiver) = mpsc::unbounded_channel::<u32>();
            receiver.recv().await
        }),
        row("send", "sync/mpsc/sender.rs", async move {
            let (sender, _receiver) = send;
            sender.send(2).await
        }),
        row("reserve", "sync/mpsc/permit.rs", async move {
            let (sender, _receiver) = reserve;
            sender.reserve().await.map(drop)
        }),
        row("reserve_many", "sync/mpsc/permit.rs", async move {
            let (sender, _receiver) = many;
            sender.reserve_many(1).await.map(drop)
        }),
        row("reserve_owned", "sync/mpsc/permit.rs", async move {
            let (sender, _receiver) = owned;
            sender.reserve_owned().await.map(drop)
        }),
        row("closed", "sync/mpsc/sender.rs", async {
            let (sender, _receiver) = mpsc::channel::<u32>(1);
            sender.closed().await;
        }),
        row("closed", "sync/mpsc/unbounded_sender.rs", async {
            let (sender, _receiver) = mpsc::unbounded_channel::<u32>();
            sender.closed().await;
        }),
    ]
}

fn other_channels() -> Vec<Row> {
    vec![
        row("Receiver", "sync/oneshot/receiver.rs", async {
            let (_sender, receiver) = oneshot::channel::<u32>();
            receiver.await
        }),
        row("closed", "sync/oneshot/sender.rs", async {
            let (mut sender, _receiver) = oneshot::channel::<u32>();
            sender.closed().await;
        }),
        row("recv", "sync/broadcast/receiver.rs", async {
            let (_sender, mut receiver) = broadcast::channel::<u32>(1);
            receiver.recv().await
        }),
        row("closed", "sync/broadcast/sender.rs", async {
            let (sender, _receiver) = broadcast::channel::<u32>(1);
            sender.closed().await;
        }),
        row("changed", "sync/watch/receiver.rs", async {
            let (_sender, mut receiver) = watch::channel(0);
            receiver.changed().await
        }),
        row("wait_for", "sync/watch/receiver.rs", async {
            let (_sender, mut receiver) = watch::channel(0);
            receiver.wait_for(|value| *value == 1).await.map(drop)
        }),
        row("closed", "sync/watch/sender.rs", async {
            let (sender, _receiver) = watch::channel(0);
            sender.closed().await;
        }),
    ]
}

#[test]
fn locks_and_permits() {
    check(|| {
        let mut rows = locks();
        rows.extend(permits_and_values());
        rows
    });
}

#[test]
fn channels() {
    check(|| {
        let mut rows = mpsc_rows();
        rows.extend(other_channels());
        rows
    });
}
