//! The one-value channel against a sequential model.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::super::oneshot;
use super::harness::CountingWaker;
use crate::sync::oneshot::error::TryRecvError;

/// The channel and the model side by side.
#[derive(Default)]
struct Pair {
    tx: Option<oneshot::Sender<Arc<()>>>,
    rx: Option<oneshot::Receiver<Arc<()>>>,
    sent: bool,
    closed: bool,
    closed_by_receiver: bool,
    taken: bool,
    rx_waker: Arc<CountingWaker>,
    tx_waker: Arc<CountingWaker>,
    rx_waits: bool,
    tx_waits: bool,
}

impl Pair {
    fn sender_step(&mut self, step: u8, token: &Arc<()>) {
        let Some(mut sender) = self.tx.take() else {
            return;
        };
        match step {
            0 => {
                let accepted = sender.send(token.clone()).is_ok();
                assert_eq!(accepted, !self.closed);
                self.sent = accepted;
                self.closed = true;
            }
            1 => {
                drop(sender);
                self.closed = true;
            }
            _ => {
                let waker = Waker::from(self.tx_waker.clone());
                let polled = sender.poll_closed(&mut Context::from_waker(&waker));
                assert_eq!(polled.is_ready(), self.closed);
                assert_eq!(sender.is_closed(), self.closed);
                self.tx_waits |= polled.is_pending();
                self.tx = Some(sender);
            }
        }
    }

    fn receiver_step(&mut self, step: u8) {
        let Some(mut receiver) = self.rx.take() else {
            return;
        };
        match step {
            3 => {
                receiver.close();
                self.closed_by_receiver |= !self.closed;
                self.closed = true;
            }
            4 => {
                drop(receiver);
                (self.closed, self.taken) = (true, true);
                return;
            }
            5 if !self.taken => {
                match receiver.try_recv() {
                    Ok(_) => assert!(self.sent),
                    Err(TryRecvError::Empty) => assert!(!self.closed),
                    Err(TryRecvError::Closed) => assert!(self.closed && !self.sent),
                }
                self.taken = self.closed;
            }
            6 if !self.taken => {
                let waker = Waker::from(self.rx_waker.clone());
                match Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(result) => {
                        assert!(self.closed);
                        assert_eq!(result.is_ok(), self.sent);
                        self.taken = true;
                    }
                    Poll::Pending => {
                        assert!(!self.closed);
                        self.rx_waits = true;
                    }
                }
            }
            _ => {
                assert_eq!(receiver.is_terminated(), self.taken);
                assert_eq!(receiver.is_empty(), self.taken || !self.sent);
            }
        }
        self.rx = Some(receiver);
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec(0u8..8, 1..12)) {
        let token = Arc::new(());
        let (tx, rx) = oneshot::channel();
        let mut pair = Pair { tx: Some(tx), rx: Some(rx), ..Pair::default() };
        for step in steps {
            if step < 3 { pair.sender_step(step, &token) } else { pair.receiver_step(step) }
            if pair.closed && !pair.closed_by_receiver && pair.rx_waits && pair.rx.is_some() {
                prop_assert!(pair.rx_waker.wakes() > 0);
            }
            if pair.closed && pair.tx_waits && pair.tx.is_some() {
                prop_assert!(pair.tx_waker.wakes() > 0);
            }
        }
        let (rx_waker, tx_waker) = (pair.rx_waker.clone(), pair.tx_waker.clone());
        drop(pair);
        prop_assert_eq!(Arc::strong_count(&token), 1);
        prop_assert_eq!((Arc::strong_count(&rx_waker), Arc::strong_count(&tx_waker)), (1, 1));
    }
}

/// A receiver's waker that panics costs the channel's memory not, nor what else stands in it.
#[cfg(feature = "std")]
#[test]
fn a_send_whose_wake_panics_leaves_the_channel() {
    let waits = Arc::new(CountingWaker::default());
    let (mut tx, mut rx) = oneshot::channel();
    let mut cx = Context::from_waker(Waker::noop());
    let waker = Waker::from(waits.clone());
    assert!(
        tx.poll_closed(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    let panics = Waker::from(Arc::new(super::harness::OnWake(|| {
        panic!("a waker that panics")
    })));
    assert!(
        Pin::new(&mut rx)
            .poll(&mut Context::from_waker(&panics))
            .is_pending()
    );
    let send = std::panic::AssertUnwindSafe(|| tx.send(1));
    assert!(std::panic::catch_unwind(send).is_err());
    assert_eq!(
        Pin::new(&mut rx).poll(&mut cx),
        Poll::Ready(Ok(1)),
        "the value was sent"
    );
    drop(rx);
    assert_eq!(
        Arc::strong_count(&waits),
        1,
        "the channel still has a waker of its sender"
    );
}
