//! Steps with locks and channels.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::rt::sync::mpsc;
use super::rt::task::{coop, yield_now};
use super::steps::{TaskState, is_ok};
use super::world::note;
use crate::program::Op;
use crate::trace::EventKind;

impl TaskState {
    pub(super) async fn locks(&self, op: Op) -> i64 {
        let world = &self.world;
        match op {
            Op::Lock(index, inner) => {
                let _guard = world.locks[index].lock().await;
                note(self.task, EventKind::Locked, 0);
                self.perform(*inner).await
            }
            Op::ReadLock(inner) => {
                let _guard = world.rw.read().await;
                note(self.task, EventKind::Locked, 1);
                self.perform(*inner).await
            }
            Op::WriteLock(inner) => {
                let _guard = world.rw.write().await;
                note(self.task, EventKind::Locked, 2);
                self.perform(*inner).await
            }
            Op::Acquire(permits, inner) => {
                let _permits = world.permits.acquire_many(permits).await;
                note(self.task, EventKind::Locked, 3);
                self.perform(*inner).await
            }
            Op::AddPermits(permits) => {
                world.permits.add_permits(permits);
                0
            }
            Op::Barrier => i64::from(world.barrier.wait().await.is_leader()),
            Op::NotifyOne(index) => {
                world.notifies[index].notify_one();
                0
            }
            Op::NotifyLast(index) => {
                world.notifies[index].notify_last();
                0
            }
            Op::NotifyWaiters(index) => {
                world.notifies[index].notify_waiters();
                0
            }
            Op::Notified(index) => {
                // With Tokio a kept notification takes no unit of the budget, and here it does.
                coop::unconstrained(world.notifies[index].notified()).await;
                0
            }
            Op::SetOnce => is_ok(&world.once.set(self.task)),
            Op::WaitOnce => *world.once.wait().await as i64,
            _ => unreachable!("not a step with locks"),
        }
    }

    pub(super) async fn channels(&self, op: Op) -> i64 {
        let world = &self.world;
        match op {
            _ if world.is_over(&op) => -4,
            Op::Send(index) => is_ok(&world.channels[index].sender.send(self.task).await),
            Op::TrySend(index) => is_ok(&world.channels[index].sender.try_send(self.task)),
            Op::Reserve(index) => match world.channels[index].sender.reserve().await {
                Ok(permit) => {
                    yield_now().await;
                    permit.send(self.task);
                    1
                }
                Err(_) => 0,
            },
            Op::Recv(index) => {
                let Some(receiver) = BorrowedReceiver::of(&world.channels[index].receiver) else {
                    return -3;
                };
                receiver.receive(mpsc::Receiver::poll_recv).await
            }
            Op::TryRecv(index) => {
                let mut receiver = world.channels[index].receiver.lock().unwrap();
                let value = receiver.as_mut().map(mpsc::Receiver::try_recv);
                value.map_or(-3, |value| value.map_or(-1, |value| value as i64))
            }
            Op::CloseReceiver(index) => {
                let mut receiver = world.channels[index].receiver.lock().unwrap();
                let closed = receiver.as_mut().map(|receiver| receiver.close()).is_some();
                world.channels[index]
                    .closed
                    .fetch_or(closed, Ordering::Relaxed);
                i64::from(closed)
            }
            Op::SendUnbounded => is_ok(&world.unbounded.send(self.task)),
            Op::RecvUnbounded => {
                let Some(receiver) = BorrowedReceiver::of(&world.unbounded_receiver) else {
                    return -3;
                };
                receiver.receive(mpsc::UnboundedReceiver::poll_recv).await
            }
            Op::OneshotSend(index) => {
                let sender = world.oneshots[index].sender.lock().unwrap().take();
                sender.map_or(-3, |sender| is_ok(&sender.send(self.task)))
            }
            Op::OneshotRecv(index) => {
                let receiver = world.oneshots[index].receiver.lock().unwrap().take();
                match receiver {
                    Some(receiver) => receiver.await.map_or(-1, |value| value as i64),
                    None => -3,
                }
            }
            Op::WatchSend => world.watch.send_replace(self.task) as i64,
            Op::WatchChanged => {
                // Of several receivers, Tokio wakes one or the other first, by chance.
                let Some(_alone) = BorrowedReceiver::of(&world.watching) else {
                    return -3;
                };
                is_ok(&world.watch.subscribe().changed().await)
            }
            Op::BroadcastSend => world.broadcast.send(self.task).map_or(-1, |n| n as i64),
            Op::BroadcastRecv => {
                let value = world.broadcast.subscribe().recv().await;
                value.map_or(-1, |value| value as i64)
            }
            _ => unreachable!("not a step with channels"),
        }
    }
}

/// A receiver that is taken out of its slot until this is dropped.
pub(super) struct BorrowedReceiver<'a, T> {
    slot: &'a Mutex<Option<T>>,
    receiver: Mutex<Option<T>>,
}

impl<'a, T> BorrowedReceiver<'a, T> {
    pub(super) fn of(slot: &'a Mutex<Option<T>>) -> Option<Self> {
        let receiver = slot.lock().unwrap().take()?;
        Some(Self {
            slot,
            receiver: Mutex::new(Some(receiver)),
        })
    }

    pub(super) async fn receive(
        &self,
        poll: impl Fn(&mut T, &mut Context<'_>) -> Poll<Option<usize>> + Send,
    ) -> i64 {
        let received = poll_fn(|cx| {
            let mut receiver = self.receiver.lock().unwrap();
            receiver
                .as_mut()
                .map_or(Poll::Ready(None), |receiver| poll(receiver, cx))
        });
        received.await.map_or(-1, |value| value as i64)
    }
}

impl<T> Drop for BorrowedReceiver<'_, T> {
    fn drop(&mut self) {
        *self.slot.lock().unwrap() = self.receiver.lock().unwrap().take();
    }
}
