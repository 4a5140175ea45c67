#![no_std]
#![no_main]
//! Allocated tasks on a chip: spawned, joined, aborted, and dropped with their executor.

extern crate alloc;

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::future::pending;
use core::mem::MaybeUninit;
use core::time::Duration;

use cortex_m_rt::{entry, exception};
use embedded_alloc::LlffHeap;
use firmware_cortex_m::SLEEP;
use firmware_cortex_m4f::{on_timer, start};
use selkie_core::executor::{ChipPark, HeapExecutor};
use selkie_core::task::yield_now;
use selkie_core::time::{TimersHandle, sleep};

const HEAP_BYTES: usize = 64 * 1024;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// The one interrupt that is on is the alarm's.
// SAFETY: what the handler touches is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

/// Gives the allocator its memory.
#[allow(unsafe_code)]
fn start_heap() {
    static mut MEMORY: [MaybeUninit<u8>; HEAP_BYTES] = [MaybeUninit::uninit(); HEAP_BYTES];
    let memory = &raw mut MEMORY;
    // SAFETY: called once, before the first allocation; nobody else names the memory.
    unsafe { HEAP.init(memory.expose_provenance(), HEAP_BYTES) };
}

/// One life of an executor.
fn round(timers: TimersHandle) -> bool {
    let mut executor = HeapExecutor::new(ChipPark::new(&SLEEP));
    executor.set_timers(timers);
    let tasks: Vec<_> = (0..40_u64)
        .map(|number| {
            executor.spawn(async move {
                sleep(Duration::from_millis(number % 7)).await;
                yield_now().await;
                number
            })
        })
        .collect();
    let aborted = executor.spawn(pending::<()>());
    aborted.abort();
    let held = Rc::new(());
    let inside = held.clone();
    drop(executor.spawn(async move {
        pending::<()>().await;
        drop(inside);
    }));
    let passed = executor.block_on(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap_or(0);
        }
        sum == 780 && aborted.await.is_err_and(|error| error.is_cancelled())
    });
    drop(executor);
    passed && Rc::strong_count(&held) == 1
}

#[entry]
fn main() -> ! {
    start_heap();
    let timers = start();
    // Slots are used again: the heap would not last for these rounds otherwise.
    let passed = (0..50).all(|_| round(timers));
    semihosting::println!("allocated tasks: {}", if passed { "pass" } else { "FAIL" });
    semihosting::process::exit(i32::from(!passed));
}
