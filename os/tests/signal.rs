//! Signals: every listener hears, also when many come at once.
#![allow(unsafe_code)]

use selkie::runtime::{Builder, Runtime};
use selkie::signal::unix::{SignalKind, signal};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

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
    for number in [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, 0, -1, 1_000] {
        assert!(signal(SignalKind::from_raw(number)).is_err(), "{number}");
    }
}
