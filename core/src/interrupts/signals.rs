//! All scenarios with signals as the interrupts: one may come between any two instructions of thread
//! level that are not in a critical section.
//!
//! Idea        One thread repeats the scenarios, another sends it signals after pauses of random
//!             length, and ends the process if no run ends for a long time.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use super::harness::Scenario;
use super::{executors, fixed, locks, timers, wakes};
use crate::platform::{interrupt, interrupted_by};

/// How long each scenario is repeated.
const EACH: Duration = Duration::from_millis(80);

/// How long one run of a scenario may take, on a machine that is busy.
const MOST_PATIENCE: Duration = Duration::from_secs(60);

/// The signal that is the interrupt.
const SIGNAL: libc::c_int = libc::SIGUSR2;

extern "C" fn on_signal(_signal: libc::c_int) {
    interrupt();
}

#[allow(unsafe_code)]
fn install() {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: zeroes are a valid action: the default one, without flags.
    let action = unsafe { action.assume_init_mut() };
    action.sa_sigaction = on_signal as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the action is initialised, and its handler touches atomics only outside of the
    // scenarios, whose critical sections it respects.
    let set = unsafe { libc::sigaction(SIGNAL, action, core::ptr::null_mut()) };
    assert_eq!(set, 0, "the handler is installed");
}

/// What the two threads share.
#[derive(Default)]
struct Progress {
    is_over: AtomicBool,
    /// Runs that have ended.
    runs: AtomicUsize,
    /// Handlers that have run.
    handled: AtomicUsize,
}

/// Sends the signal to `thread` again and again, after pauses of all lengths.
#[allow(unsafe_code)]
fn send_signals(thread: libc::pthread_t, progress: &Progress) {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut last_run, mut since) = (usize::MAX, Instant::now());
    while !progress.is_over.load(SeqCst) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        for _ in 0..random % 4_096 {
            core::hint::spin_loop();
        }
        // SAFETY: the thread waits for this one before it ends.
        let sent = unsafe { libc::pthread_kill(thread, SIGNAL) };
        assert_eq!(sent, 0, "the thread lives");
        let runs = progress.runs.load(SeqCst);
        if runs != last_run {
            (last_run, since) = (runs, Instant::now());
        } else if since.elapsed() > MOST_PATIENCE {
            eprintln!("a scenario hangs: no run ended in {MOST_PATIENCE:?}");
            std::process::abort();
        }
    }
}

fn repeat<S: Scenario>(progress: &Progress) {
    let end = Instant::now() + EACH;
    while Instant::now() < end {
        let scenario = S::new();
        let handler = || {
            progress.handled.fetch_add(1, SeqCst);
            scenario.interrupt();
        };
        interrupted_by(&handler, 0, || scenario.thread());
        scenario.check();
        progress.runs.fetch_add(1, SeqCst);
    }
}

fn without_heap(progress: &Progress) {
    repeat::<wakes::CellWokenByHandler>(progress);
    repeat::<wakes::CellWokenByThread>(progress);
    repeat::<wakes::SignalFromHandler>(progress);
    repeat::<wakes::SignalFromThread>(progress);
    repeat::<wakes::NotifiedByHandler>(progress);
    repeat::<wakes::NotifiedByThread>(progress);
    repeat::<fixed::ChannelFromHandler>(progress);
    repeat::<fixed::ChannelFromThread>(progress);
    repeat::<fixed::BidirectionalWatch>(progress);
    repeat::<fixed::BidirectionalQueue>(progress);
    repeat::<locks::Permits>(progress);
    repeat::<locks::SharedLocks>(progress);
    repeat::<timers::Alarm>(progress);
    repeat::<executors::SpawnScenario>(progress);
    repeat::<executors::Inversion<0>>(progress);
    repeat::<executors::Inversion<2>>(progress);
    repeat::<executors::Inversion<3>>(progress);
}

#[cfg(feature = "alloc")]
fn with_heap(progress: &Progress) {
    use super::{channels, heap};

    repeat::<channels::QueueReadByHandler>(progress);
    repeat::<channels::QueueToUrgentTask>(progress);
    repeat::<channels::UnboundedFromHandler>(progress);
    repeat::<channels::Broadcast<1>>(progress);
    repeat::<channels::Broadcast<2>>(progress);
    repeat::<channels::OneValue>(progress);
    repeat::<heap::Heap>(progress);
    repeat::<heap::UrgentHeap>(progress);
}

#[cfg(not(feature = "alloc"))]
fn with_heap(_progress: &Progress) {}

#[test]
#[allow(unsafe_code)]
fn every_protocol_holds_when_signals_interrupt_it() {
    install();
    let progress = Arc::<Progress>::default();
    // SAFETY: no precondition.
    let this = unsafe { libc::pthread_self() };
    let sender = thread::spawn({
        let progress = progress.clone();
        move || send_signals(this, &progress)
    });
    let result = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        without_heap(&progress);
        with_heap(&progress);
    }));
    progress.is_over.store(true, SeqCst);
    sender.join().expect("signals were sent");
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
    let (runs, handled) = (progress.runs.load(SeqCst), progress.handled.load(SeqCst));
    println!("{runs} runs, {handled} interrupts");
    assert!(handled > 0, "{runs} runs, and no signal came");
}
