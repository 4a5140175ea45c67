//! Each operation with each completion, on each kind of ring: a table of all combinations.

use super::operations::{
    ALL, COUNT, Fixture, Operation, drive, give_up, limited, pass_until, runtime,
};
use crate::driver::stub::{CompletionTime, Control, OnCancel, Plan, PlannedOutcome};

/// A ring, by what it makes hard.
type MakeRing = fn(Plan) -> Control;

/// PlannedOutcome rings take entries and keep completions.
const RINGS: [(&str, MakeRing); 7] = [
    ("a plain ring", plain),
    ("a queue with room for one completion", |fate| {
        plain(fate).room(1)
    }),
    ("one entry taken at a time", |fate| plain(fate).batch(1)),
    ("busy while completions wait", |fate| plain(fate).strict()),
    ("entering refused for a while", |fate| {
        let control = plain(fate);
        control.refuse_entering([
            libc::EAGAIN,
            libc::EINTR,
            libc::EBUSY,
            libc::ENOMEM,
            libc::EINTR,
        ]);
        control
    }),
    ("several buffers in a completion", |fate| {
        plain(fate).bundles(true)
    }),
    ("entering refused for long", |fate| {
        let control = plain(fate);
        control.refuse_entering(std::iter::repeat_n(libc::EAGAIN, 102));
        control
    }),
];

fn plain(fate: Plan) -> Control {
    Control::with_first(fate).watches()
}

const WHENS: [CompletionTime; 3] = [
    CompletionTime::Early,
    CompletionTime::Late(1),
    CompletionTime::Late(7),
];

const HOWS: [PlannedOutcome; 14] = [
    PlannedOutcome::Done,
    PlannedOutcome::Short,
    PlannedOutcome::Zero,
    PlannedOutcome::Fails(libc::EIO),
    PlannedOutcome::Fails(libc::EAGAIN),
    PlannedOutcome::Fails(libc::EINTR),
    PlannedOutcome::Fails(libc::ENOMEM),
    PlannedOutcome::Fails(libc::ENOBUFS),
    PlannedOutcome::Fails(libc::ECANCELED),
    PlannedOutcome::Fails(libc::EINVAL),
    PlannedOutcome::Fails(libc::EOPNOTSUPP),
    PlannedOutcome::DoneButFails(libc::ECANCELED),
    PlannedOutcome::FailsWithBuffer(libc::EIO),
    PlannedOutcome::FailsWithBuffer(libc::ECANCELED),
];

/// Whether the system may tell this of the operation.
fn can_be(operation: Operation, how: PlannedOutcome) -> bool {
    match how {
        // A descriptor of zero would be the program's own.
        PlannedOutcome::Zero => operation != Operation::Accept,
        // Of what goes over a socket nothing is undone, so nothing is reported but what was done.
        PlannedOutcome::DoneButFails(_) => operation.is_of_file(),
        PlannedOutcome::FailsWithBuffer(_) => operation == Operation::Receive,
        // It has no buffer for what arrived only if the program has them all; see `starved`.
        PlannedOutcome::Fails(libc::ENOBUFS) => operation != Operation::Receive,
        _ => true,
    }
}

/// The fates of an operation that is waited for.
fn fates(operation: Operation) -> impl Iterator<Item = Plan> {
    let plain = HOWS
        .into_iter()
        .filter(move |&how| can_be(operation, how))
        .flat_map(|how| WHENS.map(|when| Plan::new(when, how)));
    let ending = WHENS
        .into_iter()
        .filter(move |_| operation.has_several())
        .map(|when| Plan::new(when, PlannedOutcome::Done).ends_after(1));
    let notices = WHENS
        .into_iter()
        .filter(move |_| operation == Operation::SendZeroCopy)
        .flat_map(|when| {
            WHENS.map(|notification| {
                Plan::new(when, PlannedOutcome::Done).notification(notification)
            })
        });
    plain.chain(ending).chain(notices)
}

/// One row of operations that are waited for; `named` if the socket stands in the ring's table.
fn row(what: &str, operation: Operation, fate: Plan, ring: MakeRing, named: bool) {
    let control = ring(fate);
    control.install();
    let runtime = runtime();
    runtime.block_on(async {
        let mut scene = Fixture::new(&control, named).await;
        let doing = scene.begin(operation);
        let came = drive(&control, what, doing).await;
        assert_eq!(came, operation.expected(fate.how), "{what}");
        scene.assert_effect(operation, &came);
        // What was begun for the row goes on or ends: either way it is over by now, or is cancelled.
        pass_until(&control, what, || control.in_flight() == 0).await;
        scene.renew();
        let next = scene.begin(operation);
        let came = drive(&control, what, next).await;
        assert_eq!(
            came,
            operation.expected(PlannedOutcome::Done),
            "the next of {what}"
        );
        scene.assert_effect(operation, &came);
        pass_until(&control, what, || control.in_flight() == 0).await;
        scene.assert_nothing_lost(what);
        scene.end(what);
    });
    drop(runtime);
    assert_eq!(control.files(), 0, "{what}: files in the table");
    control.remove();
}

#[test]
fn each_completion_leads_to_the_documented_result() {
    let mut rows = 0;
    for operation in ALL {
        for fate in fates(operation) {
            for (kind, ring) in RINGS {
                let what = format!("{operation:?}, {fate:?}, {kind}");
                let named = rows % 2 == 1;
                rows += 1;
                let whose = what.clone();
                limited(&what, move || row(&whose, operation, fate, ring, named));
            }
        }
    }
    println!("{rows} rows");
}

/// The fates of an operation that is given up.
fn given_up() -> impl Iterator<Item = Plan> {
    let hows = [PlannedOutcome::Done, PlannedOutcome::Fails(libc::EIO)];
    let cancels = [OnCancel::Ends, OnCancel::IsLate, OnCancel::Misses];
    hows.into_iter()
        .flat_map(|how| WHENS.map(|when| Plan::new(when, how)))
        .flat_map(move |fate| cancels.map(|on_cancel| fate.on_cancel(on_cancel)))
}

/// One row of operations that are dropped after so many polls.
fn dropped(what: &str, operation: Operation, fate: Plan, ring: MakeRing, polls: usize) {
    let control = ring(fate);
    control.install();
    let runtime = runtime();
    runtime.block_on(async {
        let mut scene = Fixture::new(&control, polls % 2 == 1).await;
        let doing = scene.begin(operation);
        give_up(&control, doing, polls).await;
        pass_until(&control, what, || control.in_flight() == 0).await;
        control.plan(|_| Plan::new(CompletionTime::Early, PlannedOutcome::Done));
        // What came late has been taken, too.
        crate::task::yield_now().await;
        scene.renew();
        let next = scene.begin(operation);
        let came = drive(&control, what, next).await;
        assert_eq!(
            came,
            operation.expected(PlannedOutcome::Done),
            "the next of {what}"
        );
        scene.assert_effect(operation, &came);
        pass_until(&control, what, || control.in_flight() == 0).await;
        crate::task::yield_now().await;
        scene.assert_nothing_lost(what);
        scene.end(what);
    });
    drop(runtime);
    assert_eq!(control.files(), 0, "{what}: files in the table");
    control.remove();
}

#[test]
fn regression_24_a_dropped_operation_loses_nothing_whatever_its_completion_is() {
    let mut rows = 0;
    for operation in ALL {
        for fate in given_up() {
            for (kind, ring) in &RINGS[..6] {
                for polls in 1..4 {
                    let what =
                        format!("{operation:?}, dropped after {polls} polls, {fate:?}, {kind}");
                    rows += 1;
                    let (whose, ring) = (what.clone(), *ring);
                    limited(&what, move || dropped(&whose, operation, fate, ring, polls));
                }
            }
        }
    }
    println!("{rows} rows");
}

/// A receive that has no buffer waits for one, goes on, and learns of the end meanwhile.
#[test]
fn a_receive_without_buffers_continues_once_one_is_returned() {
    for when in WHENS {
        limited("a receive without buffers", move || {
            let control =
                Control::with_first(Plan::new(CompletionTime::Early, PlannedOutcome::Done))
                    .watches();
            control.install();
            let runtime = runtime();
            runtime.block_on(async {
                let mut scene = Fixture::new(&control, false).await;
                let mut received = scene.receive();
                let mut held = Vec::new();
                for _ in 0..COUNT {
                    scene.write(b"held");
                    held.push(drive_next(&control, &mut received).await);
                }
                control.plan(move |_| Plan::new(when, PlannedOutcome::Done));
                scene.write(b"late");
                let mut next = Box::pin(received.next());
                for _ in 0..100 {
                    control.turn();
                    let polled =
                        std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx)));
                    assert!(polled.await.is_pending(), "all buffers are held");
                    crate::task::yield_now().await;
                }
                held.pop();
                drop(next);
                let came = drive_next(&control, &mut received).await;
                assert_eq!(&came[..], b"late");
                drop((came, held, received));
                pass_until(&control, "a receive without buffers", || {
                    control.in_flight() == 0
                })
                .await;
                crate::task::yield_now().await;
                scene.assert_nothing_lost("a receive without buffers");
                scene.end("a receive without buffers");
            });
            control.remove();
        });
    }
}

async fn drive_next(
    control: &Control,
    received: &mut crate::uring::Received,
) -> crate::uring::Buffer {
    let begun = std::time::Instant::now();
    let mut next = Box::pin(received.next());
    loop {
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx)));
        if let std::task::Poll::Ready(came) = polled.await {
            return came.unwrap().unwrap();
        }
        control.turn();
        crate::task::yield_now().await;
        assert!(begun.elapsed() < super::operations::LONG, "it hangs");
    }
}
