//! The semaphore against a sequential model: a line, a count, and parts held by the first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert_eq, proptest};

use super::Spawned;
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

type Acquired = Result<OwnedSemaphorePermit, AcquireError>;

struct Waiting {
    id: usize,
    wanted: usize,
    task: Spawned<Acquired>,
    /// `Some(granted)` once it left the line.
    served: Option<bool>,
}

#[derive(Default)]
struct Model {
    free: usize,
    /// Waiters with what they still lack.
    line: VecDeque<(usize, usize)>,
    closed: bool,
}

impl Model {
    /// Adds permits, and says who was served.
    fn add(&mut self, added: usize) -> Vec<usize> {
        self.free += added;
        let mut served = Vec::new();
        while let Some((id, missing)) = self.line.front_mut() {
            let given = self.free.min(*missing);
            self.free -= given;
            *missing -= given;
            if *missing > 0 {
                break;
            }
            served.push(*id);
            self.line.pop_front();
        }
        served
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(permits in 0usize..4, steps in steps()) {
        let semaphore = Arc::new(Semaphore::new(permits));
        let mut model = Model { free: permits, ..Model::default() };
        let mut held: Vec<OwnedSemaphorePermit> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        for (id, step) in steps.into_iter().enumerate() {
            let mut added = None;
            match step {
                Step::Acquire(wanted) => {
                    let mut task = Spawned::new(semaphore.clone().acquire_many_owned(wanted));
                    let wanted = wanted as usize;
                    let fits = wanted == 0 || (model.line.is_empty() && model.free >= wanted);
                    match task.poll() {
                        Poll::Ready(Ok(permit)) => {
                            assert!(fits && !model.closed);
                            model.free -= wanted;
                            held.push(permit);
                        }
                        Poll::Ready(Err(_)) => assert!(model.closed),
                        Poll::Pending => {
                            assert!(!fits && !model.closed);
                            let part = if model.line.is_empty() { model.free } else { 0 };
                            model.free -= part;
                            model.line.push_back((id, wanted - part));
                            waiting.push(Waiting { id, wanted, task, served: None });
                        }
                    }
                }
                Step::TryAcquire(wanted) => {
                    match semaphore.clone().try_acquire_many_owned(wanted) {
                        Ok(permit) => {
                            model.free -= wanted as usize;
                            held.push(permit);
                        }
                        Err(TryAcquireError::Closed) => assert!(model.closed),
                        Err(TryAcquireError::NoPermits) => {
                            assert!(!model.line.is_empty() || model.free < wanted as usize);
                        }
                    }
                }
                Step::Poll(index) if !waiting.is_empty() => {
                    let index = index % waiting.len();
                    match (waiting[index].task.poll(), waiting[index].served) {
                        (Poll::Pending, None) => {}
                        (Poll::Ready(Ok(permit)), Some(true)) => {
                            waiting.swap_remove(index);
                            held.push(permit);
                        }
                        (Poll::Ready(Err(_)), Some(false)) => drop(waiting.swap_remove(index)),
                        (polled, served) => panic!("{polled:?} {served:?}"),
                    }
                }
                Step::Cancel(index) if !waiting.is_empty() => {
                    let gone = waiting.swap_remove(index % waiting.len());
                    added = match gone.served {
                        Some(true) => Some(gone.wanted),
                        Some(false) => None,
                        None => {
                            let place = model.line.iter().position(|line| line.0 == gone.id);
                            let (_, missing) = model.line.remove(place.unwrap()).unwrap();
                            Some(gone.wanted - missing)
                        }
                    };
                }
                Step::Release(index) if !held.is_empty() => {
                    added = Some(held.swap_remove(index % held.len()).num_permits());
                }
                Step::Forget(index) if !held.is_empty() => {
                    held.swap_remove(index % held.len()).forget();
                }
                Step::Add(count) => {
                    semaphore.add_permits(count);
                    added = Some(count);
                }
                Step::Remove(count) => {
                    let gone = semaphore.forget_permits(count);
                    assert_eq!(gone, count.min(model.free));
                    model.free -= gone;
                }
                Step::Close => {
                    semaphore.close();
                    model.closed = true;
                    for (id, missing) in std::mem::take(&mut model.line) {
                        let refused = waiting.iter_mut().find(|waiting| waiting.id == id).unwrap();
                        refused.served = Some(false);
                        model.free += refused.wanted - missing;
                    }
                }
                _ => {}
            }
            for id in added.map(|added| model.add(added)).unwrap_or_default() {
                waiting.iter_mut().find(|waiting| waiting.id == id).unwrap().served = Some(true);
            }
            prop_assert_eq!(semaphore.available_permits(), model.free);
            prop_assert_eq!(semaphore.is_closed(), model.closed);
            for waiting in &waiting {
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
        .map(|_| Spawned::new(semaphore.clone().acquire_owned()))
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
