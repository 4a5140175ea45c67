//! Trees of `join!` and `select!`: each leaf is ready at its round, is polled no more after it, and is
//! dropped once; the tree is ready when the rules of its nodes say so.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use arbitrary::{Arbitrary, Unstructured};

/// Depth of a tree.
const DEPTH: u8 = 5;

#[derive(Debug)]
enum Tree {
    /// Ready at the poll with this number, with its own number as the value.
    Leaf(u32, u32),
    Join(Box<Tree>, Box<Tree>),
    /// Polls the first before the second.
    Biased(Box<Tree>, Box<Tree>),
    /// Polls them in any order.
    Select(Box<Tree>, Box<Tree>),
}

impl Tree {
    fn new(input: &mut Unstructured<'_>, depth: u8, number: &mut u32) -> arbitrary::Result<Self> {
        let kind = if depth == 0 {
            0
        } else {
            u8::arbitrary(input)? % 4
        };
        if kind == 0 {
            *number += 1;
            return Ok(Self::Leaf(input.int_in_range(0..=6)?, *number));
        }
        let first = Box::new(Self::new(input, depth - 1, number)?);
        let second = Box::new(Self::new(input, depth - 1, number)?);
        Ok(match kind {
            1 => Self::Join(first, second),
            2 => Self::Biased(first, second),
            _ => Self::Select(first, second),
        })
    }

    /// The round in which the tree is ready, and what it may be ready with.
    fn expected(&self) -> (u32, Vec<u32>) {
        match self {
            Self::Leaf(round, number) => (*round, vec![*number]),
            Self::Join(first, second) => {
                let ((one, values), (two, others)) = (first.expected(), second.expected());
                let sums = values
                    .iter()
                    .flat_map(|a| others.iter().map(move |b| a + b));
                (one.max(two), sums.collect())
            }
            Self::Biased(first, second) => {
                let (one, two) = (first.expected(), second.expected());
                if one.0 <= two.0 { one } else { two }
            }
            Self::Select(first, second) => {
                let ((one, mut values), (two, others)) = (first.expected(), second.expected());
                match one.cmp(&two) {
                    std::cmp::Ordering::Less => (one, values),
                    std::cmp::Ordering::Greater => (two, others),
                    std::cmp::Ordering::Equal => {
                        values.extend(others);
                        (one, values)
                    }
                }
            }
        }
    }

    fn future(&self, alive: &Rc<Cell<i32>>) -> Pin<Box<dyn Future<Output = u32>>> {
        match self {
            Self::Leaf(round, number) => {
                alive.set(alive.get() + 1);
                Box::pin(Leaf {
                    left: Some(*round),
                    number: *number,
                    alive: Rc::clone(alive),
                })
            }
            Self::Join(first, second) => {
                let (first, second) = (first.future(alive), second.future(alive));
                Box::pin(async move {
                    let (one, two) = selkie::join!(first, second);
                    one + two
                })
            }
            Self::Biased(first, second) => {
                let (first, second) = (first.future(alive), second.future(alive));
                Box::pin(async move {
                    selkie::select! {
                        biased;
                        value = first => value,
                        value = second => value,
                    }
                })
            }
            Self::Select(first, second) => {
                let (first, second) = (first.future(alive), second.future(alive));
                Box::pin(async move {
                    selkie::select! {
                        value = first => value,
                        value = second => value,
                    }
                })
            }
        }
    }
}

struct Leaf {
    /// Polls until it is ready; `None` once it was.
    left: Option<u32>,
    number: u32,
    alive: Rc<Cell<i32>>,
}

impl Future for Leaf {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let left = self.left.expect("polled after it was ready");
        self.left = left.checked_sub(1);
        if self.left.is_none() {
            return Poll::Ready(self.number);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.alive.set(self.alive.get() - 1);
    }
}

/// Polls one tree to its end, or drops it before.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(tree) = Tree::new(&mut input, DEPTH, &mut 0) else {
        return;
    };
    let gives_up = input.int_in_range(0..=20).unwrap_or(20);
    let alive = Rc::new(Cell::new(0));
    let (ready_at, values) = tree.expected();
    let mut future = tree.future(&alive);
    let mut cx = Context::from_waker(Waker::noop());
    for round in 0..=gives_up {
        match future.as_mut().poll(&mut cx) {
            Poll::Pending => assert!(round < ready_at, "ready at {ready_at}: {tree:?}"),
            Poll::Ready(value) => {
                assert_eq!(round, ready_at, "{tree:?}");
                assert!(values.contains(&value), "{value} of {tree:?}");
                break;
            }
        }
    }
    drop(future);
    assert_eq!(alive.get(), 0, "a leaf was not dropped once");
}
