//! The bounded channel: values come out once, in the order in which they went in; never more than fit.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use selkie::sync::mpsc;
use selkie::sync::mpsc::error::{TryRecvError, TrySendError};

use crate::step::Step;
use crate::tasks::Tasks;

/// What a wait on the channel ends with.
#[derive(Debug)]
enum Outcome {
    Sent(u32),
    Refused,
    Received(Option<u32>),
}

struct Run {
    capacity: usize,
    senders: Vec<mpsc::Sender<u32>>,
    receiver: Rc<RefCell<Option<mpsc::Receiver<u32>>>>,
    /// One waits for a value at most: they would share one place for a waker.
    is_receiving: Rc<Cell<bool>>,
    tasks: Tasks<Outcome>,
    model: VecDeque<u32>,
    next: u32,
    closed: bool,
}

/// Runs `steps` on a channel for `capacity` values.
pub(crate) fn bounded(capacity: usize, steps: &[Step]) {
    let (sender, receiver) = mpsc::channel(capacity);
    let mut run = Run {
        capacity,
        senders: vec![sender],
        receiver: Rc::new(RefCell::new(Some(receiver))),
        is_receiving: Rc::default(),
        tasks: Tasks::default(),
        model: VecDeque::new(),
        next: 0,
        closed: false,
    };
    for step in steps {
        if let Some(ended) = run.step(*step) {
            run.note(ended);
        }
    }
    run.end();
}

impl Run {
    fn step(&mut self, step: Step) -> Option<Outcome> {
        match step {
            Step::Send => return self.send(),
            Step::Receive if self.is_receiving.get() => return self.tasks.poll_woken().flatten(),
            Step::Receive => return self.receive(),
            Step::TrySend => return self.try_send(),
            Step::TryReceive => return self.try_receive(),
            Step::Poll(which) => return self.tasks.poll(which.into()),
            Step::Cancel(which) => self.tasks.cancel(which.into()),
            // Who closes has the receiver, so nobody else is in the middle of a wait with it.
            Step::Close | Step::DropReceiver if self.is_receiving.get() => (),
            Step::Close => {
                if let Some(receiver) = self.receiver.borrow_mut().as_mut() {
                    self.closed = true;
                    receiver.close();
                }
            }
            Step::DropReceiver => {
                self.closed = true;
                drop(self.receiver.borrow_mut().take());
                self.model.clear();
            }
            Step::DropSender => drop(self.senders.pop()),
            Step::Many(_) => self.senders.extend(self.senders.last().cloned()),
        }
        None
    }

    fn send(&mut self) -> Option<Outcome> {
        let sender = self.senders.last()?.clone();
        self.next += 1;
        let value = self.next;
        self.tasks.start(async move {
            match sender.send(value).await {
                Ok(()) => Outcome::Sent(value),
                Err(_) => Outcome::Refused,
            }
        })
    }

    fn receive(&mut self) -> Option<Outcome> {
        let receiver = Rc::clone(&self.receiver);
        let receiving = ReceiveFlag::new(&self.is_receiving);
        self.tasks.start(async move {
            let _receiving = receiving;
            poll_fn(|cx| match receiver.borrow_mut().as_mut() {
                Some(receiver) => receiver.poll_recv(cx).map(Outcome::Received),
                None => Poll::Ready(Outcome::Refused),
            })
            .await
        })
    }

    fn try_send(&mut self) -> Option<Outcome> {
        let sender = self.senders.last()?;
        self.next += 1;
        match sender.try_send(self.next) {
            Ok(()) => Some(Outcome::Sent(self.next)),
            Err(TrySendError::Full(_)) => {
                let is_full = self.model.len() == self.capacity;
                assert!(is_full || !self.tasks.is_empty(), "there is room");
                None
            }
            Err(TrySendError::Closed(_)) => Some(Outcome::Refused),
        }
    }

    fn try_receive(&mut self) -> Option<Outcome> {
        match self.receiver.borrow_mut().as_mut()?.try_recv() {
            Ok(value) => Some(Outcome::Received(Some(value))),
            Err(TryRecvError::Empty) => {
                assert!(self.model.is_empty(), "a value is there");
                None
            }
            Err(TryRecvError::Disconnected) => Some(Outcome::Received(None)),
        }
    }

    fn note(&mut self, ended: Outcome) {
        match ended {
            Outcome::Sent(value) => {
                self.model.push_back(value);
                assert!(self.model.len() <= self.capacity, "more values than fit");
            }
            Outcome::Refused => assert!(self.closed, "refused by an open channel"),
            Outcome::Received(None) => {
                assert!(self.model.is_empty(), "values were lost");
                let is_over = self.closed || self.senders.is_empty();
                assert!(is_over, "the end of an open channel");
            }
            Outcome::Received(value) => assert_eq!(value, self.model.pop_front(), "order"),
        }
    }

    /// Everything that waits comes to its end.
    fn end(mut self) {
        self.senders.clear();
        while self.is_receiving.get() {
            if self.tasks.poll_woken().is_none() {
                self.tasks.cancel(0);
            }
        }
        if let Some(receiver) = self.receiver.borrow_mut().as_mut() {
            receiver.close();
            while receiver.try_recv().is_ok() {}
        }
        while let Some(_ended) = self.tasks.poll_woken() {}
        assert!(self.tasks.is_empty(), "somebody waits for a closed channel");
    }
}

/// Somebody waits for a value.
struct ReceiveFlag(Rc<Cell<bool>>);

impl ReceiveFlag {
    fn new(is_receiving: &Rc<Cell<bool>>) -> Self {
        is_receiving.set(true);
        Self(Rc::clone(is_receiving))
    }
}

impl Drop for ReceiveFlag {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
