//! The limits of an arena, on an executor of its own, which is polled by hand.

use core::future::pending;
use core::sync::atomic::{AtomicU32, Ordering};

use selkie_core::executor::{Arena, Executor, Refusal};
use selkie_core::park::Unpark;
use selkie_core::sync::Signal;

use crate::outcome::{Outcome, check};

/// Wakes nothing: the executor is polled by hand.
struct NoUnpark;

impl Unpark for NoUnpark {
    fn unpark(&self) {}
}

pub(crate) fn full() -> Outcome {
    static ARENA: Arena<3, 32> = Arena::new();
    static EXECUTOR: Executor = Executor::new(&NoUnpark, &ARENA);
    static GATE: Signal<()> = Signal::new();
    for _ in 0..2 {
        check(EXECUTOR.spawn(pending()).is_ok(), "below the limit")?;
    }
    check(EXECUTOR.spawn(GATE.wait()).is_ok(), "at the limit")?;
    EXECUTOR.poll_ready();
    let refused = match EXECUTOR.spawn(pending()) {
        Ok(()) => return Err("one past the limit is refused"),
        Err(refused) => refused,
    };
    check(
        refused.refusal == Refusal::Full { slots: 3 },
        "the refusal says the limit",
    )?;
    GATE.signal(());
    EXECUTOR.poll_ready();
    check(
        EXECUTOR.spawn(refused.future).is_ok(),
        "the same future finds room when a task has ended",
    )
}

pub(crate) fn reused() -> Outcome {
    static ARENA: Arena<1, 32> = Arena::new();
    static EXECUTOR: Executor = Executor::new(&NoUnpark, &ARENA);
    static RAN: AtomicU32 = AtomicU32::new(0);
    for round in 0..100 {
        let task = async {
            RAN.store(RAN.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        };
        check(EXECUTOR.spawn(task).is_ok(), "the slot is free again")?;
        EXECUTOR.poll_ready();
        check(RAN.load(Ordering::Relaxed) == round + 1, "the task ran")?;
    }
    check(ARENA.is_empty(), "nothing is left")
}

pub(crate) fn too_large() -> Outcome {
    static ARENA: Arena<1, 32> = Arena::new();
    static EXECUTOR: Executor = Executor::new(&NoUnpark, &ARENA);
    let large = [0_u8; 64];
    let refused = EXECUTOR.spawn(async move {
        pending::<()>().await;
        let _used = large;
    });
    match refused {
        Ok(()) => Err("a future larger than a slot is refused"),
        Err(refused) => check(
            matches!(refused.refusal, Refusal::TooLarge { bytes, slot_bytes: 32 } if bytes >= 64),
            "the refusal says the sizes",
        ),
    }
}
