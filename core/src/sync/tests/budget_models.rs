//! Waits under any budget against models: a poll that is forced to be pending keeps its position and loses nothing.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::harness::{CountingWaker, TestTask};
use crate::coop::raw::{Budget, traced, with_budget};
use crate::coop::{consume_budget, has_budget_remaining};
use crate::sync::{Notify, OwnedSemaphorePermit, Semaphore, SetOnce};

const WAITS: usize = 5;
const PERMITS: usize = 4;

/// What a poll has of the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PollBudget {
    All,
    OnlySpare,
    OnlyUnits,
    Nothing,
    /// A look at where the future is.
    Traced,
}

impl PollBudget {
    fn with<R>(self, f: impl FnOnce() -> R) -> R {
        let mut cx = Context::from_waker(Waker::noop());
        with_budget(Budget::initial(), || {
            while matches!(self, Self::OnlySpare | Self::Nothing) && has_budget_remaining() {
                assert!(pin!(consume_budget()).poll(&mut cx).is_ready());
            }
            let set = SetOnce::new_with(Some(1));
            while matches!(self, Self::OnlyUnits | Self::Nothing)
                && pin!(set.wait()).poll(&mut cx).is_ready()
            {}
            match self {
                Self::Traced => traced(|| {}, f),
                _ => f(),
            }
        })
    }

    fn has_units(self) -> bool {
        matches!(self, Self::All | Self::OnlyUnits)
    }

    fn has_spare(self) -> bool {
        matches!(self, Self::All | Self::OnlySpare)
    }
}

fn left() -> impl Strategy<Value = PollBudget> {
    prop_oneof![
        Just(PollBudget::All),
        Just(PollBudget::OnlySpare),
        Just(PollBudget::OnlyUnits),
        Just(PollBudget::Nothing),
        Just(PollBudget::Traced),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    /// Makes the wait if it is not there, and polls it.
    Poll(usize, PollBudget),
    Drop(usize),
    First,
    Last,
    All,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..WAITS, left()).prop_map(|(wait, left)| Step::Poll(wait, left)),
        2 => (0..WAITS).prop_map(Step::Drop),
        2 => Just(Step::First),
        1 => Just(Step::Last),
        1 => Just(Step::All),
    ]
}

/// The waits, each with the waker of its last poll.
type Waits<T> = [Option<(TestTask<T>, Arc<CountingWaker>)>; WAITS];

/// Polls with a waker of its own.
fn poll<T>((wait, last): &mut (TestTask<T>, Arc<CountingWaker>), left: PollBudget) -> Poll<T> {
    *last = Arc::default();
    let waker = Waker::from(last.clone());
    left.with(|| wait.poll_with(&waker))
}

/// Whether each wait that would be `ready` was woken since its last poll, unless it was not polled yet.
fn are_woken<T>(waits: &Waits<T>, ready: impl Fn(usize) -> bool) -> bool {
    waits.iter().enumerate().all(|(index, wait)| match wait {
        Some((_, last)) if ready(index) => last.wakes() > 0,
        _ => true,
    })
}

/// Where a wait is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ModelState {
    Fresh,
    Queued,
    Given(End),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    First,
    Last,
    All,
}

#[derive(Default)]
struct NotifyModel {
    waits: [Option<ModelState>; WAITS],
    queue: VecDeque<usize>,
    is_notified: bool,
}

impl NotifyModel {
    fn notify(&mut self, end: End) {
        let wait = match end {
            End::First => self.queue.pop_front(),
            End::Last => self.queue.pop_back(),
            End::All => {
                self.queue.clear();
                for wait in self.waits.iter_mut().flatten() {
                    if matches!(wait, ModelState::Fresh | ModelState::Queued) {
                        *wait = ModelState::Given(End::All);
                    }
                }
                return;
            }
        };
        match wait {
            Some(wait) => self.waits[wait] = Some(ModelState::Given(end)),
            None => self.is_notified = true,
        }
    }

    fn poll(&mut self, wait: usize, left: PollBudget) -> bool {
        if left == PollBudget::Traced {
            return false;
        }
        if self.waits[wait] == Some(ModelState::Fresh) {
            if std::mem::take(&mut self.is_notified) {
                self.waits[wait] = Some(ModelState::Given(End::First));
            } else {
                self.waits[wait] = Some(ModelState::Queued);
                self.queue.push_back(wait);
            }
        }
        let is_ready = left.has_spare() && matches!(self.waits[wait], Some(ModelState::Given(_)));
        if is_ready {
            self.waits[wait] = None;
        }
        is_ready
    }

    fn cancel(&mut self, wait: usize) {
        self.queue.retain(|queued| *queued != wait);
        if let Some(ModelState::Given(end @ (End::First | End::Last))) = self.waits[wait].take() {
            self.notify(end);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn notifications_reach_waits_as_they_were_first_polled(
        steps in collection::vec(step(), 1..60),
    ) {
        let notify = Arc::new(Notify::new());
        let mut model = NotifyModel::default();
        let mut waits = Waits::<()>::default();
        for step in steps {
            match step {
                Step::Poll(index, left) => {
                    let wait = waits[index].get_or_insert_with(|| {
                        model.waits[index] = Some(ModelState::Fresh);
                        (TestTask::new(notify.clone().notified_owned()), Arc::default())
                    });
                    let is_ready = poll(wait, left).is_ready();
                    prop_assert_eq!(is_ready, model.poll(index, left));
                    if is_ready {
                        waits[index] = None;
                    }
                }
                Step::Drop(index) => {
                    waits[index] = None;
                    model.cancel(index);
                }
                Step::First => (notify.notify_one(), model.notify(End::First)).1,
                Step::Last => (notify.notify_last(), model.notify(End::Last)).1,
                Step::All => (notify.notify_waiters(), model.notify(End::All)).1,
            }
            prop_assert!(are_woken(&waits, |index| matches!(model.waits[index], Some(ModelState::Given(_)))));
        }
    }
}

#[derive(Default)]
struct SemaphoreModel {
    free: usize,
    is_closed: bool,
    /// What each wait wants, and what it has of it once it was polled.
    waits: [Option<(usize, Option<usize>)>; WAITS],
    queue: VecDeque<usize>,
}

impl SemaphoreModel {
    fn give(&mut self, permits: usize) {
        self.free += permits;
        self.serve();
    }

    fn serve(&mut self) {
        while let (false, Some(first)) = (self.is_closed, self.queue.front()) {
            let Some((wanted, Some(held))) = &mut self.waits[*first] else {
                unreachable!("it was queued by a poll");
            };
            let given = self.free.min(*wanted - *held);
            *held += given;
            self.free -= given;
            if held < wanted {
                break;
            }
            self.queue.pop_front();
        }
    }

    /// `Some`: ready, with or without permits.
    fn poll(&mut self, wait: usize, left: PollBudget) -> Option<bool> {
        if left == PollBudget::Traced {
            return None;
        }
        let (wanted, held) = self.waits[wait].expect("it was made");
        if self.is_closed {
            self.waits[wait] = Some((wanted, None));
            self.give(held.unwrap_or(0));
            if left.has_spare() {
                self.waits[wait] = None;
                return Some(false);
            }
            return None;
        }
        if held.is_none() {
            self.waits[wait] = Some((wanted, Some(0)));
            if wanted > 0 {
                self.queue.push_back(wait);
                self.serve();
            }
        }
        if left.has_units() && self.waits[wait] == Some((wanted, Some(wanted))) {
            self.waits[wait] = None;
            return Some(true);
        }
        None
    }

    /// Whether a wait that was polled would be ready.
    fn is_ready(&self, wait: usize) -> bool {
        self.waits[wait].is_some_and(|(wanted, held)| self.is_closed || held == Some(wanted))
    }

    fn cancel(&mut self, wait: usize) {
        self.queue.retain(|queued| *queued != wait);
        if let Some((_, held)) = self.waits[wait].take() {
            self.give(held.unwrap_or(0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn permits_are_given_as_they_were_first_asked_for(
        steps in collection::vec((step(), 0..=PERMITS), 1..60),
        closes in any::<bool>(),
    ) {
        let semaphore = Arc::new(Semaphore::new(PERMITS));
        let mut model = SemaphoreModel { free: PERMITS, ..Default::default() };
        let mut waits = Waits::<Option<OwnedSemaphorePermit>>::default();
        let mut held = Vec::new();
        for (step, wanted) in steps {
            match step {
                Step::Poll(index, left) => {
                    let wait = waits[index].get_or_insert_with(|| {
                        model.waits[index] = Some((wanted, None));
                        let semaphore = semaphore.clone();
                        let wait = semaphore.acquire_many_owned(wanted as u32);
                        (TestTask::new(async move { wait.await.ok() }), Arc::default())
                    });
                    let polled = poll(wait, left);
                    let expected = model.poll(index, left);
                    match polled {
                        Poll::Ready(outcome) => {
                            prop_assert_eq!(expected, Some(outcome.is_some()));
                            held.extend(outcome);
                            waits[index] = None;
                        }
                        Poll::Pending => prop_assert_eq!(expected, None),
                    }
                }
                Step::Drop(index) => {
                    waits[index] = None;
                    model.cancel(index);
                }
                Step::First | Step::Last => {
                    if let Some(permit) = held.pop() {
                        model.give(permit.num_permits());
                    }
                }
                Step::All if closes => {
                    semaphore.close();
                    model.is_closed = true;
                    model.queue.clear();
                }
                Step::All => {}
            }
            prop_assert_eq!(semaphore.available_permits(), model.free);
            prop_assert!(are_woken(&waits, |index| model.is_ready(index)));
        }
        drop((held, waits));
        prop_assert_eq!(semaphore.available_permits(), PERMITS);
    }
}
