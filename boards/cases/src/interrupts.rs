//! Interrupts: what their handlers wake, and executors that are handlers themselves.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use selkie_core::sync::{FixedChannel, Signal};
use selkie_core::time::{Instant, sleep, timeout};

use crate::machine::Machine;
use crate::outcome::{Outcome, check};

static HANDLED: AtomicU32 = AtomicU32::new(0);
static EVENTS: FixedChannel<u32, 4> = FixedChannel::new();

/// What the handler of the suite's interrupt does: sends a number to a task, without waiting.
pub fn on_interrupt() {
    // Relaxed: the one writer is this handler.
    let number = HANDLED.load(Ordering::Relaxed) + 1;
    HANDLED.store(number, Ordering::Relaxed);
    if EVENTS.try_send(number).is_err() {
        // The queue is full: the burst's case counts what arrives.
    }
}

pub(crate) async fn wake(machine: &dyn Machine) -> Outcome {
    for _ in 0..10 {
        let before = HANDLED.load(Ordering::Relaxed);
        machine.interrupt();
        let event = timeout(Duration::from_secs(2), EVENTS.recv()).await;
        check(event == Ok(before + 1), "the handler's number arrives")?;
    }
    Ok(())
}

pub(crate) async fn burst(machine: &dyn Machine) -> Outcome {
    let start = HANDLED.load(Ordering::Relaxed);
    let mut seen = 0;
    for round in 0..20 {
        machine.interrupt();
        // A machine may take a moment to handle it.
        while HANDLED.load(Ordering::Relaxed) <= start + round {
            sleep(Duration::from_millis(1)).await;
        }
        while EVENTS.try_recv().is_some() {
            seen += 1;
        }
    }
    check(seen == 20, "no event of a burst is lost")
}

/// A flag that an urgent task sets, while this one goes on without a wait.
pub(crate) async fn preempt(machine: &dyn Machine) -> Outcome {
    static RAN: AtomicU32 = AtomicU32::new(0);
    let task = async { RAN.store(1, Ordering::Release) };
    check(machine.urgent().spawn(task).is_ok(), "a task finds room")?;
    let start = Instant::now();
    while RAN.load(Ordering::Acquire) == 0 {
        if start.elapsed() > Duration::from_secs(2) {
            return Err("the urgent task ran while this one was polled");
        }
        machine.spin();
    }
    Ok(())
}

/// An urgent task's timer fires while this one spins.
pub(crate) async fn urgent_sleep(machine: &dyn Machine) -> Outcome {
    static TOOK: AtomicU32 = AtomicU32::new(0);
    static DONE: Signal<()> = Signal::new();
    let task = async {
        let start = Instant::now();
        sleep(Duration::from_millis(5)).await;
        let took = start.elapsed().as_micros() as u32;
        TOOK.store(took.max(1), Ordering::Release);
        let _replaced = DONE.signal(());
    };
    check(machine.urgent().spawn(task).is_ok(), "a task finds room")?;
    let start = Instant::now();
    while TOOK.load(Ordering::Acquire) == 0 {
        if start.elapsed() > Duration::from_secs(2) {
            return Err("the urgent task's timer fired while this one was polled");
        }
        machine.spin();
    }
    DONE.wait().await;
    check(
        TOOK.load(Ordering::Acquire) >= 5_000,
        "it slept as long as asked",
    )
}
