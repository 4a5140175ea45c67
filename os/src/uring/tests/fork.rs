//! A forked child submits nothing to its parent's ring, whatever it drops or begins.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use super::operations::{ALL, Fixture, LONG, Operation, drive, limited, pass_until, runtime};
use crate::driver::stub::{CompletionTime, Control, OnCancel, Plan, PlannedOutcome};
use crate::uring::{Buffers, Incoming, Socket};

/// What `child` returns in a forked child, which ends with it.
#[expect(unsafe_code, reason = "there is no other way to fork")]
fn forked(child: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child drops values, counts, and ends; it takes no lock that another thread may hold.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        let status = child();
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    let (mut status, begun) = (-1, Instant::now());
    loop {
        // SAFETY: `pid` is a child of this process, and `status` lives.
        let waited = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) };
        if waited == pid {
            return status;
        }
        if begun.elapsed() > LONG {
            // SAFETY: as above.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        std::thread::yield_now();
    }
}

/// The child's own copy of `value`.
#[expect(unsafe_code, reason = "a fork copies all")]
fn copy_of<T>(value: &T) -> T {
    // SAFETY: used in the child alone, whose other copy is never dropped: it ends by `_exit`.
    unsafe { std::ptr::read(value) }
}

/// One operation, in flight or with its outcome waiting, is dropped in the child.
fn row(what: &str, operation: Operation, fate: Plan) {
    let control = Control::with_first(fate);
    control.install();
    let runtime = runtime();
    runtime.block_on(async {
        let mut scene = Fixture::new(&control, true).await;
        let mut doing = scene.begin(operation);
        let mut polls = 0;
        let ready = poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            match doing.as_mut().poll(cx) {
                Poll::Ready(came) => Poll::Ready(Some(came)),
                Poll::Pending if polls > 3 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        let ready = ready.await;
        let status = forked(|| {
            let before = control.calls();
            let (mine, place) = (copy_of(&doing), copy_of(&scene));
            drop(mine);
            let pair = || std::os::unix::net::UnixStream::pair().unwrap().0;
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let own = (
                Buffers::new(2, 16).map(drop),
                Socket::new(pair()).map(|socket| socket.register()),
                Incoming::new(listener).map(drop),
            );
            drop((own, place));
            i32::from(control.calls() != before)
        });
        assert_eq!(status, 0, "{what}: the child asked something of the ring");
        // It goes on in the parent.
        if ready.is_none() {
            control.release();
            let came = drive(&control, what, doing).await;
            assert_eq!(came, operation.expected(PlannedOutcome::Done), "{what}");
        } else {
            drop(doing);
        }
        pass_until(&control, what, || control.in_flight() == 0).await;
        scene.end(what);
    });
}

#[test]
fn regression_93_a_forked_child_submits_nothing_to_its_parents_ring() {
    for operation in ALL {
        for when in [
            CompletionTime::Early,
            CompletionTime::Late(1),
            CompletionTime::Never,
        ] {
            for on_cancel in [OnCancel::Ends, OnCancel::Misses] {
                let fate = Plan::new(when, PlannedOutcome::Done).on_cancel(on_cancel);
                let what = format!("{operation:?}, {fate:?}");
                limited(&what.clone(), move || row(&what, operation, fate));
            }
        }
    }
}
