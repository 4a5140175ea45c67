//! The watch channel against a value and its version.

use std::task::Poll;

use proptest::{collection, prop_assert, prop_assert_eq, proptest};

use super::Spawned;
use crate::sync::watch;

proptest! {
    #[test]
    fn agrees_with_the_model(steps in collection::vec((0u8..12, 0usize..4), 1..80)) {
        let (tx, rx) = watch::channel(0);
        let mut tx = Some(tx);
        let (mut value, mut version) = (0, 0);
        let mut receivers = vec![(rx, 0)];
        for (number, (step, index)) in steps.into_iter().enumerate() {
            let count = receivers.len();
            match (step, &tx) {
                (0, Some(tx)) => {
                    let accepted = tx.send(number).is_ok();
                    prop_assert_eq!(accepted, count > 0);
                    if accepted {
                        (value, version) = (number, version + 1);
                    }
                }
                (1, Some(tx)) => {
                    prop_assert_eq!(tx.send_replace(number), value);
                    (value, version) = (number, version + 1);
                }
                (2, Some(tx)) => {
                    let changed = tx.send_if_modified(|value| {
                        *value += 1;
                        number % 2 == 0
                    });
                    value += 1;
                    version += usize::from(changed);
                }
                (3, Some(tx)) => receivers.push((tx.subscribe(), version)),
                (4, Some(_)) if index == 0 => tx = None,
                (5, _) if count > 0 => drop(receivers.swap_remove(index % count)),
                (6, _) if count > 0 => {
                    let clone = receivers[index % count].0.clone();
                    let seen = receivers[index % count].1;
                    receivers.push((clone, seen));
                }
                (7, _) if count > 0 => {
                    let (rx, seen) = &mut receivers[index % count];
                    let look = rx.borrow_and_update();
                    prop_assert_eq!((*look, look.has_changed()), (value, *seen != version));
                    *seen = version;
                }
                (8, _) if count > 0 => {
                    let (mut rx, seen) = receivers.swap_remove(index % count);
                    let mut task = Spawned::new(async move { (rx.changed().await.is_ok(), rx) });
                    let closed = tx.is_none();
                    match task.poll() {
                        Poll::Ready((told, rx)) => {
                            prop_assert_eq!(told, seen != version);
                            prop_assert!(told || closed);
                            receivers.push((rx, version));
                        }
                        Poll::Pending => {
                            prop_assert!(seen == version && !closed);
                            if let (Some(tx), true) = (&tx, number % 3 > 0) {
                                tx.send_modify(|value| *value += 1);
                                value += 1;
                                version += 1;
                                prop_assert!(task.is_woken());
                                let Poll::Ready((told, rx)) = task.poll() else {
                                    panic!("woken, and not ready");
                                };
                                prop_assert!(told);
                                receivers.push((rx, version));
                            }
                        }
                    }
                }
                (9, _) if count > 0 => {
                    let (rx, seen) = &mut receivers[index % count];
                    rx.mark_unchanged();
                    *seen = version;
                }
                (10, _) if count > 0 => {
                    let (rx, seen) = &mut receivers[index % count];
                    rx.mark_changed();
                    *seen = usize::MAX;
                }
                _ => {}
            }
            for (rx, seen) in &receivers {
                match rx.has_changed() {
                    Ok(changed) => prop_assert_eq!(changed, *seen != version),
                    Err(_) => prop_assert!(tx.is_none()),
                }
                prop_assert_eq!(*rx.borrow(), value);
            }
            if let Some(tx) = &tx {
                prop_assert_eq!(tx.receiver_count(), receivers.len());
            }
        }
    }
}

/// A panic in the closure leaves the channel usable, and nobody is told.
#[test]
fn a_panic_in_modify_tells_nobody() {
    let (tx, rx) = watch::channel(1);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tx.send_modify(|_| panic!("on purpose"));
    }));
    assert!(result.is_err());
    assert!(!rx.has_changed().unwrap());
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow(), 2);
}
