//! The one-value channel against a sequential model.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::Bell;
use crate::sync::oneshot;
use crate::sync::oneshot::error::TryRecvError;

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec(0u8..8, 1..12)) {
        let token = Arc::new(());
        let (tx, rx) = oneshot::channel();
        let (mut tx, mut rx) = (Some(tx), Some(rx));
        let (mut sent, mut closed, mut taken) = (false, false, false);
        let mut closed_by_receiver = false;
        let (rx_bell, tx_bell) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
        let (mut rx_waits, mut tx_waits) = (false, false);
        for step in steps {
            match (step, &mut tx, &mut rx) {
                (0, sender @ Some(_), _) => {
                    let accepted = sender.take().unwrap().send(token.clone()).is_ok();
                    prop_assert_eq!(accepted, !closed);
                    sent = accepted;
                    closed = true;
                }
                (1, sender @ Some(_), _) => {
                    *sender = None;
                    closed = true;
                }
                (2, Some(sender), _) => {
                    let waker = Waker::from(tx_bell.clone());
                    let polled = sender.poll_closed(&mut Context::from_waker(&waker));
                    prop_assert_eq!(polled.is_ready(), closed);
                    prop_assert_eq!(sender.is_closed(), closed);
                    tx_waits |= polled.is_pending();
                }
                (3, _, Some(receiver)) => {
                    receiver.close();
                    closed_by_receiver |= !closed;
                    closed = true;
                }
                (4, _, receiver @ Some(_)) => {
                    *receiver = None;
                    closed = true;
                    taken = true;
                }
                (5, _, Some(receiver)) if !taken => {
                    match receiver.try_recv() {
                        Ok(_) => prop_assert!(sent),
                        Err(TryRecvError::Empty) => prop_assert!(!closed),
                        Err(TryRecvError::Closed) => prop_assert!(closed && !sent),
                    }
                    taken = closed;
                }
                (6, _, Some(receiver)) if !taken => {
                    let waker = Waker::from(rx_bell.clone());
                    let polled = std::pin::Pin::new(receiver)
                        .poll(&mut Context::from_waker(&waker));
                    match polled {
                        Poll::Ready(result) => {
                            prop_assert!(closed);
                            prop_assert_eq!(result.is_ok(), sent);
                            taken = true;
                        }
                        Poll::Pending => {
                            prop_assert!(!closed);
                            rx_waits = true;
                        }
                    }
                }
                (7, _, Some(receiver)) => {
                    prop_assert_eq!(receiver.is_terminated(), taken);
                    prop_assert_eq!(receiver.is_empty(), taken || !sent);
                }
                _ => {}
            }
            if closed && !closed_by_receiver && rx_waits && rx.is_some() {
                prop_assert!(rx_bell.rings() > 0);
            }
            if closed && tx_waits && tx.is_some() {
                prop_assert!(tx_bell.rings() > 0);
            }
        }
        drop((tx, rx));
        prop_assert_eq!(Arc::strong_count(&token), 1);
        prop_assert_eq!((Arc::strong_count(&rx_bell), Arc::strong_count(&tx_bell)), (1, 1));
    }
}
