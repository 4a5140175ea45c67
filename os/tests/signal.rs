//! Signals: every listener receives them, also when many come at once.
#![cfg(unix)]
#![allow(unsafe_code)]

mod fixture;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use fixture::{alone, runtimes};
use selkie::signal::ctrl_c;
use selkie::signal::unix::{Signal, SignalKind, signal};
use selkie::time::timeout;

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);
/// After which no more signals come.
const SHORT: Duration = Duration::from_millis(5);

/// Waits for a signal that was raised.
async fn hear(listener: &mut Signal) {
    let heard = timeout(LONG, listener.recv()).await;
    assert_eq!(heard.expect("a signal that was raised"), Some(()));
}

/// Whether nothing has come since it was asked last.
fn is_quiet(listener: &mut Signal) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    listener.poll_recv(&mut cx).is_pending()
}

fn raise(kind: SignalKind) {
    // SAFETY: the signal is handled by whoever raises it here.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

#[test]
fn every_listener_receives_a_signal_once() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let kind = SignalKind::user_defined1();
            let mut one = signal(kind).unwrap();
            let mut two = signal(kind).unwrap();
            let mut other = signal(SignalKind::hangup()).unwrap();
            for _ in 0..100 {
                raise(kind);
                raise(kind);
                one.recv().await.unwrap();
                two.recv().await.unwrap();
            }
            assert!(is_quiet(&mut other));
        });
    }
}

#[test]
fn listeners_in_two_runtimes_receive_a_signal() {
    let _alone = alone();
    let [one, two] = runtimes();
    let kind = SignalKind::user_defined2();
    let mut first = one.block_on(async { signal(kind) }).unwrap();
    let mut second = two.block_on(async { signal(kind) }).unwrap();
    raise(kind);
    one.block_on(first.recv()).unwrap();
    two.block_on(second.recv()).unwrap();
}

#[test]
fn signals_that_cannot_be_handled_are_refused() {
    let [runtime, _] = runtimes();
    let _context = runtime.enter();
    let (kept, fault, none) = ("the system keeps it", "a fault", "no such signal");
    for (number, why) in [
        (libc::SIGKILL, kept),
        (libc::SIGSTOP, kept),
        (libc::SIGSEGV, fault),
        (libc::SIGILL, fault),
        (libc::SIGFPE, fault),
        (0, none),
        (-1, none),
        (1_000, none),
    ] {
        let error = signal(SignalKind::from_raw(number)).unwrap_err();
        assert!(error.to_string().contains(why), "{number}: {error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_real_time_signal_is_received() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut others = signal(SignalKind::from_raw(libc::SIGRTMIN())).unwrap();
            for number in libc::SIGRTMIN()..=libc::SIGRTMAX() {
                let kind = SignalKind::from_raw(number);
                let mut listener = signal(kind).unwrap();
                raise(kind);
                hear(&mut listener).await;
                // Nobody else has heard it.
                assert_eq!(is_quiet(&mut others), number != libc::SIGRTMIN());
            }
            let past = signal(SignalKind::from_raw(libc::SIGRTMAX() + 1)).unwrap_err();
            assert!(past.to_string().contains("no such signal"), "{past}");
            // The C library keeps these for its threads.
            for number in 32..libc::SIGRTMIN() {
                assert!(signal(SignalKind::from_raw(number)).is_err(), "{number}");
            }
        });
    }
}

#[test]
fn every_signal_kind_that_has_a_name_is_received() {
    let kinds = [
        SignalKind::alarm(),
        SignalKind::child(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::io(),
        SignalKind::pipe(),
        SignalKind::quit(),
        SignalKind::terminate(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
        SignalKind::window_change(),
    ];
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            for kind in kinds {
                let mut listener = signal(kind).unwrap().restore_when_last();
                raise(kind);
                hear(&mut listener).await;
                drop(listener);
                // Which it is, came with this process: nohup ignores a hangup, and std a broken pipe.
                assert!([libc::SIG_DFL, libc::SIG_IGN].contains(&handler(kind)));
            }
        });
    }
}

#[test]
fn an_interrupt_is_ctrl_c() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            for _ in 0..3 {
                let mut waiting = pin!(ctrl_c());
                let mut cx = Context::from_waker(Waker::noop());
                assert!(waiting.as_mut().poll(&mut cx).is_pending());
                raise(SignalKind::interrupt());
                timeout(LONG, waiting).await.unwrap().unwrap();
            }
        });
    }
}

#[test]
fn a_burst_is_received_at_least_once_and_the_next_signal_too() {
    const BURST: usize = 10_000;
    // Real-time signals of one number are queued: the handler runs for each.
    let kind = SignalKind::from_raw(libc::SIGRTMAX() - 1);
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut listener = signal(kind).unwrap();
            for round in 0..3 {
                // More than the handler's socket holds, and nobody reads it.
                (0..BURST).for_each(|_| raise(kind));
                hear(&mut listener).await;
                let mut heard = 1;
                while timeout(SHORT, listener.recv()).await.is_ok() {
                    heard += 1;
                }
                assert!(heard <= BURST, "round {round}: {heard} of {BURST}");
                raise(kind);
                hear(&mut listener).await;
                assert!(is_quiet(&mut listener), "round {round}: heard one twice");
            }
        });
    }
}

/// What the process does on `kind`.
fn handler(kind: SignalKind) -> libc::sighandler_t {
    // SAFETY: zeros are a `sigaction`.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `sigaction`, and reads none where null is.
    let asked = unsafe { libc::sigaction(kind.as_raw_value(), std::ptr::null(), &mut now) };
    assert_eq!(asked, 0);
    now.sa_sigaction
}

/// Whether the process does on `kind` what the system does by default.
fn is_default(kind: SignalKind) -> bool {
    handler(kind) == libc::SIG_DFL
}

#[test]
fn the_last_listener_restores_the_old_handler_if_requested() {
    let _alone = alone();
    // Signals that no other test of this program listens to.
    let (kind, kept) = (SignalKind::alarm(), SignalKind::window_change());
    for runtime in runtimes() {
        runtime.block_on(async {
            assert!(is_default(kind));
            let restoring = signal(kind).unwrap().restore_when_last();
            let mut other = signal(kind).unwrap();
            drop(restoring);
            assert!(!is_default(kind));
            raise(kind);
            other.recv().await.unwrap();
            drop(other);
            assert!(is_default(kind));
            // The next listener hears again, and does not restore unless it is asked.
            let mut again = signal(kind).unwrap();
            raise(kind);
            again.recv().await.unwrap();
            drop(again);
            assert!(!is_default(kind));
            drop(signal(kind).unwrap().restore_when_last());
            assert!(is_default(kind));
            drop(signal(kept).unwrap());
            assert!(!is_default(kept));
        });
    }
}
