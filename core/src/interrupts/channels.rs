//! Channels with a heap.

use core::marker::PhantomData;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::platform::{AtomicUsize, Ordering};
use crate::sync::mpsc::error::{TryRecvError, TrySendError};
use crate::sync::{broadcast, mpsc, oneshot, watch};
use crate::time::raw::{Current, set_current};

/// Values that thread level sends.
const SENT: u32 = 3;

/// Thread level and the handler send, the handler receives by trying: row 77.
pub(super) struct QueueReadByHandler {
    senders: [mpsc::Sender<u32>; 2],
    receiver: RefCell<mpsc::Receiver<u32>>,
    sent: AtomicU32,
    received: AtomicU32,
}

impl QueueReadByHandler {
    fn send(&self, side: usize) {
        match self.senders[side].try_send(1) {
            Ok(()) => drop(self.sent.fetch_add(1, SeqCst)),
            Err(error) => assert!(matches!(error, TrySendError::Full(_))),
        }
    }

    fn receive(&self) {
        loop {
            match self.receiver.borrow_mut().try_recv() {
                Ok(value) => drop(self.received.fetch_add(value, SeqCst)),
                Err(error) => return assert_eq!(error, TryRecvError::Empty),
            }
        }
    }
}

impl Scenario for QueueReadByHandler {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel(2);
        Self {
            senders: [sender.clone(), sender],
            receiver: RefCell::new(receiver),
            sent: AtomicU32::new(0),
            received: AtomicU32::new(0),
        }
    }

    fn thread(&self) {
        self.send(0);
        self.send(0);
        self.send(0);
    }

    fn interrupt(&self) {
        self.receive();
        self.send(1);
        self.receive();
    }

    fn check(&self) {
        self.receive();
        assert_eq!(self.received.load(SeqCst), self.sent.load(SeqCst));
    }
}

/// Thread level sends and waits for room, an urgent task receives; the channel ends with its sender.
pub(super) struct QueueToUrgentTask {
    sender: Task<()>,
    receiver: Task<u32>,
    sum: RefCell<Option<u32>>,
}

impl QueueToUrgentTask {
    fn run_receiver(&self) {
        if let Some(sum) = self.receiver.run() {
            *self.sum.borrow_mut() = Some(sum);
        }
    }
}

impl Scenario for QueueToUrgentTask {
    fn new() -> Self {
        let (sender, mut receiver) = mpsc::channel(1);
        Self {
            sender: Task::new(async move {
                for _ in 0..SENT {
                    sender.send(1).await.expect("received");
                }
            }),
            receiver: Task::new(async move {
                let mut sum = 0;
                while let Some(value) = receiver.recv().await {
                    sum += value;
                }
                sum
            }),
            sum: RefCell::new(None),
        }
    }

    fn thread(&self) {
        self.sender.run();
        self.sender.run();
    }

    fn interrupt(&self) {
        self.run_receiver();
    }

    fn check(&self) {
        for _ in 0..=SENT {
            self.run_receiver();
            self.sender.run();
        }
        self.run_receiver();
        assert_eq!(*self.sum.borrow(), Some(SENT));
    }
}

/// The handler sends without limit, thread level receives and then goes.
pub(super) struct UnboundedFromHandler {
    sender: mpsc::UnboundedSender<Arc<()>>,
    receiver: Task<()>,
    value: Arc<()>,
}

impl Scenario for UnboundedFromHandler {
    fn new() -> Self {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let receiver = Task::new(async move {
            for _ in 0..40 {
                let _value = receiver.recv().await;
            }
        });
        let value = Arc::new(());
        Self {
            sender,
            receiver,
            value,
        }
    }

    fn thread(&self) {
        self.receiver.run();
        self.receiver.run();
        self.receiver.cancel();
    }

    fn interrupt(&self) {
        for _ in 0..34 {
            let _refused = self.sender.send(self.value.clone());
        }
    }

    fn check(&self) {
        // A value that was claimed as the receiver went stays until the channel goes.
        assert!(self.sender.send(self.value.clone()).is_err());
    }
}

/// A value whose clone makes steps.
struct SteppingValue(AtomicUsize);

impl Clone for SteppingValue {
    fn clone(&self) -> Self {
        // Relaxed: a step is what counts.
        Self(AtomicUsize::new(self.0.load(Ordering::Relaxed)))
    }
}

/// Both sides send, receive, and drop receivers of a ring of one and of two: row 77.
pub(super) struct Broadcast<const SLOTS: usize> {
    sender: broadcast::Sender<SteppingValue>,
    low: RefCell<Option<broadcast::Receiver<SteppingValue>>>,
    urgent: RefCell<Option<broadcast::Receiver<SteppingValue>>>,
    other: RefCell<Option<broadcast::Receiver<SteppingValue>>>,
    waiting: Task<()>,
}

impl<const SLOTS: usize> Broadcast<SLOTS> {
    fn send(&self) {
        let _receivers = self.sender.send(SteppingValue(AtomicUsize::new(7)));
    }

    fn receive(receiver: &RefCell<Option<broadcast::Receiver<SteppingValue>>>) {
        if let Some(receiver) = receiver.borrow_mut().as_mut() {
            for _ in 0..3 {
                if let Ok(value) = receiver.try_recv() {
                    // Relaxed: nobody else has it.
                    assert_eq!(value.0.load(Ordering::Relaxed), 7);
                }
            }
        }
    }
}

impl<const SLOTS: usize> Scenario for Broadcast<SLOTS> {
    fn new() -> Self {
        let (sender, low) = broadcast::channel(SLOTS);
        let (urgent, other) = (sender.subscribe(), sender.subscribe());
        let mut waiting = sender.subscribe();
        let waiting = Task::new(async move { while waiting.recv().await.is_ok() {} });
        Self {
            sender,
            low: RefCell::new(Some(low)),
            urgent: RefCell::new(Some(urgent)),
            other: RefCell::new(Some(other)),
            waiting,
        }
    }

    fn thread(&self) {
        self.send();
        Self::receive(&self.low);
        self.send();
        Self::receive(&self.low);
        drop(self.low.take());
    }

    fn interrupt(&self) {
        self.waiting.run();
        Self::receive(&self.urgent);
        self.send();
        drop(self.other.take());
        Self::receive(&self.urgent);
    }

    fn check(&self) {
        self.waiting.run();
        drop((self.urgent.take(), self.other.take()));
        self.waiting.cancel();
        assert!(self.sender.is_empty(), "a value stays that nobody will see");
        assert_eq!(self.sender.receiver_count(), 0);
    }
}

/// One value, sent by one side and waited for, or given up, by the other.
pub(super) struct OneValue {
    sender: RefCell<Option<oneshot::Sender<Arc<()>>>>,
    receiver: Task<()>,
    given_up: Task<()>,
    other: RefCell<Option<oneshot::Sender<Arc<()>>>>,
    value: Arc<()>,
}

impl Scenario for OneValue {
    fn new() -> Self {
        let task = || {
            let (sender, receiver) = oneshot::channel();
            let task = Task::new(async move { drop::<Result<Arc<()>, _>>(receiver.await) });
            (RefCell::new(Some(sender)), task)
        };
        let ((sender, receiver), (other, given_up)) = (task(), task());
        let value = Arc::new(());
        Self {
            sender,
            receiver,
            given_up,
            other,
            value,
        }
    }

    fn thread(&self) {
        if let Some(sender) = self.sender.take() {
            assert!(sender.send(self.value.clone()).is_ok());
        }
        if let Some(sender) = self.other.take() {
            let _refused = sender.send(self.value.clone());
        }
    }

    fn interrupt(&self) {
        self.receiver.run();
        self.given_up.run();
        self.given_up.cancel();
    }

    fn check(&self) {
        self.receiver.run();
        assert!(self.receiver.is_over(), "the wake was lost");
        self.given_up.cancel();
        assert_eq!(Arc::strong_count(&self.value), 1, "a value was leaked");
    }
}

/// Row 77: a handler that received spun for the sender that it had interrupted.
#[test]
fn a_handler_receives_while_a_send_is_interrupted() {
    sweep::<QueueReadByHandler>();
}

#[test]
fn a_queue_passes_values_between_priorities() {
    sweep::<QueueToUrgentTask>();
    sweep::<UnboundedFromHandler>();
}

/// Row 77: a send, a receive and a drop spun for a receiver that was interrupted as it cloned.
#[test]
fn a_broadcast_is_used_at_every_priority() {
    sweep::<Broadcast<1>>();
    sweep::<Broadcast<2>>();
}

#[test]
fn one_value_passes_between_priorities() {
    sweep::<OneValue>();
}

/// Says whether `T` is `Send`: the constant of the type is found before the trait's.
struct Sends<T>(PhantomData<T>);

trait NotSend {
    const IS_SEND: bool = false;
}

impl<T> NotSend for Sends<T> {}

impl<T: Send> Sends<T> {
    const IS_SEND: bool = true;
}

/// Row 77: a watch lends its value, so that another context would wait for whoever has it. By type it
/// stays in one context.
#[test]
fn a_watch_stays_in_its_context() {
    const { assert!(Sends::<mpsc::Sender<u8>>::IS_SEND) };
    const { assert!(!Sends::<watch::Sender<u8>>::IS_SEND) };
    const { assert!(!Sends::<watch::Receiver<u8>>::IS_SEND) };
    const { assert!(!Sends::<&watch::Sender<u8>>::IS_SEND) };
    const { assert!(!Sends::<watch::Ref<'_, u8>>::IS_SEND) };
}

/// In one context a send beside a borrow would wait for ever.
#[test]
#[should_panic(expected = "borrowed in this very context")]
fn a_borrowed_watch_panics_where_it_would_hang() {
    let (sender, receiver) = watch::channel(1);
    let _borrowed = receiver.borrow();
    let _sent = sender.send(2);
}

/// A blocking call in a task, or in a handler that interrupted one, waited for who could not run.
#[test]
#[should_panic(expected = "cannot block where an executor runs")]
fn a_blocking_call_in_an_executor_panics_where_it_would_hang() {
    struct ContextGuard;
    impl Drop for ContextGuard {
        fn drop(&mut self) {
            set_current(Current::Absent);
        }
    }

    let (_sender, mut receiver) = mpsc::channel::<u8>(1);
    let _outside = ContextGuard;
    set_current(Current::Disabled);
    let _never = receiver.blocking_recv();
}

/// A clone that receives from its own channel waited for itself.
#[test]
fn a_clone_may_receive_from_its_own_channel() {
    struct ReentrantValue(Rc<RefCell<Option<broadcast::Receiver<Self>>>>);
    impl Clone for ReentrantValue {
        fn clone(&self) -> Self {
            let receiver = self.0.borrow_mut().take();
            if let Some(mut receiver) = receiver {
                assert!(receiver.try_recv().is_ok());
            }
            Self(self.0.clone())
        }
    }

    let (sender, mut receiver) = broadcast::channel(1);
    let other = Rc::new(RefCell::new(Some(sender.subscribe())));
    let _receivers = sender.send(ReentrantValue(other));
    assert!(receiver.try_recv().is_ok());
}
