//! What a fork and an exec take along.
#![cfg(unix)]
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

use selkie::runtime::{Builder, Runtime};
use selkie::signal::unix::{SignalKind, signal};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn raise(kind: SignalKind) {
    // SAFETY: the signal is handled by whoever raises it here.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

/// Whether a runtime that came along in the fork says so, and can be dropped.
fn says_that_it_is_the_parents(came_along: Runtime) -> bool {
    std::panic::set_hook(Box::new(|_| ()));
    let waited = catch_unwind(AssertUnwindSafe(|| came_along.block_on(async {})));
    drop(came_along);
    let text = waited.unwrap_err();
    text.downcast_ref::<&str>()
        .is_some_and(|text| text.contains("forked from"))
}

/// What the child does with its parent's runtimes; its result is its exit status.
fn in_the_child(parents: [Runtime; 2]) -> i32 {
    if !parents.into_iter().all(says_that_it_is_the_parents) {
        return 2;
    }
    let runtime = runtime();
    runtime.block_on(async {
        let mut own = signal(SignalKind::user_defined2()).unwrap();
        // Handled, since the parent handles it; the parent must not hear of it.
        raise(SignalKind::user_defined1());
        raise(SignalKind::user_defined2());
        own.recv().await.map_or(1, |()| 0)
    })
}

#[test]
fn regression_26_a_forked_childs_runtime_gets_its_own_signals() {
    let parent = runtime();
    let mut heard = parent
        .block_on(async { signal(SignalKind::user_defined1()) })
        .unwrap();
    let mut builder = Builder::new_multi_thread();
    let others = [
        runtime(),
        builder.worker_threads(2).enable_all().build().unwrap(),
    ];
    // SAFETY: this test is the only one of its process, and nothing of the runtimes' threads goes on
    // at this moment, so the child's memory is whole.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let status = in_the_child(others);
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: `child` is a child of this process, and `status` lives.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((waited, status), (child, 0));
    for other in others {
        assert_eq!(other.block_on(other.spawn(async { 7 })).unwrap(), 7);
    }
    parent.block_on(async {
        selkie::task::yield_now().await;
        let mut cx = Context::from_waker(Waker::noop());
        assert!(
            heard.poll_recv(&mut cx).is_pending(),
            "heard a signal of the child"
        );
        raise(SignalKind::user_defined1());
        heard.recv().await.unwrap();
    });
}
