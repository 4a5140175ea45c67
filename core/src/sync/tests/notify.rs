//! The `Notify` against a sequential model.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert_eq, proptest};

use super::super::Notify;
use super::harness::TestTask;

#[derive(Debug, Clone)]
enum Step {
    Wait,
    Poll(usize),
    Drop(usize),
    One,
    Last,
    All,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<()>().prop_map(|()| Step::Wait),
        5 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Drop),
        3 => any::<()>().prop_map(|()| Step::One),
        2 => any::<()>().prop_map(|()| Step::Last),
        1 => any::<()>().prop_map(|()| Step::All),
    ];
    collection::vec(step, 1..100)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Queued,
    One,
    Last,
    All,
}

struct Waiter {
    id: usize,
    standing: Stage,
    task: TestTask<()>,
}

#[derive(Default)]
struct Model {
    remembered: bool,
    waiters: VecDeque<usize>,
}

fn notify(model: &mut Model, waiting: &mut [Waiter], last: bool) {
    let served = if last {
        model.waiters.pop_back()
    } else {
        model.waiters.pop_front()
    };
    match served {
        Some(id) => {
            waiting
                .iter_mut()
                .find(|waiting| waiting.id == id)
                .unwrap()
                .standing = if last { Stage::Last } else { Stage::One };
        }
        None => model.remembered = true,
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in steps()) {
        let changed = Arc::new(Notify::new());
        let mut model = Model::default();
        let mut waiting: Vec<Waiter> = Vec::new();
        for (id, step) in steps.into_iter().enumerate() {
            match step {
                Step::Wait => waiting.push(Waiter {
                    id,
                    standing: Stage::Fresh,
                    task: TestTask::new(changed.clone().notified_owned()),
                }),
                Step::Poll(index) if !waiting.is_empty() => {
                    let index = index % waiting.len();
                    let polled = waiting[index].task.poll();
                    match waiting[index].standing {
                        Stage::Fresh if model.remembered => {
                            model.remembered = false;
                            prop_assert_eq!(polled, Poll::Ready(()));
                            waiting.swap_remove(index);
                        }
                        Stage::Fresh => {
                            prop_assert_eq!(polled, Poll::Pending);
                            model.waiters.push_back(waiting[index].id);
                            waiting[index].standing = Stage::Queued;
                        }
                        Stage::Queued => prop_assert_eq!(polled, Poll::Pending),
                        _ => {
                            prop_assert_eq!(polled, Poll::Ready(()));
                            waiting.swap_remove(index);
                        }
                    }
                }
                Step::Drop(index) if !waiting.is_empty() => {
                    let gone = waiting.swap_remove(index % waiting.len());
                    match gone.standing {
                        Stage::Queued => model.waiters.retain(|id| *id != gone.id),
                        Stage::One => notify(&mut model, &mut waiting, false),
                        Stage::Last => notify(&mut model, &mut waiting, true),
                        Stage::Fresh | Stage::All => {}
                    }
                }
                Step::One => {
                    changed.notify_one();
                    notify(&mut model, &mut waiting, false);
                }
                Step::Last => {
                    changed.notify_last();
                    notify(&mut model, &mut waiting, true);
                }
                Step::All => {
                    changed.notify_waiters();
                    model.waiters.clear();
                    for waiting in &mut waiting {
                        if matches!(waiting.standing, Stage::Fresh | Stage::Queued) {
                            waiting.standing = Stage::All;
                        }
                    }
                }
                _ => {}
            }
            for waiting in &waiting {
                if waiting.standing == Stage::Queued {
                    prop_assert_eq!(waiting.task.is_woken(), false);
                }
                if matches!(waiting.standing, Stage::One | Stage::Last) {
                    prop_assert_eq!(waiting.task.is_woken(), true);
                }
            }
        }
    }
}

/// A batch of wakers holds 32; more waiters than that are all woken, and later ones are not.
#[test]
fn many_waiters_are_all_woken() {
    let changed = Arc::new(Notify::new());
    let mut tasks: Vec<_> = (0..100)
        .map(|_| TestTask::new(changed.clone().notified_owned()))
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    changed.notify_waiters();
    assert!(tasks.iter().all(TestTask::is_woken));
    let mut late = TestTask::new(changed.clone().notified_owned());
    assert!(late.poll().is_pending());
}
