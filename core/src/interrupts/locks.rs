//! Semaphores and locks: waiting is asynchronous, so that no context spins for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::sync::{Mutex, RwLock, Semaphore};

/// Both sides take permits of two, by trying and by waiting.
pub(super) struct Permits {
    semaphore: Arc<Semaphore>,
    low: Task<()>,
    urgent: Task<()>,
    dropped: Task<()>,
}

impl Scenario for Permits {
    fn new() -> Self {
        let semaphore = Arc::new(Semaphore::new(2));
        let task = |permits: u32| {
            let semaphore = semaphore.clone();
            Task::new(async move {
                let permit = semaphore.acquire_many(permits).await;
                drop(permit.expect("never closed"));
            })
        };
        let (low, urgent, dropped) = (task(2), task(2), task(1));
        Self {
            semaphore,
            low,
            urgent,
            dropped,
        }
    }

    fn thread(&self) {
        let permit = self.semaphore.try_acquire();
        self.low.run();
        self.dropped.run();
        drop(permit);
        self.dropped.cancel();
        self.low.run();
    }

    fn interrupt(&self) {
        let permit = self.semaphore.try_acquire();
        self.urgent.run();
        drop(permit);
        self.urgent.run();
    }

    fn check(&self) {
        self.urgent.run();
        self.low.run();
        self.urgent.run();
        assert!(
            self.low.is_over() && self.urgent.is_over(),
            "a permit was lost"
        );
        assert_eq!(self.semaphore.available_permits(), 2);
    }
}

/// Both sides add under a mutex, and look by a reader-writer lock.
pub(super) struct SharedLocks {
    mutex: Arc<Mutex<u32>>,
    lock: Arc<RwLock<u32>>,
    added: AtomicU32,
    low: Task<()>,
    urgent: Task<()>,
}

impl SharedLocks {
    fn add(&self) {
        if let Ok(mut value) = self.mutex.try_lock() {
            *value += 1;
            self.added.fetch_add(1, SeqCst);
        }
    }
}

impl Scenario for SharedLocks {
    fn new() -> Self {
        let (mutex, lock) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
        let task = || {
            let (mutex, lock) = (mutex.clone(), lock.clone());
            Task::new(async move {
                *mutex.lock().await += 1;
                let before = *lock.read().await;
                *lock.write().await += 1;
                assert!(*lock.read().await > before);
            })
        };
        let (low, urgent) = (task(), task());
        let added = AtomicU32::new(0);
        Self {
            mutex,
            lock,
            added,
            low,
            urgent,
        }
    }

    fn thread(&self) {
        self.add();
        self.low.run();
        let reading = self.lock.try_read();
        self.add();
        drop(reading);
    }

    fn interrupt(&self) {
        self.add();
        self.urgent.run();
    }

    fn check(&self) {
        for _ in 0..4 {
            self.low.run();
            self.urgent.run();
        }
        assert!(
            self.low.is_over() && self.urgent.is_over(),
            "a lock was lost"
        );
        let value = self.mutex.try_lock().map(|value| *value);
        assert_eq!(value.expect("free"), self.added.load(SeqCst) + 2);
        assert_eq!(self.lock.try_read().map(|value| *value).expect("free"), 2);
    }
}

#[test]
fn permits_pass_between_priorities() {
    sweep::<Permits>();
}

#[test]
fn locks_are_waited_for_at_every_priority() {
    sweep::<SharedLocks>();
}
