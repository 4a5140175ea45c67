//! Models of the waker cell.
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
