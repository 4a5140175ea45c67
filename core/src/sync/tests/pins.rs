//! Pins that are waited for, by notices and by looks: levels, edges, errors, and waits that are given up.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;

use super::super::notify::Notify;
use super::super::pin_wait::{NotifiedPin, PolledPin};
use super::harness::TestTask;

/// A pin that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PinError;

impl Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A level that tests set, which may be unreadable.
#[derive(Clone)]
struct Level(Rc<Cell<Result<bool, PinError>>>);

impl Level {
    fn new(high: bool) -> Self {
        Self(Rc::new(Cell::new(Ok(high))))
    }

    fn set(&self, level: Result<bool, PinError>) {
        self.0.set(level);
    }
}

impl ErrorType for Level {
    type Error = PinError;
}

impl InputPin for Level {
    fn is_high(&mut self) -> Result<bool, PinError> {
        self.0.get()
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        self.0.get().map(|high| !high)
    }
}

fn edge() -> &'static Notify {
    Box::leak(Box::new(Notify::const_new()))
}

/// A delay that is over at the next poll, and notes how long it was.
#[derive(Clone, Default)]
struct TestDelay(Rc<RefCell<Vec<u32>>>);

impl DelayNs for TestDelay {
    async fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().push(ns);
        let mut is_over = false;
        poll_fn(|_| {
            if std::mem::replace(&mut is_over, true) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

#[test]
fn a_level_that_is_there_is_no_wait_and_a_stale_notice_no_edge() {
    let (level, edge) = (Level::new(true), edge());
    edge.notify_one();
    let mut pin = NotifiedPin::new(level.clone(), edge);
    let mut waits = TestTask::new(async move {
        pin.wait_for_high().await?;
        pin.wait_for_low().await
    });
    // The notice is taken, the level is as it was.
    assert_eq!(waits.poll(), Poll::Pending);
    edge.notify_one();
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Pending);
    level.set(Ok(false));
    edge.notify_one();
    assert_eq!(waits.poll(), Poll::Ready(Ok(())));
}

#[test]
fn an_edge_begins_at_the_other_level() {
    type Change = (bool, bool);
    let edges: [(bool, &[Change]); 2] = [(true, &[(false, true)]), (false, &[(true, false)])];
    for (rises, changes) in edges {
        // At the level that the edge leads to, already.
        let (level, edge) = (Level::new(rises), edge());
        let mut pin = NotifiedPin::new(level.clone(), edge);
        let mut waits = TestTask::new(async move {
            match rises {
                true => pin.wait_for_rising_edge().await,
                false => pin.wait_for_falling_edge().await,
            }
        });
        assert_eq!(waits.poll(), Poll::Pending);
        for &(first, second) in changes {
            level.set(Ok(first));
            edge.notify_one();
            assert_eq!(waits.poll(), Poll::Pending);
            level.set(Ok(second));
            edge.notify_one();
        }
        assert_eq!(waits.poll(), Poll::Ready(Ok(())));
    }
}

#[test]
fn a_pin_that_breaks_ends_the_wait_with_its_error() {
    let (level, edge) = (Level::new(false), edge());
    let mut pin = NotifiedPin::new(level.clone(), edge);
    let mut waits = TestTask::new(async move { pin.wait_for_any_edge().await });
    assert_eq!(waits.poll(), Poll::Pending);
    level.set(Err(PinError));
    edge.notify_one();
    assert_eq!(waits.poll(), Poll::Ready(Err(PinError)));
}

#[test]
fn a_wait_that_is_dropped_leaves_the_notice_to_the_next() {
    let (level, edge) = (Level::new(false), edge());
    let wait = |level: &Level| {
        let mut pin = NotifiedPin::new(level.clone(), edge);
        TestTask::new(async move { pin.wait_for_high().await })
    };
    let mut first = wait(&level);
    assert_eq!(first.poll(), Poll::Pending);
    level.set(Ok(true));
    edge.notify_one();
    drop(first);
    assert_eq!(wait(&level).poll(), Poll::Ready(Ok(())));
}

#[test]
fn a_pin_is_looked_at_once_a_period_and_never_without_one() {
    for (period_ms, waited_ms) in [(0, 1), (1, 1), (20, 20)] {
        let (level, looks) = (Level::new(true), TestDelay::default());
        let mut pin = PolledPin::new(level.clone(), looks.clone(), period_ms);
        let mut waits = Box::pin(async move { pin.wait_for_falling_edge().await });
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..3 {
            assert!(waits.as_mut().poll(&mut cx).is_pending());
        }
        level.set(Ok(false));
        assert_eq!(waits.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
        assert_eq!(*looks.0.borrow(), [waited_ms * 1_000_000; 3]);
    }
}
