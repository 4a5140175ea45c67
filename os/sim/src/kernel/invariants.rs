//! What must hold after every step.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::payload::text_of;

type Check = Box<dyn FnMut() -> Result<(), String> + Send>;

/// The invariants of this process's simulation. Only the thread that has the turn looks at them.
static ALL: Mutex<Vec<(String, Check)>> = Mutex::new(Vec::new());
static IS_ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CHECKS: Cell<bool> = const { Cell::new(false) };
}

/// Adds an invariant.
pub(crate) fn add_invariant(
    what: &str,
    holds: impl FnMut() -> Result<(), String> + Send + 'static,
) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.push((what.to_owned(), Box::new(holds)));
    // The turn orders it: no thread looks without having had the turn after this one.
    IS_ANY.store(true, Ordering::Relaxed);
}

/// Asks every invariant, as the program's own code; what is to be said of the first that does not hold.
pub(super) fn broken_invariant() -> Option<String> {
    if !IS_ANY.load(Ordering::Relaxed) || CHECKS.replace(true) {
        return None;
    }
    // A check that waits gives the turn away: whoever comes here then does not check.
    let broken = ALL.try_lock().ok().and_then(|mut all| {
        all.iter_mut().find_map(|(what, holds)| {
            // One that asserts says so by a panic.
            let holds = catch_unwind(AssertUnwindSafe(holds))
                .unwrap_or_else(|payload| Err(text_of(&*payload)));
            holds.err().map(|why| format!("{what}: {why}"))
        })
    });
    CHECKS.set(false);
    broken
}
