//! A refusal that may pass is tried again later; only a final refusal is remembered.

use std::io::ErrorKind;
use std::task::{Context, Waker};
use std::time::Instant;

use super::operations::{Fixture, LONG, Operation, TEXT, drive, limited, pass_until, runtime};
use crate::driver::stub::{CompletionTime, Control, Plan, PlannedOutcome};
use crate::fs::File;
use crate::uring::{Buffers, Socket};

const PASSING: [i32; 7] = [
    libc::EMFILE,
    libc::ENFILE,
    libc::ENOMEM,
    libc::EAGAIN,
    libc::EINTR,
    libc::EBUSY,
    libc::ENOSPC,
];
const FINAL: [i32; 4] = [libc::ENOSYS, libc::EPERM, libc::EACCES, libc::EOPNOTSUPP];

fn at_once() -> Control {
    Control::new(|_| Plan::new(CompletionTime::Early, PlannedOutcome::Done))
}

/// Where a ring is refused as it is made.
type RefuseFunction = fn(&Control, i32);

const PLACES: [(&str, RefuseFunction); 2] = [
    ("made", |control, errno| control.refuse_rings([errno])),
    ("probed", |control, errno| control.refuse_probes([errno])),
];

/// Regression 90: the first ring was refused for the runtime's life by whatever error.
#[test]
fn regression_90_a_ring_that_was_refused_once_is_made_for_the_next_caller() {
    for errno in PASSING {
        for (place, refuse) in PLACES {
            let what = format!("a ring that is not {place} for error {errno}");
            limited(&what, move || {
                let control = at_once();
                control.install();
                refuse(&control, errno);
                runtime().block_on(async {
                    let error = Buffers::new(1, 64).unwrap_err();
                    if errno == libc::ENOMEM {
                        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                    } else {
                        assert_eq!(error.raw_os_error(), Some(errno));
                    }
                    Buffers::new(1, 64).unwrap();
                });
                assert_eq!(control.left(), 0);
            });
        }
    }
}

/// A file that can do without a ring does, and gets one later.
#[test]
fn regression_90_a_file_gets_a_ring_after_a_transient_refusal() {
    for errno in PASSING {
        limited("a file", move || {
            let control = at_once();
            control.install();
            control.refuse_rings([errno, errno]);
            let name = format!("selkie-passing-{}-{errno}", std::process::id());
            let path = std::env::temp_dir().join(name);
            runtime().block_on(async {
                let file = File::create(&path).await.unwrap();
                let begun = Instant::now();
                while control.taken() == 0 {
                    assert_eq!(file.write_at(TEXT, 0).await.0.unwrap(), TEXT.len());
                    assert!(begun.elapsed() < LONG, "{errno}: no ring is asked for");
                }
            });
            assert_eq!(std::fs::read(&path).unwrap(), TEXT);
            std::fs::remove_file(path).unwrap();
        });
    }
}

#[test]
fn a_permanent_refusal_is_remembered() {
    for errno in FINAL {
        limited("a final refusal", move || {
            let control = at_once();
            control.install();
            control.refuse_rings([errno; 4]);
            runtime().block_on(async {
                for _ in 0..3 {
                    let error = Buffers::new(1, 64).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{errno}: {error}");
                }
            });
            assert_eq!(control.left(), 3, "asked once");
        });
    }
}

/// Without the flags of later kernels, and refused for now as it is made without them.
#[test]
fn regression_90_the_ring_of_an_old_kernel_may_be_refused_for_a_while() {
    limited("an old kernel", || {
        let control = at_once();
        control.install();
        control.refuse_rings([libc::EINVAL, libc::EMFILE, libc::EINVAL]);
        runtime().block_on(async {
            let error = Buffers::new(1, 64).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
            Buffers::new(1, 64).unwrap();
        });
    });
}

/// An operation that the system cannot do by a ring is done by the pool, and the next is tried by the ring.
#[test]
fn regression_90_an_operation_that_the_ring_cannot_do_is_tried_again() {
    let errnos = [libc::EINVAL, libc::EOPNOTSUPP, libc::EAGAIN, libc::ENOMEM];
    for operation in [Operation::ReadAt, Operation::WriteAt, Operation::SyncAll] {
        for errno in errnos {
            let what = format!("{operation:?}, {errno}");
            limited(&what.clone(), move || {
                let control = Control::with_first(Plan::new(
                    CompletionTime::Early,
                    PlannedOutcome::Fails(errno),
                ));
                control.install();
                runtime().block_on(async {
                    let mut scene = Fixture::new(&control, false).await;
                    let first = scene.begin(operation);
                    let came = drive(&control, &what, first).await;
                    assert_eq!(
                        came,
                        operation.expected(PlannedOutcome::Fails(errno)),
                        "{what}"
                    );
                    let before = control.taken();
                    let next = scene.begin(operation);
                    let came = drive(&control, &what, next).await;
                    assert_eq!(came, operation.expected(PlannedOutcome::Done), "{what}");
                    assert_eq!(control.taken(), before + 1, "{what}: by the ring");
                    scene.end(&what);
                });
            });
        }
    }
}

/// Regression 90: a place of the table that the system did not empty at once kept its file open, and was
/// taken, for the ring's life.
#[test]
fn regression_90_a_file_table_that_was_refused_once_is_tried_again() {
    for errno in [libc::ENOMEM, libc::EINTR, libc::EAGAIN, libc::EBUSY] {
        limited("a table", move || {
            let control = at_once();
            control.install();
            runtime().block_on(async {
                let mut scene = Fixture::new(&control, false).await;
                let pair = || std::os::unix::net::UnixStream::pair().unwrap().0;
                let [first, second] = [(), ()].map(|()| Socket::new(pair()).unwrap());
                // No table, then no place in it.
                control.refuse_registering([errno, 0, errno]);
                for _ in 0..2 {
                    let error = first.register().unwrap_err();
                    assert_eq!(error.raw_os_error(), Some(errno));
                }
                first.register().unwrap();
                assert_eq!(control.files(), 1);
                control.refuse_registering([errno]);
                drop(first);
                assert_eq!(control.files(), 1, "it was refused");
                second.register().unwrap();
                assert_eq!(control.files(), 1, "the first is gone");
                drop(second);
                assert_eq!(control.files(), 0);
                // And buffers.
                control.refuse_registering([errno]);
                let error = Buffers::new(2, 16).unwrap_err();
                assert_eq!(error.raw_os_error(), Some(errno));
                Buffers::new(2, 16).unwrap();
                let next = scene.begin(Operation::Receive);
                let came = drive(&control, "a receive", next).await;
                assert_eq!(came, Ok(TEXT.len()));
                scene.end("a table");
            });
        });
    }
}

/// Regression 90: a ring that the system did not take entries by for a while was broken for good.
#[test]
fn regression_90_a_ring_that_takes_nothing_for_now_takes_more_later() {
    for errno in [libc::EAGAIN, libc::EINTR, libc::EBUSY, libc::ENOMEM] {
        for refusals in [1, 99, 100, 101, 105] {
            for operation in super::operations::ALL {
                let what = format!("{operation:?}, refused {refusals} times by {errno}");
                limited(&what.clone(), move || {
                    let control = at_once();
                    control.install();
                    runtime().block_on(async {
                        let mut scene = Fixture::new(&control, false).await;
                        control.refuse_entering(std::iter::repeat_n(errno, refusals));
                        for _ in 0..2 {
                            let doing = scene.begin(operation);
                            let came = drive(&control, &what, doing).await;
                            assert_eq!(came, operation.expected(PlannedOutcome::Done), "{what}");
                            scene.assert_effect(operation, &came);
                            pass_until(&control, &what, || control.in_flight() == 0).await;
                            scene.renew();
                        }
                        scene.end(&what);
                    });
                });
            }
        }
    }
}

/// While the system takes nothing, files do without the ring.
#[test]
fn a_file_waits_for_no_ring_that_is_backing_off() {
    limited("a held-up ring", || {
        let control = at_once();
        control.install();
        runtime().block_on(async {
            let mut scene = Fixture::new(&control, false).await;
            // The first send is held up, for as long as this takes.
            control.refuse_entering(std::iter::repeat_n(libc::ENOMEM, 1_000_000));
            let sending = crate::spawn(scene.begin(Operation::Send));
            pass_until(&control, "the send", || control.enters() > 100).await;
            for operation in [Operation::WriteAt, Operation::ReadAt, Operation::SyncAll] {
                let doing = scene.begin(operation);
                let came = drive(&control, "beside a held-up ring", doing).await;
                assert_eq!(came, operation.expected(PlannedOutcome::Done));
            }
            assert!(!sending.is_finished(), "the system takes nothing");
            control.relent();
            assert_eq!(sending.await.unwrap(), Ok(TEXT.len()));
            scene.end("a held-up ring");
        });
    });
}

/// An operation that ends for nothing at once, each time, was restarted for ever within one poll.
#[test]
fn a_poll_ends_though_each_operation_ends_without_a_result() {
    let errnos = [libc::EAGAIN, libc::EINTR, libc::ECANCELED];
    for operation in [Operation::Accept, Operation::Receive, Operation::Send] {
        for errno in errnos {
            limited(&format!("{operation:?}, {errno}"), move || {
                let control = Control::new(move |_| {
                    Plan::new(CompletionTime::Early, PlannedOutcome::Fails(errno))
                });
                control.install();
                let runtime = runtime();
                let mut scene = runtime.block_on(Fixture::new(&control, false));
                // No worker: what is begun here is submitted here, and is over at once.
                let _entered = runtime.enter();
                let mut doing = scene.begin(operation);
                let mut cx = Context::from_waker(Waker::noop());
                for _ in 0..3 {
                    assert!(doing.as_mut().poll(&mut cx).is_pending());
                }
                assert!(control.taken() < 200, "{} were begun", control.taken());
                control.plan(|_| Plan::new(CompletionTime::Early, PlannedOutcome::Done));
                assert!(doing.as_mut().poll(&mut cx).is_ready());
                drop(doing);
                scene.end("ended for nothing");
            });
        }
    }
}
