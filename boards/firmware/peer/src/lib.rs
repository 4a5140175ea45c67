#![no_std]
//! The chip, for programs with embassy-executor.
//!
//! Clock and alarm are those of our firmware: timer 0 at one megahertz, 64 bits wide.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

const BASE: usize = 0x4000_8000;
const TASKS_START: usize = 0;
const TASKS_CAPTURE_1: usize = 0x044;
const EVENTS_COMPARE_0: usize = 0x140;
const INTENSET: usize = 0x304;
const BITMODE: usize = 0x508;
const PRESCALER: usize = 0x510;
const CC_0: usize = 0x540;
const CC_1: usize = 0x544;

fn write(offset: usize, value: u32) {
    let address = core::ptr::with_exposed_provenance_mut::<u32>(BASE + offset);
    // SAFETY: a register of timer 0.
    unsafe { address.write_volatile(value) };
}

fn read(offset: usize) -> u32 {
    let address = core::ptr::with_exposed_provenance::<u32>(BASE + offset);
    // SAFETY: a register of timer 0.
    unsafe { address.read_volatile() }
}

#[derive(Clone, Copy)]
struct Timer0;

// SAFETY: the number of timer 0's interrupt.
unsafe impl InterruptNumber for Timer0 {
    fn number(self) -> u16 {
        8
    }
}

struct Nrf {
    read: Mutex<Cell<(u32, u32)>>,
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: Nrf = Nrf {
    read: Mutex::new(Cell::new((0, 0))),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Nrf {
    fn arm(&self, cs: CriticalSection<'_>, queue: &mut Queue) {
        loop {
            let at = queue.next_expiration(self.now_in(cs));
            let furthest = self.now_in(cs) + (1 << 31);
            write(CC_0, at.min(furthest) as u32);
            if self.now_in(cs) + 2 < at {
                return;
            }
        }
    }

    fn now_in(&self, cs: CriticalSection<'_>) -> u64 {
        let (before, mut laps) = self.read.borrow(cs).get();
        write(TASKS_CAPTURE_1, 1);
        let counter = read(CC_1);
        if counter < before {
            laps += 1;
        }
        self.read.borrow(cs).set((counter, laps));
        u64::from(laps) << 32 | u64::from(counter)
    }
}

impl Driver for Nrf {
    fn now(&self) -> u64 {
        critical_section::with(|cs| self.now_in(cs))
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            let mut queue = self.queue.borrow(cs).borrow_mut();
            if queue.schedule_wake(at, waker) {
                self.arm(cs, &mut queue);
            }
        });
    }
}

/// What the handler of the one interrupt does.
pub fn on_timer() {
    write(EVENTS_COMPARE_0, 0);
    critical_section::with(|cs| DRIVER.arm(cs, &mut DRIVER.queue.borrow(cs).borrow_mut()));
}

/// Starts the clock and its alarm.
pub fn start() {
    write(BITMODE, 3);
    write(PRESCALER, 4);
    write(INTENSET, 1 << 16);
    write(TASKS_START, 1);
    // SAFETY: the handler's statics are ready.
    unsafe { NVIC::unmask(Timer0) };
}
