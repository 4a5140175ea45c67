//! Guards as held locks: each unlocks once, whatever panics, and whatever it gives access to.

use std::boxed::Box;
use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::string::String;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::vec;

use crate::sync::{
    Mutex, MutexGuard, OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockReadGuard, RwLockWriteGuard, Semaphore,
};

/// A waker that panics.
struct PanicWaker;

impl Wake for PanicWaker {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Runs `f`, which panics.
fn panics<R>(f: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
}

fn assert_free<T: ?Sized>(lock: &RwLock<T>) {
    assert!(lock.try_write().is_ok(), "it is unlocked");
}

#[test]
fn a_guard_is_unlocked_if_the_function_that_narrows_it_panics() {
    fn part<T>(_: &T) -> &i32 {
        panic!("no such part")
    }
    fn part_mut<T>(_: &mut T) -> &mut i32 {
        panic!("no such part")
    }
    fn try_part<T>(_: &T) -> Option<&i32> {
        panic!("no such part")
    }
    fn try_part_mut<T>(_: &mut T) -> Option<&mut i32> {
        panic!("no such part")
    }
    let lock = Arc::new(RwLock::with_max_readers([1, 2], 3));
    let read = || lock.try_read().unwrap();
    let write = || lock.try_write().unwrap();
    let read_owned = || lock.clone().try_read_owned().unwrap();
    let write_owned = || lock.clone().try_write_owned().unwrap();
    panics(|| RwLockReadGuard::map(read(), part));
    assert_free(&lock);
    panics(|| RwLockReadGuard::try_map(read(), try_part).is_ok());
    assert_free(&lock);
    panics(|| RwLockWriteGuard::map(write(), part_mut));
    assert_free(&lock);
    panics(|| RwLockWriteGuard::try_map(write(), try_part_mut).is_ok());
    assert_free(&lock);
    panics(|| RwLockWriteGuard::downgrade_map(write(), part));
    assert_free(&lock);
    panics(|| RwLockWriteGuard::try_downgrade_map(write(), try_part).is_ok());
    assert_free(&lock);
    panics(|| OwnedRwLockReadGuard::map(read_owned(), part));
    assert_free(&lock);
    panics(|| OwnedRwLockWriteGuard::map(write_owned(), part_mut));
    assert_free(&lock);
    panics(|| OwnedRwLockWriteGuard::downgrade_map(write_owned(), part));
    assert_free(&lock);
    assert_eq!(Arc::strong_count(&lock), 1);

    let mutex = Arc::new(Mutex::new([1, 2]));
    panics(|| MutexGuard::map(mutex.try_lock().unwrap(), part_mut));
    assert!(mutex.try_lock().is_ok());
    panics(|| OwnedMutexGuard::map(mutex.clone().try_lock_owned().unwrap(), part_mut));
    assert!(mutex.try_lock().is_ok());
    assert_eq!(Arc::strong_count(&mutex), 1);
}

#[test]
fn a_guard_that_finds_no_part_comes_back_locked() {
    let lock = RwLock::new([1, 2]);
    let write = RwLockWriteGuard::try_downgrade_map(lock.try_write().unwrap(), |_| None::<&i32>);
    let Err(write) = write else {
        panic!("there is no part")
    };
    assert!(lock.try_read().is_err(), "still a writer");
    drop(write);
    assert_free(&lock);
    let mutex = Arc::new(Mutex::new([1, 2]));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let Err(guard) = OwnedMutexGuard::try_map(guard, |_| None::<&mut i32>) else {
        panic!("there is no part")
    };
    assert!(mutex.try_lock().is_err());
    drop(guard);
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn a_downgrade_whose_wakers_panic_keeps_the_count_of_readers() {
    for owned in [false, true] {
        let lock = Arc::new(RwLock::with_max_readers(1, 4));
        let mut waits = vec![
            Box::pin(lock.clone().read_owned()),
            Box::pin(lock.clone().read_owned()),
        ];
        let boom = Waker::from(Arc::new(PanicWaker));
        let mut wait = || {
            for wait in &mut waits {
                assert!(poll(wait.as_mut(), &boom).is_pending());
            }
        };
        if owned {
            let write = lock.clone().try_write_owned().unwrap();
            wait();
            panics(|| write.downgrade());
        } else {
            let write = lock.try_write().unwrap();
            wait();
            panics(|| write.downgrade());
        }
        let served = waits
            .iter_mut()
            .map(|wait| poll(wait.as_mut(), Waker::noop()));
        let served: vec::Vec<_> = served.collect();
        assert!(served.iter().all(Poll::is_ready), "both were served");
        let rest = [lock.try_read().unwrap(), lock.try_read().unwrap()];
        assert!(lock.try_read().is_err(), "four readers, not one more");
        drop((served, rest, waits));
        assert_free(&lock);
        assert_eq!(Arc::strong_count(&lock), 1);
    }
}

#[test]
fn guards_reach_values_without_a_size_and_of_any_alignment() {
    #[repr(align(256))]
    #[derive(Debug)]
    struct AlignedValue;
    let lock: Arc<RwLock<dyn Debug + Send + Sync>> = Arc::new(RwLock::new(String::from("x")));
    let read = lock.clone().try_read_owned().unwrap();
    let read = OwnedRwLockReadGuard::map(read, |value| value);
    assert_eq!(std::format!("{read:?}"), "\"x\"");
    drop(read);
    assert_free(&lock);
    let lock: Arc<RwLock<dyn Debug + Send + Sync>> = Arc::new(RwLock::new(AlignedValue));
    drop(OwnedRwLockWriteGuard::into_mapped(
        lock.clone().try_write_owned().unwrap(),
    ));
    assert_free(&lock);
    let mutex: Arc<Mutex<[u64]>> = Arc::new(Mutex::new([1, 2, 3]));
    let mut part =
        OwnedMutexGuard::map(mutex.clone().try_lock_owned().unwrap(), |all| &mut all[1..]);
    part[0] = 9;
    drop(part);
    assert_eq!(&*mutex.try_lock().unwrap(), &[1, 9, 3]);
    let nothing = RwLock::new([0_u8; 0]);
    drop(RwLockWriteGuard::map(nothing.try_write().unwrap(), |all| {
        &mut all[..]
    }));
    assert_free(&nothing);
}

#[test]
fn permits_stay_counted_through_splits_merges_and_panics() {
    let semaphore = Arc::new(Semaphore::new(5));
    let other = Arc::new(Semaphore::new(5));
    let mut held = semaphore.clone().try_acquire_many_owned(3).unwrap();
    let foreign = other.clone().try_acquire_many_owned(3).unwrap();
    panics(|| held.merge(foreign));
    assert_eq!((held.num_permits(), other.available_permits()), (3, 5));
    assert!(held.split(4).is_none());
    drop(held.split(0).unwrap());
    let rest = held.split(3).unwrap();
    assert_eq!((held.num_permits(), rest.num_permits()), (0, 3));
    rest.forget();
    drop(held);
    assert_eq!(semaphore.available_permits(), 2);

    let held = semaphore.try_acquire_many(2).unwrap();
    let mut waiting = Box::pin(semaphore.clone().acquire_owned());
    let boom = Waker::from(Arc::new(PanicWaker));
    assert!(poll(waiting.as_mut(), &boom).is_pending());
    panics(|| drop(held));
    assert!(poll(waiting.as_mut(), Waker::noop()).is_ready());
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 2);
}
