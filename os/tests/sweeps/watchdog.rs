//! Ends the process if a step takes too long.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes that ends at all.
const LIMIT: Duration = Duration::from_secs(30);

/// What is going on, and since when.
#[derive(Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Option<(String, Instant)>>>);

impl Watchdog {
    /// Looks on from now on.
    pub(crate) fn new() -> Self {
        let watchdog = Self::default();
        let looking = watchdog.clone();
        thread::spawn(move || looking.look());
        watchdog
    }

    /// Says what goes on from now on: if it does not end in time, the process does.
    pub(crate) fn begin(&self, what: &str) {
        *self.0.lock().unwrap() = Some((what.to_owned(), Instant::now()));
    }

    fn look(&self) {
        loop {
            thread::sleep(Duration::from_millis(200));
            let now = self.0.lock().unwrap().clone();
            if let Some((what, since)) = now {
                if since.elapsed() > LIMIT {
                    eprintln!("hangs: {what}");
                    std::process::abort();
                }
            }
        }
    }
}
