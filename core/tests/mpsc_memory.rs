//! The memory of a channel: no block before its first value, and one block when it is drained.
#![cfg(feature = "std")]
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::task::{Context, Waker};

use selkie_core::sync::mpsc;

thread_local! {
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Counts the bytes that each thread holds.
struct CountingAllocator;

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = LIVE_BYTES.try_with(|live| live.set(live.get() + layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let _ = LIVE_BYTES.try_with(|live| live.set(live.get() - layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn live_bytes() -> isize {
    LIVE_BYTES.with(Cell::get)
}

#[test]
fn a_new_channel_has_no_block() {
    let before = live_bytes();
    let channel = mpsc::channel::<u64>(1 << 20);
    assert!(
        live_bytes() - before < 512,
        "{} bytes",
        live_bytes() - before
    );
    drop(channel);
    assert_eq!(live_bytes(), before);
}

#[test]
fn a_drained_channel_keeps_one_block() {
    let before = live_bytes();
    let (tx, mut rx) = mpsc::channel::<u64>(1024);
    for count in [1, 40, 64, 1000] {
        for value in 0..count {
            tx.try_send(value).unwrap();
        }
        for value in 0..count {
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert!(
            rx.poll_recv(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert!(
            live_bytes() - before < 1024,
            "{count}: {} bytes",
            live_bytes() - before
        );
    }
    drop((tx, rx));
    assert_eq!(live_bytes(), before);
}
