//! The read-write lock and the mutex against a sequential model: a queue, and what each task holds. Owned
//! guards stand on the same permits; here are the ones that need no heap.

use std::collections::VecDeque;
use std::task::Poll;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::harness::TestTask;
use crate::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Debug, Clone)]
enum Step {
    Read,
    Write,
    TryRead,
    TryWrite,
    Poll(usize),
    Cancel(usize),
    Release(usize),
    Downgrade(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => any::<()>().prop_map(|()| Step::Read),
        4 => any::<()>().prop_map(|()| Step::Write),
        2 => any::<()>().prop_map(|()| Step::TryRead),
        2 => any::<()>().prop_map(|()| Step::TryWrite),
        6 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Cancel),
        7 => any::<usize>().prop_map(Step::Release),
        2 => any::<usize>().prop_map(Step::Downgrade),
    ];
    collection::vec(step, 1..100)
}

enum Guard {
    Read(RwLockReadGuard<'static, u64>),
    Write(RwLockWriteGuard<'static, u64>),
}

struct Waiter {
    id: usize,
    writes: bool,
    task: TestTask<Guard>,
    is_served: bool,
}

/// The lock and the model side by side.
struct Pair {
    lock: &'static RwLock<u64>,
    readers: usize,
    held: Vec<Guard>,
    waiting: Vec<Waiter>,
    // The model: units that are free or gathered by the first in the queue, what each in the queue lacks.
    free: usize,
    waiters: VecDeque<(usize, usize)>,
    value: u64,
}

impl Pair {
    fn new(readers: usize) -> Self {
        let lock = RwLock::with_max_readers(0, readers as u32);
        Self {
            lock: Box::leak(Box::new(lock)),
            readers,
            held: Vec::new(),
            waiting: Vec::new(),
            free: readers,
            waiters: VecDeque::new(),
            value: 0,
        }
    }

    const fn units(&self, writes: bool) -> usize {
        if writes { self.readers } else { 1 }
    }

    fn give(&mut self, units: usize) {
        self.free += units;
        while let Some((id, missing)) = self.waiters.front_mut() {
            let given = self.free.min(*missing);
            self.free -= given;
            *missing -= given;
            if *missing > 0 {
                return;
            }
            let served = self.waiting.iter_mut().find(|waiting| waiting.id == *id);
            served.expect("in the queue").is_served = true;
            self.waiters.pop_front();
        }
    }

    fn hold(&mut self, mut guard: Guard) {
        match &mut guard {
            Guard::Read(guard) => assert_eq!(**guard, self.value),
            Guard::Write(guard) => {
                assert!(self.held.is_empty(), "a writer is alone");
                **guard += 1;
                self.value += 1;
            }
        }
        self.held.push(guard);
    }

    fn begin(&mut self, id: usize, writes: bool) {
        let lock = self.lock;
        let mut task = if writes {
            TestTask::new(async { Guard::Write(lock.write().await) })
        } else {
            TestTask::new(async { Guard::Read(lock.read().await) })
        };
        let units = self.units(writes);
        let fits = self.waiters.is_empty() && self.free >= units;
        match task.poll() {
            Poll::Ready(guard) => {
                assert!(fits);
                self.free -= units;
                self.hold(guard);
            }
            Poll::Pending => {
                assert!(!fits);
                let part = if self.waiters.is_empty() {
                    self.free
                } else {
                    0
                };
                self.free -= part;
                self.waiters.push_back((id, units - part));
                self.waiting.push(Waiter {
                    id,
                    writes,
                    task,
                    is_served: false,
                });
            }
        }
    }

    fn try_begin(&mut self, writes: bool) {
        let guard = if writes {
            self.lock.try_write().map(Guard::Write)
        } else {
            self.lock.try_read().map(Guard::Read)
        };
        let units = self.units(writes);
        assert_eq!(guard.is_ok(), self.waiters.is_empty() && self.free >= units);
        if let Ok(guard) = guard {
            self.free -= units;
            self.hold(guard);
        }
    }

    fn poll(&mut self, index: usize) {
        let index = index % self.waiting.len();
        let waiting = &mut self.waiting[index];
        match waiting.task.poll() {
            Poll::Pending => assert!(!waiting.is_served),
            Poll::Ready(guard) => {
                assert!(self.waiting.swap_remove(index).is_served);
                self.hold(guard);
            }
        }
    }

    fn cancel(&mut self, index: usize) {
        let gone = self.waiting.swap_remove(index % self.waiting.len());
        let units = self.units(gone.writes);
        if gone.is_served {
            return self.give(units);
        }
        let place = self.waiters.iter().position(|(id, _)| *id == gone.id);
        let (_, missing) = self.waiters.remove(place.unwrap()).unwrap();
        self.give(units - missing);
    }

    fn release(&mut self, index: usize, downgrade: bool) {
        let guard = self.held.swap_remove(index % self.held.len());
        match guard {
            Guard::Write(guard) if downgrade => {
                self.held.push(Guard::Read(guard.downgrade()));
                self.give(self.readers - 1);
            }
            guard if downgrade => self.held.push(guard),
            guard => {
                let units = self.units(matches!(guard, Guard::Write(_)));
                drop(guard);
                self.give(units);
            }
        }
    }

    fn step(&mut self, id: usize, step: Step) {
        match step {
            Step::Read => self.begin(id, false),
            Step::Write => self.begin(id, true),
            Step::TryRead => self.try_begin(false),
            Step::TryWrite => self.try_begin(true),
            Step::Poll(index) if !self.waiting.is_empty() => self.poll(index),
            Step::Cancel(index) if !self.waiting.is_empty() => self.cancel(index),
            Step::Release(index) if !self.held.is_empty() => self.release(index, false),
            Step::Downgrade(index) if !self.held.is_empty() => self.release(index, true),
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn rwlock_agrees_with_the_model(readers in 1usize..4, steps in steps()) {
        let mut pair = Pair::new(readers);
        for (id, step) in steps.into_iter().enumerate() {
            pair.step(id, step);
            for waiting in &pair.waiting {
                prop_assert_eq!(waiting.task.is_woken(), waiting.is_served);
            }
        }
        let (lock, value) = (pair.lock, pair.value);
        drop(pair);
        prop_assert_eq!(*lock.try_write().expect("everything was given back"), value);
    }

    #[test]
    fn mutex_agrees_with_a_line(steps in collection::vec((0u8..5, any::<usize>()), 1..80)) {
        let mutex: &'static Mutex<usize> = Box::leak(Box::new(Mutex::new(0)));
        let mut waiters: VecDeque<TestTask<MutexGuard<'static, usize>>> = VecDeque::new();
        let mut held = None;
        let mut count = 0;
        for (step, index) in steps {
            match step {
                0 | 1 => {
                    let mut task = TestTask::new(mutex.lock());
                    match task.poll() {
                        Poll::Ready(guard) => {
                            prop_assert!(held.is_none() && waiters.is_empty());
                            held = Some(guard);
                        }
                        Poll::Pending => waiters.push_back(task),
                    }
                }
                2 => {
                    let taken = mutex.try_lock();
                    prop_assert_eq!(taken.is_ok(), held.is_none() && waiters.is_empty());
                    held = held.or(taken.ok());
                }
                3 => if let Some(mut guard) = held.take() {
                    prop_assert_eq!(*guard, count);
                    *guard += 1;
                    count += 1;
                },
                _ => if !waiters.is_empty() {
                    drop(waiters.remove(index % waiters.len()));
                },
            }
            // Free with a queue: it was handed to the first, and to nobody else.
            prop_assert!(waiters.iter().skip(1).all(|task| !task.is_woken()));
            if held.is_none() {
                if let Some(mut first) = waiters.pop_front() {
                    prop_assert!(first.is_woken());
                    let Poll::Ready(guard) = first.poll() else {
                        return Err(proptest::test_runner::TestCaseError::fail("not handed over"));
                    };
                    held = Some(guard);
                }
            }
        }
        drop((waiters, held));
        prop_assert_eq!(*mutex.try_lock().expect("given back"), count);
    }
}
