//! The cells that are written once and the meeting point, against what they promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::harness::TestTask;
use crate::sync::{Barrier, BarrierWaitResult, OnceCell, SetError, SetOnce, Signal};

/// What the function that makes a cell's value is to do.
type GoSignal = &'static Signal<Result<usize, ()>>;

struct InitTask {
    task: TestTask<Result<&'static usize, ()>>,
    go: GoSignal,
}

/// Counts who makes a value, until dropped.
struct InitGuard(&'static AtomicUsize);

impl InitGuard {
    fn new(makers: &'static AtomicUsize) -> Self {
        assert_eq!(makers.fetch_add(1, Ordering::SeqCst), 0, "two make a value");
        Self(makers)
    }
}

impl Drop for InitGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

proptest! {
    /// At most one makes the value at a time; who fails or goes makes room for the next; what was
    /// made first stays.
    #[test]
    fn once_cell_agrees_with_the_model(steps in collection::vec((0u8..8, 0usize..8), 1..60)) {
        let cell: &'static OnceCell<usize> = Box::leak(Box::new(OnceCell::new()));
        let makers: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
        let mut tasks: Vec<InitTask> = Vec::new();
        let mut made = None;
        for (number, (step, index)) in steps.into_iter().enumerate() {
            match step {
                0..=2 => {
                    let go: GoSignal = Box::leak(Box::new(Signal::new()));
                    let task = TestTask::new(cell.get_or_try_init(move || async move {
                        let _maker = InitGuard::new(makers);
                        go.wait().await
                    }));
                    tasks.push(InitTask { task, go });
                }
                3 => match cell.set(number) {
                    Ok(()) => {
                        prop_assert!(made.is_none() && makers.load(Ordering::SeqCst) == 0);
                        made = Some(number);
                    }
                    Err(SetError::AlreadyInitializedError(value)) => {
                        prop_assert!(made.is_some() && value == number);
                    }
                    Err(SetError::InitializingError(value)) => {
                        prop_assert!(made.is_none() && value == number);
                        prop_assert!(tasks.iter().any(|making| making.task.was_polled()));
                    }
                },
                // Whether it was making or waiting: it goes, and another may begin.
                4 if !tasks.is_empty() => drop(tasks.swap_remove(index % tasks.len())),
                _ if !tasks.is_empty() => {
                    let index = index % tasks.len();
                    let result = if step == 5 { Err(()) } else { Ok(number) };
                    tasks[index].go.signal(result);
                    if let Poll::Ready(outcome) = tasks[index].task.poll() {
                        match (outcome, made) {
                            (Ok(value), Some(before)) => prop_assert_eq!(*value, before),
                            (Ok(value), None) => {
                                prop_assert_eq!(Ok(*value), result);
                                made = Some(*value);
                            }
                            (Err(()), before) => prop_assert!(result.is_err() && before.is_none()),
                        }
                        tasks.swap_remove(index);
                    }
                }
                _ => {}
            }
            prop_assert_eq!(cell.get().copied(), made);
            prop_assert_eq!(cell.initialized(), made.is_some());
            let polled = tasks.iter().filter(|making| making.task.was_polled());
            let woken = polled.clone().filter(|making| making.task.is_woken()).count();
            if made.is_some() {
                prop_assert!(woken >= polled.count().saturating_sub(1), "all but its maker");
            } else if makers.load(Ordering::SeqCst) == 0 {
                prop_assert!(woken > 0 || polled.count() == 0, "the next in the queue");
            }
        }
    }

    #[test]
    fn set_once_tells_everyone(steps in collection::vec((0u8..6, 0usize..8), 1..60)) {
        let token = Arc::new(());
        let cell = Arc::new(SetOnce::<(usize, Arc<()>)>::new());
        let mut tasks: Vec<TestTask<usize>> = Vec::new();
        let mut set = None;
        for (number, (step, index)) in steps.into_iter().enumerate() {
            match step {
                0 | 1 => {
                    let cell = cell.clone();
                    tasks.push(TestTask::new(async move { cell.wait().await.0 }));
                }
                2 => {
                    let accepted = cell.set((number, token.clone())).is_ok();
                    prop_assert_eq!(accepted, set.is_none());
                    set = set.or(Some(number));
                    prop_assert!(tasks.iter().all(|task| task.is_woken() || !task.was_polled()));
                }
                3 if !tasks.is_empty() => drop(tasks.swap_remove(index % tasks.len())),
                _ if !tasks.is_empty() => {
                    let index = index % tasks.len();
                    match (tasks[index].poll(), set) {
                        (Poll::Ready(value), Some(first)) => {
                            prop_assert_eq!(value, first);
                            tasks.swap_remove(index);
                        }
                        (Poll::Pending, None) => {}
                        (polled, set) => panic!("{polled:?} {set:?}"),
                    }
                }
                _ => {}
            }
            prop_assert_eq!(cell.get().map(|value| value.0), set);
            prop_assert_eq!(Arc::strong_count(&token), 1 + usize::from(set.is_some()));
        }
        drop((tasks, cell));
        prop_assert_eq!(Arc::strong_count(&token), 1);
    }

    /// Who was polled has arrived, also when it goes; each round has one leader, the last to come.
    #[test]
    fn barrier_agrees_with_a_count(
        size in 1usize..5,
        steps in collection::vec((0u8..6, 0usize..8), 1..80),
    ) {
        let barrier: &'static Barrier = Box::leak(Box::new(Barrier::new(size)));
        let mut tasks: Vec<(TestTask<BarrierWaitResult>, Option<usize>)> = Vec::new();
        let (mut arrived, mut round) = (0, 0);
        for (step, index) in steps {
            match step {
                0 | 1 => tasks.push((TestTask::new(barrier.wait()), None)),
                2 if !tasks.is_empty() => drop(tasks.swap_remove(index % tasks.len())),
                _ if !tasks.is_empty() => {
                    let index = index % tasks.len();
                    let (task, joined) = &mut tasks[index];
                    let is_last = joined.is_none() && arrived + 1 == size;
                    if joined.is_none() {
                        arrived += 1;
                    }
                    let is_free = is_last || joined.is_some_and(|joined| joined < round);
                    match task.poll() {
                        Poll::Ready(result) => {
                            prop_assert!(is_free);
                            prop_assert_eq!(result.is_leader(), is_last);
                            tasks.swap_remove(index);
                        }
                        Poll::Pending => {
                            prop_assert!(!is_free);
                            *joined = Some(round);
                        }
                    }
                    if is_last {
                        (arrived, round) = (0, round + 1);
                    }
                }
                _ => {}
            }
            for (task, joined) in &tasks {
                prop_assert_eq!(task.is_woken(), joined.is_some_and(|joined| joined < round));
            }
        }
    }
}
