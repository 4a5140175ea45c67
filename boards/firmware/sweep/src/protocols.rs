//! The protocols that are swept: what thread mode does, what the interrupt does, and what must hold then.

use core::future::{Future, poll_fn};
use core::task::Poll;
use core::time::Duration;

use selkie_core::executor::ChipPark;
use selkie_core::sync::{FixedChannel, FixedPipe, Notify, Signal};
use selkie_core::time::{Instant, sleep, timeout};

use crate::chip::Chip;
use crate::injection::Action;

type Outcome = Result<(), &'static str>;

/// One protocol.
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    /// What thread mode does; it ends after the interrupt has come.
    pub(crate) thread: fn(&'static dyn Chip) -> Outcome,
    /// What the interrupt's handler does.
    pub(crate) action: Action,
}

pub(crate) static PROTOCOLS: [Protocol; 7] = [
    Protocol {
        name: "a wake, while the executor goes to sleep",
        thread: wait_for_signal,
        action: |_| {
            let _replaced = SIGNAL.signal(7);
        },
    },
    Protocol {
        name: "a wake of a task that wakes itself",
        thread: yield_and_wait,
        action: |_| NOTIFY.notify_one(),
    },
    Protocol {
        name: "a spawn during a spawn",
        thread: spawn_two,
        action: |chip| {
            if chip.executor().spawn(DONE.send(2)).is_err() {
                // The thread then waits for it in vain, and says so.
            }
        },
    },
    Protocol {
        name: "an alarm, while a timer is made, dropped and waited for",
        thread: sleep_and_cancel,
        action: |chip| {
            chip.fire_alarm();
            NOTIFY.notify_one();
        },
    },
    Protocol {
        name: "an urgent task's timer, while one is made",
        thread: sleep_beside_urgent,
        action: |chip| {
            let task = async {
                let begun = Instant::now();
                sleep(Duration::from_micros(20)).await;
                // An alarm that was armed for the other timer comes later than that.
                let is_late = begun.elapsed() > Duration::from_millis(1);
                DONE.send(if is_late { 4 } else { 3 }).await;
            };
            if chip.urgent().spawn(task).is_err() {
                // As above.
            }
        },
    },
    Protocol {
        name: "a value sent, while others are sent and received",
        thread: send_and_receive,
        action: |_| {
            if NUMBERS.try_send(100).is_err() {
                DROPPED.notify_one();
            }
        },
    },
    Protocol {
        name: "bytes written, while others are read",
        thread: read_bytes,
        action: |_| {
            // There is room: the reader takes what comes.
            let _written = BYTES.try_write(b"xy");
        },
    },
];

static SIGNAL: Signal<u32> = Signal::new();
static NOTIFY: Notify = Notify::const_new();
static DROPPED: Notify = Notify::const_new();
static DONE: FixedChannel<u32, 4> = FixedChannel::new();
static NUMBERS: FixedChannel<u32, 2> = FixedChannel::new();
static BYTES: FixedPipe<8> = FixedPipe::new();

/// Longer than each protocol takes.
const LIMIT: Duration = Duration::from_millis(500);

fn check(holds: bool, what: &'static str) -> Outcome {
    if holds { Ok(()) } else { Err(what) }
}

/// Runs `future` on the chip's executor; a wake that is lost ends at the limit.
fn block_on<F: Future<Output = Outcome>>(chip: &'static dyn Chip, future: F) -> Outcome {
    let limited = async {
        // The alarm ends the sleep of a chip that has missed its wake, and then what it waited for is there: so its time tells.
        let begun = Instant::now();
        let outcome = timeout(LIMIT, future).await.unwrap_or(Err("it ends"));
        check(begun.elapsed() < LIMIT, "no wake is lost")?;
        outcome
    };
    chip.executor()
        .block_on(&mut ChipPark::new(chip.sleep()), limited)
}

fn wait_for_signal(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        check(SIGNAL.wait().await == 7, "the value arrives")
    })
}

fn yield_and_wait(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        for _ in 0..3 {
            let mut has_yielded = false;
            poll_fn(|cx| {
                if has_yielded {
                    return Poll::Ready(());
                }
                has_yielded = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        NOTIFY.notified().await;
        Ok(())
    })
}

fn spawn_two(chip: &'static dyn Chip) -> Outcome {
    let spawned = chip.executor().spawn(DONE.send(1)).is_ok();
    check(spawned, "a task finds room")?;
    block_on(chip, async {
        let both = (DONE.recv().await, DONE.recv().await);
        check(matches!(both, (1, 2) | (2, 1)), "both tasks run once")
    })?;
    check(!chip.executor().has_ready(), "nobody is left")
}

fn sleep_and_cancel(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        // Made, and dropped before its time.
        let cancelled = timeout(Duration::from_micros(400), async {}).await;
        check(cancelled.is_ok(), "what is ready is not cut off")?;
        let begun = Instant::now();
        let wait = Duration::from_micros(20);
        sleep(wait).await;
        check(begun.elapsed() >= wait, "no sleep ends early")?;
        check(begun.elapsed() < 20 * wait, "a sleep ends in time")?;
        NOTIFY.notified().await;
        Ok(())
    })
}

fn sleep_beside_urgent(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        let begun = Instant::now();
        let wait = Duration::from_millis(2);
        sleep(wait).await;
        check(begun.elapsed() >= wait, "no sleep ends early")?;
        check(begun.elapsed() < 20 * wait, "a sleep ends in time")?;
        check(
            DONE.recv().await == 3,
            "the urgent task's timer ends in time",
        )
    })
}

fn send_and_receive(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        let mut sum = 0;
        for number in 1..4 {
            NUMBERS.send(number).await;
            sum += NUMBERS.recv().await;
        }
        // What the handler sent, or what it could not send: one of the two comes.
        let all = async {
            while sum < 106 {
                sum += NUMBERS.recv().await;
            }
        };
        let mut all = core::pin::pin!(all);
        let mut dropped = core::pin::pin!(DROPPED.notified());
        poll_fn(|cx| {
            if dropped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            all.as_mut().poll(cx)
        })
        .await;
        check(NUMBERS.is_empty(), "nothing is left")
    })
}

fn read_bytes(chip: &'static dyn Chip) -> Outcome {
    block_on(chip, async {
        let mut read = 0;
        let mut others = 0;
        check(BYTES.try_write(b"ab") == 2, "there is room")?;
        while read < 4 {
            let mut bytes = [0; 3];
            let count = BYTES.read(&mut bytes).await;
            read += count;
            others += bytes[..count]
                .iter()
                .filter(|byte| b"xy".contains(byte))
                .count();
        }
        check(others == 2 && BYTES.is_empty(), "each byte is read once")
    })
}
