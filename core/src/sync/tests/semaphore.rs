//! The semaphore against a sequential model: a queue, a count, and parts held by the first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert_eq, proptest};

use super::harness::TestTask;
use crate::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

#[derive(Debug, Clone)]
enum Step {
    Acquire(u32),
    TryAcquire(u32),
    Poll(usize),
    Cancel(usize),
    Release(usize),
    Forget(usize),
    Add(usize),
    Remove(usize),
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u32..4).prop_map(Step::Acquire),
        3 => (0u32..4).prop_map(Step::TryAcquire),
        5 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Cancel),
        6 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Forget),
        2 => (0usize..4).prop_map(Step::Add),
        2 => (0usize..4).prop_map(Step::Remove),
        1 => any::<bool>().prop_map(|_| Step::Close),
    ];
    collection::vec(step, 1..100)
}

type AcquireResult = Result<OwnedSemaphorePermit, AcquireError>;

struct Waiter {
    id: usize,
    wanted: usize,
    task: TestTask<AcquireResult>,
    /// `Some(granted)` once it left the wait queue.
    served: Option<bool>,
    /// What it holds since then, until it is polled or dropped.
    held: usize,
}

#[derive(Default)]
struct Model {
    free: usize,
    /// Waiters with what they still lack.
    waiters: VecDeque<(usize, usize)>,
    closed: bool,
}

impl Model {
    /// Adds permits, and says who was served.
    fn add(&mut self, added: usize) -> Vec<usize> {
        self.free += added;
        let mut served = Vec::new();
        while let Some((id, missing)) = self.waiters.front_mut() {
            let given = self.free.min(*missing);
            self.free -= given;
            *missing -= given;
            if *missing > 0 {
                break;
            }
            served.push(*id);
            self.waiters.pop_front();
        }
        served
    }
}

/// The semaphore and the model side by side.
struct Pair {
    semaphore: Arc<Semaphore>,
    model: Model,
    held: Vec<OwnedSemaphorePermit>,
    waiting: Vec<Waiter>,
}

impl Pair {
    fn acquire(&mut self, id: usize, wanted: u32) {
        let mut task = TestTask::new(self.semaphore.clone().acquire_many_owned(wanted));
        let wanted = wanted as usize;
        let model = &mut self.model;
        let fits = wanted == 0 || (model.waiters.is_empty() && model.free >= wanted);
        match task.poll() {
            Poll::Ready(Ok(permit)) => {
                assert!(fits && !model.closed);
                model.free -= wanted;
                self.held.push(permit);
            }
            Poll::Ready(Err(_)) => assert!(model.closed),
            Poll::Pending => {
                assert!(!fits && !model.closed);
                let part = if model.waiters.is_empty() {
                    model.free
                } else {
                    0
                };
                model.free -= part;
                model.waiters.push_back((id, wanted - part));
                self.waiting.push(Waiter {
                    id,
                    wanted,
                    task,
                    served: None,
                    held: 0,
                });
            }
        }
    }

    fn try_acquire(&mut self, wanted: u32) {
        match self.semaphore.clone().try_acquire_many_owned(wanted) {
            Ok(permit) => {
                self.model.free -= wanted as usize;
                self.held.push(permit);
            }
            Err(TryAcquireError::Closed) => assert!(self.model.closed),
            Err(TryAcquireError::NoPermits) => {
                assert!(!self.model.waiters.is_empty() || self.model.free < wanted as usize);
            }
        }
    }

    /// Polls a waiter, and says what it gives back.
    fn poll(&mut self, index: usize) -> usize {
        let index = index % self.waiting.len();
        match (self.waiting[index].task.poll(), self.waiting[index].served) {
            (Poll::Pending, None) => 0,
            (Poll::Ready(Ok(permit)), Some(true)) if !self.model.closed => {
                self.waiting.swap_remove(index);
                self.held.push(permit);
                0
            }
            // Also what was granted, if the semaphore closed before the waiter came for it.
            (Poll::Ready(Err(_)), Some(granted)) if !granted || self.model.closed => {
                self.waiting.swap_remove(index).held
            }
            (polled, served) => panic!("{polled:?} {served:?}"),
        }
    }

    /// Drops a waiter, and says what it gives back.
    fn cancel(&mut self, index: usize) -> usize {
        let gone = self.waiting.swap_remove(index % self.waiting.len());
        match gone.served {
            Some(_) => gone.held,
            None => {
                let place = self
                    .model
                    .waiters
                    .iter()
                    .position(|waiters| waiters.0 == gone.id);
                let (_, missing) = self.model.waiters.remove(place.unwrap()).unwrap();
                gone.wanted - missing
            }
        }
    }

    fn close(&mut self) {
        self.semaphore.close();
        self.model.closed = true;
        for (id, missing) in std::mem::take(&mut self.model.waiters) {
            let refused = self
                .waiting
                .iter_mut()
                .find(|waiting| waiting.id == id)
                .unwrap();
            refused.served = Some(false);
            refused.held = refused.wanted - missing;
        }
    }

    /// Takes one step, and says how many permits it gave back.
    fn step(&mut self, id: usize, step: Step) -> usize {
        match step {
            Step::Acquire(wanted) => self.acquire(id, wanted),
            Step::TryAcquire(wanted) => self.try_acquire(wanted),
            Step::Poll(index) if !self.waiting.is_empty() => return self.poll(index),
            Step::Cancel(index) if !self.waiting.is_empty() => return self.cancel(index),
            Step::Release(index) if !self.held.is_empty() => {
                let count = self.held.len();
                return self.held.swap_remove(index % count).num_permits();
            }
            Step::Forget(index) if !self.held.is_empty() => {
                let count = self.held.len();
                self.held.swap_remove(index % count).forget();
            }
            Step::Add(count) => {
                self.semaphore.add_permits(count);
                return count;
            }
            Step::Remove(count) => {
                let gone = self.semaphore.forget_permits(count);
                assert_eq!(gone, count.min(self.model.free));
                self.model.free -= gone;
            }
            Step::Close => self.close(),
            _ => {}
        }
        0
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(permits in 0usize..4, steps in steps()) {
        let mut pair = Pair {
            semaphore: Arc::new(Semaphore::new(permits)),
            model: Model { free: permits, ..Model::default() },
            held: Vec::new(),
            waiting: Vec::new(),
        };
        for (id, step) in steps.into_iter().enumerate() {
            let added = pair.step(id, step);
            for id in pair.model.add(added) {
                let served = pair.waiting.iter_mut().find(|waiting| waiting.id == id);
                let served = served.unwrap();
                (served.served, served.held) = (Some(true), served.wanted);
            }
            prop_assert_eq!(pair.semaphore.available_permits(), pair.model.free);
            prop_assert_eq!(pair.semaphore.is_closed(), pair.model.closed);
            for waiting in &pair.waiting {
                prop_assert_eq!(waiting.task.is_woken(), waiting.served.is_some());
            }
        }
    }
}

/// A batch of wakers holds 32; more waiters than that are all served.
#[test]
fn many_waiters_are_all_served() {
    let semaphore = Arc::new(Semaphore::new(0));
    let mut tasks: Vec<_> = (0..100)
        .map(|_| TestTask::new(semaphore.clone().acquire_owned()))
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    semaphore.add_permits(99);
    assert_eq!(tasks.iter().filter(|task| task.is_woken()).count(), 99);
    assert!(!tasks[99].is_woken());
    semaphore.close();
    assert!(tasks[99].is_woken());
    drop(tasks);
    assert_eq!(semaphore.available_permits(), 99);
}
