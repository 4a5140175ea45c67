//! Channels and locks that need no heap.

use selkie_core::spawn;
use selkie_core::sync::{FixedChannel, Mutex, Notify, Signal};
use selkie_core::task::yield_now;

use crate::outcome::{Outcome, check};

pub(crate) async fn queue() -> Outcome {
    static NUMBERS: FixedChannel<u32, 4> = FixedChannel::new();
    let sender = async {
        for number in 0..50 {
            NUMBERS.send(number).await;
        }
    };
    check(spawn(sender).is_ok(), "a task finds room")?;
    for number in 0..50 {
        check(NUMBERS.recv().await == number, "first in, first out")?;
    }
    yield_now().await;
    Ok(())
}

pub(crate) async fn limit() -> Outcome {
    static NUMBERS: FixedChannel<u32, 2> = FixedChannel::new();
    check(NUMBERS.try_send(1).is_ok(), "below the limit")?;
    check(NUMBERS.try_send(2).is_ok(), "at the limit")?;
    match NUMBERS.try_send(3) {
        Ok(()) => return Err("one past the limit is refused"),
        Err(full) => check((full.value, full.capacity) == (3, 2), "it comes back")?,
    }
    let both = (NUMBERS.recv().await, NUMBERS.recv().await);
    check(both == (1, 2), "what was sent is there")
}

pub(crate) async fn signal() -> Outcome {
    static SIGNAL: Signal<u32> = Signal::new();
    let sender = async {
        let _replaced = SIGNAL.signal(17);
    };
    check(spawn(sender).is_ok(), "a task finds room")?;
    check(SIGNAL.wait().await == 17, "the value arrives")
}

pub(crate) async fn mutex() -> Outcome {
    static SUM: Mutex<u32> = Mutex::const_new(0);
    static DONE: FixedChannel<(), 4> = FixedChannel::new();
    for _ in 0..3 {
        let adder = async {
            for _ in 0..10 {
                let mut sum = SUM.lock().await;
                let before = *sum;
                yield_now().await;
                *sum = before + 1;
            }
            DONE.send(()).await;
        };
        check(spawn(adder).is_ok(), "three tasks find room")?;
    }
    for _ in 0..3 {
        DONE.recv().await;
    }
    yield_now().await;
    check(*SUM.lock().await == 30, "no addition is lost")
}

pub(crate) async fn notify() -> Outcome {
    static NOTIFY: Notify = Notify::const_new();
    let notifier = async { NOTIFY.notify_one() };
    check(spawn(notifier).is_ok(), "a task finds room")?;
    NOTIFY.notified().await;
    Ok(())
}
