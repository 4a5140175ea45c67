//! `select!`, `join!`, `try_join!` and `pin!` without a runtime: what they accept and promise.

mod colliding_names;
mod expressions;

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls until ready; nothing here waits for anything but its own polls.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("not ready after 1000 polls");
}

/// Ready at its `polls`th poll.
fn after(polls: usize) -> impl Future<Output = usize> {
    let mut left = polls;
    poll_fn(move |_| {
        left -= 1;
        if left == 0 {
            Poll::Ready(polls)
        } else {
            Poll::Pending
        }
    })
}

#[test]
fn select_takes_patterns_guards_else_and_every_handler_form() {
    run(async {
        let (mut text, no) = (String::from("a"), false);
        let taken = selkie::select! {
            Some(mut value) = ready(Some(String::from("b"))) => {
                value.push('!');
                value
            }
            Ok::<u8, String>(_) = pending() => unreachable!(),
            _ = pending::<()>(), if no => text.clone(),
        };
        assert_eq!(taken, "b!");
        let number = selkie::select! {
            biased;
            None::<u32> | Some(7) = ready(Some(3)) => 0,
            (1, [ref first, .., last], Pair { x, .. }) = ready((1, [5, 6, 7], Pair { x: 2, y: 0 }))
                => { assert_eq!(y_of(&Pair { x, y: 4 }), 4); first + last + x },
            else => 9,
        };
        assert_eq!(number, 14);
        let left: u32 = selkie::select! {
            Some(n) = ready(None) => n,
            Some(n) = async { None }, if !no => n,
            else => 5,
        };
        assert_eq!(left, 5);
        text.clear();
    });
}

struct Pair {
    x: i32,
    y: i32,
}

fn y_of(pair: &Pair) -> i32 {
    pair.y
}

#[test]
fn a_handler_may_break_return_await_and_use_what_a_future_borrowed() {
    async fn inner() -> Result<usize, String> {
        let mut log = Vec::new();
        let mut turns = 0;
        loop {
            turns += 1;
            selkie::select! {
                n = async { log.push(1); after(2).await } => {
                    log.push(n);
                    if turns == 3 {
                        break;
                    }
                    Err::<(), _>(String::from("x")).or(Ok::<(), String>(()))?;
                }
                () = pending() => return Err(String::from("never")),
            }
        }
        Ok(log.len() + after(3).await)
    }
    assert_eq!(run(inner()), Ok(9));
}

#[test]
fn a_future_polled_by_reference_continues_in_the_next_select() {
    run(async {
        let long = after(5);
        selkie::pin!(long);
        let mut short = 0;
        let done = loop {
            selkie::select! {
                biased;
                n = &mut long => break n,
                _ = ready(()) => short += 1,
            }
        };
        assert_eq!((done, short), (5, 4));
    });
}

#[test]
fn every_branch_of_a_fair_select_is_taken() {
    let mut taken = [0_u32; 4];
    run(async {
        for _ in 0..1_000 {
            let index = selkie::select! {
                _ = ready(()) => 0,
                _ = ready(()) => 1,
                _ = ready(()) => 2,
                _ = ready(()) => 3,
            };
            taken[index] += 1;
        }
    });
    assert!(taken.iter().all(|&times| times > 100), "{taken:?}");
}

#[test]
#[should_panic(expected = "all branches are disabled and there is no else branch")]
fn select_panics_when_no_branch_is_left() {
    run(async {
        selkie::select! {
            Some(()) = ready(None::<()>) => {}
            () = pending(), if false => {}
        }
    });
}

#[test]
fn join_polls_in_turns_and_yields_in_order() {
    let order = RefCell::new(Vec::new());
    let note = |name: &'static str, polls: usize| {
        let (order, mut left) = (&order, polls);
        poll_fn(move |_| {
            order.borrow_mut().push(name);
            left -= 1;
            if left == 0 {
                Poll::Ready(name)
            } else {
                Poll::Pending
            }
        })
    };
    assert_eq!(
        run(async { selkie::join!(note("a", 3), note("b", 1), note("c", 2)) }),
        ("a", "b", "c")
    );
    assert_eq!(*order.borrow(), ["a", "b", "c", "c", "a", "a"]);
    run(async { selkie::join!() });
    assert_eq!(
        run(async { selkie::join!(biased; after(1), after(2),) }),
        (1, 2)
    );
}

#[test]
fn try_join_ends_at_the_first_error() {
    let both = run(async { selkie::try_join!(async { Ok::<_, u8>(1) }, async { Ok("b") }) });
    assert_eq!(both, Ok((1, "b")));
    let error =
        run(async { selkie::try_join!(pending::<Result<(), u8>>(), async { Err::<(), _>(4) }) });
    assert_eq!(error, Err(4));
}
