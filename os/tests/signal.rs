//! Signals: every listener hears, also when many come at once.
#![cfg(unix)]
#![allow(unsafe_code)]

mod fixture;

use fixture::runtimes;
use selkie::signal::unix::{SignalKind, signal};

fn raise(kind: SignalKind) {
    // SAFETY: the signal is handled by whoever raises it here.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

#[test]
fn every_listener_hears_once() {
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
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(other.poll_recv(&mut cx).is_pending());
        });
    }
}

#[test]
fn listeners_in_two_runtimes_hear() {
    let [one, two] = runtimes();
    let kind = SignalKind::user_defined2();
    let mut first = one.block_on(async { signal(kind) }).unwrap();
    let mut second = two.block_on(async { signal(kind) }).unwrap();
    raise(kind);
    one.block_on(first.recv()).unwrap();
    two.block_on(second.recv()).unwrap();
}

#[test]
fn what_cannot_be_handled_is_refused() {
    let [runtime, _] = runtimes();
    let _context = runtime.enter();
    let (kept, fault, none) = ("the system keeps it", "a fault", "no such signal");
    for (number, why) in [
        (libc::SIGKILL, kept),
        (libc::SIGSTOP, kept),
        (libc::SIGSEGV, fault),
        (libc::SIGILL, fault),
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
fn real_time_signals_are_heard() {
    for runtime in runtimes() {
        runtime.block_on(async {
            for number in [libc::SIGRTMIN(), libc::SIGRTMAX()] {
                let kind = SignalKind::from_raw(number);
                let mut listener = signal(kind).unwrap();
                raise(kind);
                listener.recv().await.unwrap();
            }
            assert!(signal(SignalKind::from_raw(libc::SIGRTMAX() + 1)).is_err());
        });
    }
}

/// Whether the process does on `kind` what the system does by default.
fn is_default(kind: SignalKind) -> bool {
    // SAFETY: zeros are a `sigaction`.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `sigaction`, and reads none where null is.
    let asked = unsafe { libc::sigaction(kind.as_raw_value(), std::ptr::null(), &mut now) };
    assert_eq!(asked, 0);
    now.sa_sigaction == libc::SIG_DFL
}

#[test]
fn the_last_listener_puts_back_what_stood_before_if_asked() {
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
