//! Completions that the kernel dropped, because its queue was full and it had no memory to keep them.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use io_uring::opcode;

use super::operations::{
    ALL, BoxedOperation, Fixture, LONG, Operation, OperationResult, TEXT, drive, limited,
    pass_until, runtime,
};
use crate::driver::stub::{CompletionTime, Control, Plan, PlannedOutcome};
use crate::task::JoinHandle;

const LOST: OperationResult = Err((None, ErrorKind::Other));

/// A ring with room for one completion, whose operations complete after so many turns, the first one first.
fn control(turns: impl IntoIterator<Item = u32>) -> Control {
    let mut turns: Vec<_> = turns.into_iter().collect();
    turns.reverse();
    let fates = move |code| {
        let when = match turns.pop_if(|_| code != opcode::Nop::CODE) {
            Some(turns) => CompletionTime::Late(turns),
            None => CompletionTime::Early,
        };
        Plan::new(when, PlannedOutcome::Done).notification(CompletionTime::Late(3))
    };
    Control::new(fates).room(1).watches()
}

/// Has all of `doing` be in flight, in this order.
async fn under_way<const N: usize>(
    control: &Control,
    doing: [BoxedOperation; N],
) -> [JoinHandle<OperationResult>; N] {
    let before = control.in_flight();
    let mut tasks = Vec::new();
    for doing in doing {
        tasks.push(crate::spawn(doing));
        until_submitted(control, before + tasks.len()).await;
    }
    tasks.try_into().unwrap()
}

/// Until `count` operations are in flight; none completes meanwhile that is late.
async fn until_submitted(control: &Control, count: usize) {
    let begun = Instant::now();
    while control.in_flight() < count {
        crate::task::yield_now().await;
        assert!(begun.elapsed() < LONG, "it is never submitted");
    }
}

/// Regression 90: what was in flight when the system had lost a completion never ended.
#[test]
fn regression_90_an_operation_whose_completion_is_lost_ends_with_an_error() {
    for (operation, is_silent) in ALL.into_iter().flat_map(|one| [(one, false), (one, true)]) {
        let what = format!("{operation:?}, lost, silent {is_silent}");
        limited(&what.clone(), move || {
            let control = control([1, 1]).silent(is_silent);
            control.install();
            runtime().block_on(async {
                let mut scene = Fixture::new(&control, false).await;
                let both = [scene.begin(Operation::ReadAt), scene.begin(operation)];
                let [other, victim] = under_way(&control, both).await;
                control.lose(1);
                let is_over = || other.is_finished() && victim.is_finished();
                pass_until(&control, &what, is_over).await;
                assert_eq!(control.losing(), 0);
                assert_eq!(other.await.unwrap(), Ok(TEXT.len()), "{what}: the other");
                assert_eq!(victim.await.unwrap(), LOST, "{what}");
                assert_eq!(Arc::strong_count(&scene.witness), 1, "{what}: memory");
                // What was done came to its place, and is reported to nobody: a connection, some bytes.
                scene.renew();
                let next = scene.begin(operation);
                let came = drive(&control, &what, next).await;
                assert_eq!(
                    came,
                    operation.expected(PlannedOutcome::Done),
                    "{what}: the next"
                );
                assert_eq!(Arc::strong_count(&scene.witness), 1, "{what}: memory");
            });
        });
    }
}

#[test]
fn regression_90_memory_of_a_lost_operation_is_freed_though_no_task_waits() {
    for operation in ALL {
        let what = format!("{operation:?}, given up and lost");
        limited(&what.clone(), move || {
            let control = control([1, 1]);
            control.install();
            runtime().block_on(async {
                let mut scene = Fixture::new(&control, false).await;
                let file = scene.begin(Operation::WriteAt);
                let [file] = under_way(&control, [file]).await;
                let [given_up] = under_way(&control, [scene.begin(operation)]).await;
                control.lose(1);
                control.turn();
                given_up.abort();
                let witness = Arc::clone(&scene.witness);
                // One is the scene's, one is this.
                let is_back = || file.is_finished() && Arc::strong_count(&witness) == 2;
                pass_until(&control, &what, is_back).await;
            });
        });
    }
}

/// Of a multishot operation any completion may be the one that was lost: whoever receives learns so before what came
/// after.
#[test]
fn a_receiver_is_told_that_bytes_may_be_missing() {
    limited("a receive", || {
        let control = control([1, 1]);
        control.install();
        runtime().block_on(async {
            let mut scene = Fixture::new(&control, false).await;
            let both = [
                scene.begin(Operation::ReadAt),
                scene.begin(Operation::WriteAt),
            ];
            let [other, victim] = under_way(&control, both).await;
            let mut received = scene.receive();
            let receiving = crate::spawn(async move {
                let lost = received.next().await.unwrap().map(drop).unwrap_err();
                assert_eq!(lost.kind(), ErrorKind::Other);
                received.next().await.unwrap().unwrap().to_vec()
            });
            until_submitted(&control, 3).await;
            control.lose(1);
            let is_over = || other.is_finished() && victim.is_finished();
            pass_until(&control, "a loss", is_over).await;
            assert_eq!(other.await.unwrap(), Ok(TEXT.len()));
            assert_eq!(victim.await.unwrap(), LOST);
            assert!(!receiving.is_finished());
            scene.write(TEXT);
            pass_until(&control, "the receive", || receiving.is_finished()).await;
            assert_eq!(receiving.await.unwrap(), TEXT);
        });
    });
}

/// A send that waits for room is restarted: nothing of it was done.
#[test]
fn a_send_continues_though_another_operation_is_lost() {
    limited("a send", || {
        let control = control([1, 1, 1_000_000]);
        control.install();
        runtime().block_on(async {
            let mut scene = Fixture::new(&control, false).await;
            let all = [Operation::ReadAt, Operation::WriteAt, Operation::SendAll];
            let all = all.map(|operation| scene.begin(operation));
            let [other, victim, send] = under_way(&control, all).await;
            control.lose(1);
            let is_over = || other.is_finished() && victim.is_finished() && send.is_finished();
            pass_until(&control, "a loss", is_over).await;
            assert_eq!(other.await.unwrap(), Ok(TEXT.len()));
            assert_eq!(victim.await.unwrap(), LOST);
            let came = send.await.unwrap();
            assert_eq!(came, Ok(TEXT.len()));
            scene.assert_effect(Operation::SendAll, &came);
            assert_eq!(Arc::strong_count(&scene.witness), 1);
        });
    });
}

/// The completion of what finds out is lost, too.
#[test]
fn a_lost_completion_is_noticed_though_more_are_lost_meanwhile() {
    limited("more is lost", || {
        let control = control([1, 1, 5]);
        control.install();
        runtime().block_on(async {
            let mut scene = Fixture::new(&control, false).await;
            let all = [Operation::ReadAt, Operation::WriteAt, Operation::ReadAt];
            let all = all.map(|operation| scene.begin(operation));
            let [other, victim, late] = under_way(&control, all).await;
            control.lose(2);
            let all = || other.is_finished() && victim.is_finished() && late.is_finished();
            pass_until(&control, "more is lost", all).await;
            assert_eq!(control.losing(), 0, "both were lost");
            assert_eq!(other.await.unwrap(), Ok(TEXT.len()));
            assert_eq!(victim.await.unwrap(), LOST);
            assert_eq!(late.await.unwrap(), Ok(TEXT.len()));
            assert_eq!(Arc::strong_count(&scene.witness), 1);
        });
    });
}

/// As long as the system may be at it, memory stays; the runtime ends in its limit all the same.
#[test]
fn a_runtime_ends_although_it_is_unknown_which_completions_were_lost() {
    limited("an end", || {
        let limit = Duration::from_millis(30);
        let control = control([1, 1, 1_000_000]);
        control.install();
        let runtime = runtime();
        let mut scene = runtime.block_on(Fixture::new(&control, false));
        let witness = Arc::clone(&scene.witness);
        runtime.block_on(async {
            let all = [Operation::ReadAt, Operation::WriteAt, Operation::WriteAt];
            let all = all.map(|operation| scene.begin(operation));
            let [other, victim, _late] = under_way(&control, all).await;
            control.lose(1);
            pass_until(&control, "the other", || other.is_finished()).await;
            assert_eq!(control.losing(), 0);
            assert!(!victim.is_finished(), "the system may be at its memory");
        });
        // Of the lost one and the late one, the scene's and this.
        assert_eq!(Arc::strong_count(&witness), 4);
        let begun = Instant::now();
        runtime.shutdown_timeout(limit);
        let took = begun.elapsed();
        assert!(took < LONG / 4, "the end took {took:?}");
    });
}
