//! Models of the wakers' rooms.
#![allow(unsafe_code)]

use core::task::Poll;

use loom::future::block_on;
use loom::thread;

use super::WakerCell;
use crate::platform::{Arc, AtomicBool, Ordering};

/// Attacks I2 of the cell: a wake that comes while the waker is being stored must not be lost.
#[test]
fn model_cell_wake_races_register() {
    loom::model(|| {
        let shared = Arc::new((AtomicBool::new(false), WakerCell::new()));
        let waker = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.0.store(true, Ordering::Relaxed);
                shared.1.wake();
            })
        };
        block_on(core::future::poll_fn(|cx| {
            shared.1.register(cx.waker());
            if shared.0.load(Ordering::Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        waker.join().unwrap();
    });
}

/// Attacks I1 of the cell: two wakers at once, one registration.
#[test]
fn model_cell_two_wakes_race_register() {
    loom::model(|| {
        let shared = Arc::new((AtomicBool::new(false), WakerCell::new()));
        let threads: std::vec::Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.0.store(true, Ordering::Relaxed);
                    shared.1.wake();
                })
            })
            .collect();
        block_on(core::future::poll_fn(|cx| {
            shared.1.register(cx.waker());
            if shared.0.load(Ordering::Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
