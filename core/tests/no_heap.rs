//! The primitives that are documented to need no heap allocate nothing, whether they wait, are woken or are dropped: an
//! allocator counts.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use selkie_core::raw::queue::FixedQueue;
use selkie_core::sync::{
    Barrier, FixedChannel, FixedWatch, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, Signal,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the allocations of each thread.
struct CountingAllocator;

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn allocations_of(f: impl Fn()) -> usize {
    // Locks and clocks of the platform may allocate when they are first used.
    f();
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

/// Polls a future that waits, does what ends the wait, and polls again.
fn waits_for<T>(future: impl Future<Output = T>, end: impl FnOnce()) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    end();
    let Poll::Ready(output) = future.poll(&mut cx) else {
        panic!("still waits")
    };
    output
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations_of(|| drop(Box::new(1))), 1);
}

#[test]
fn channels_in_place_take_no_heap() {
    static QUEUE: FixedQueue<u32, 4> = FixedQueue::new();
    static CHANNEL: FixedChannel<u32, 2> = FixedChannel::new();
    static WATCH: FixedWatch<u32> = FixedWatch::new(0);
    static SIGNAL: Signal<u32> = Signal::new();
    let taken = allocations_of(|| {
        QUEUE.push(1).unwrap();
        assert_eq!(QUEUE.pop(), Some(1));
        let received = waits_for(CHANNEL.recv(), || CHANNEL.try_send(1).unwrap());
        assert_eq!(received, 1);
        CHANNEL.try_send(2).unwrap();
        CHANNEL.try_send(3).unwrap();
        assert!(CHANNEL.try_send(4).is_err());
        waits_for(CHANNEL.send(4), || {
            assert_eq!(CHANNEL.try_recv(), Some(2));
        });
        while CHANNEL.try_recv().is_some() {}
        let mut receiver = WATCH.subscribe();
        waits_for(receiver.changed(), || WATCH.send(5));
        assert_eq!(receiver.get_and_update(), 5);
        assert_eq!(
            waits_for(SIGNAL.wait(), || {
                SIGNAL.signal(6);
            }),
            6
        );
    });
    assert_eq!(taken, 0);
}

#[test]
fn locks_take_no_heap() {
    static MUTEX: Mutex<u32> = Mutex::const_new(0);
    static LOCK: RwLock<u32> = RwLock::const_new(0);
    static SEMAPHORE: Semaphore = Semaphore::const_new(2);
    static CHANGED: Notify = Notify::const_new();
    static BARRIER: Barrier = Barrier::const_new(2);
    let taken = allocations_of(|| {
        let guard = MUTEX.try_lock().unwrap();
        drop(waits_for(MUTEX.lock(), || drop(guard)));
        let guard = LOCK.try_write().unwrap();
        drop(waits_for(LOCK.read(), || drop(guard)));
        let permit = SEMAPHORE.try_acquire().unwrap();
        drop(waits_for(SEMAPHORE.acquire_many(2), || drop(permit)));
        waits_for(CHANGED.notified(), || CHANGED.notify_one());
        waits_for(CHANGED.notified(), || CHANGED.notify_waiters());
        waits_for(BARRIER.wait(), || {
            let mut last = pin!(BARRIER.wait());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(last.as_mut().poll(&mut cx).is_ready());
        });
        let (once, set) = (OnceCell::new(), SetOnce::new());
        once.set(1).unwrap();
        assert_eq!(waits_for(set.wait(), || set.set(2).unwrap()), &2);
    });
    assert_eq!(taken, 0);
}
