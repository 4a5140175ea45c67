//! Runs a network of tasks on several workers; compiled once for each runtime.

use std::sync::Arc;
use std::time::Duration;

use super::rt::runtime::Builder;
use super::rt::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use super::rt::task::{JoinSet, coop, yield_now};
use super::rt::time::sleep;
use crate::network::{Edge, Kind, Network, Step};

/// The end of an edge that a task sends by.
enum SendEnd {
    Unbounded(mpsc::UnboundedSender<u64>),
    Bounded(mpsc::Sender<u64>),
    Oneshot(Option<oneshot::Sender<u64>>),
    Notify(Arc<Notify>),
    Permits(Arc<Semaphore>),
}

/// The end of an edge that a task receives by.
enum ReceiveEnd {
    Unbounded(mpsc::UnboundedReceiver<u64>),
    Bounded(mpsc::Receiver<u64>),
    Oneshot(Option<oneshot::Receiver<u64>>),
    Notify(Arc<Notify>),
    Permits(Arc<Semaphore>),
}

fn open(edge: &Edge) -> (SendEnd, ReceiveEnd) {
    match edge.kind {
        Kind::Unbounded => {
            let (sender, receiver) = mpsc::unbounded_channel();
            (SendEnd::Unbounded(sender), ReceiveEnd::Unbounded(receiver))
        }
        Kind::Bounded => {
            let (sender, receiver) = mpsc::channel(edge.messages);
            (SendEnd::Bounded(sender), ReceiveEnd::Bounded(receiver))
        }
        Kind::Oneshot => {
            let (sender, receiver) = oneshot::channel();
            (
                SendEnd::Oneshot(Some(sender)),
                ReceiveEnd::Oneshot(Some(receiver)),
            )
        }
        Kind::Notify => {
            let notify = Arc::new(Notify::new());
            (
                SendEnd::Notify(Arc::clone(&notify)),
                ReceiveEnd::Notify(notify),
            )
        }
        Kind::Permits => {
            let permits = Arc::new(Semaphore::new(0));
            (
                SendEnd::Permits(Arc::clone(&permits)),
                ReceiveEnd::Permits(permits),
            )
        }
    }
}

impl SendEnd {
    async fn send(&mut self, value: u64) {
        match self {
            Self::Unbounded(sender) => sender.send(value).expect("a receiver"),
            Self::Bounded(sender) => sender.send(value).await.expect("a receiver"),
            Self::Oneshot(sender) => {
                let sender = sender.take().expect("one message");
                sender.send(value).expect("a receiver");
            }
            Self::Notify(notify) => notify.notify_one(),
            Self::Permits(permits) => permits.add_permits(1),
        }
    }
}

impl ReceiveEnd {
    async fn receive(&mut self) -> u64 {
        match self {
            Self::Unbounded(receiver) => receiver.recv().await.expect("a sender"),
            Self::Bounded(receiver) => receiver.recv().await.expect("a sender"),
            Self::Oneshot(receiver) => {
                let receiver = receiver.take().expect("one message");
                receiver.await.expect("a sender")
            }
            Self::Notify(notify) => {
                notify.notified().await;
                1
            }
            Self::Permits(permits) => {
                permits.acquire().await.expect("open").forget();
                1
            }
        }
    }
}

/// One task: makes its steps, and returns what it saw, in order.
async fn task(
    steps: Vec<Step>,
    mut sending: Vec<(usize, SendEnd)>,
    mut receiving: Vec<(usize, ReceiveEnd)>,
    total: Arc<Mutex<u64>>,
) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut sum = 1_u64;
    for step in steps {
        match step {
            Step::Send(edge) => {
                let end = sending.iter_mut().find(|(of, _)| *of == edge);
                end.expect("an edge of this task").1.send(sum).await;
            }
            Step::Receive(edge) => {
                let end = receiving.iter_mut().find(|(of, _)| *of == edge);
                let value = end.expect("an edge of this task").1.receive().await;
                sum = sum.wrapping_mul(31).wrapping_add(value);
                seen.push(value);
            }
            Step::Yield => yield_now().await,
            Step::Sleep(micros) => sleep(Duration::from_micros(micros)).await,
            Step::Add(value) => *total.lock().await += value,
            Step::Burn(units) => {
                for _ in 0..units {
                    coop::consume_budget().await;
                }
            }
            Step::Child(value) => {
                let child = super::rt::spawn(async move {
                    yield_now().await;
                    value
                });
                seen.push(child.await.expect("no panic"));
            }
        }
    }
    seen.push(sum);
    seen
}

/// Runs `network`, and says what each task saw, in its own order, and what all of them added up.
pub(crate) fn run(network: &Network) -> (Vec<Vec<u64>>, u64) {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(network.workers)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let total = Arc::new(Mutex::new(0));
        let tasks = network.scripts.len();
        let mut sending: Vec<Vec<_>> = (0..tasks).map(|_| Vec::new()).collect();
        let mut receiving: Vec<Vec<_>> = (0..tasks).map(|_| Vec::new()).collect();
        for (number, edge) in network.edges.iter().enumerate() {
            let (from, to) = open(edge);
            sending[edge.from].push((number, from));
            receiving[edge.to].push((number, to));
        }
        let mut set = JoinSet::new();
        let ends = sending.into_iter().zip(receiving);
        for (number, (steps, (from, to))) in network.scripts.iter().zip(ends).enumerate() {
            let task = task(steps.clone(), from, to, Arc::clone(&total));
            set.spawn(async move { (number, task.await) });
        }
        let mut seen = vec![Vec::new(); tasks];
        while let Some(result) = set.join_next().await {
            let (number, of_task) = result.expect("no panic");
            seen[number] = of_task;
        }
        let total = *total.lock().await;
        (seen, total)
    })
}
