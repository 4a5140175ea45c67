//! Pauses that need no timer of a runtime.
//!
//! Idea        One thread of the process sleeps until the first pause is over, wakes whoever waits, and ends when nobody has
//!             waited for a while. A lock can be waited for on a runtime without timers, and its clock may stand still
//!             while other processes go on.
//! States      no thread ─pause→ thread(pauses by their ends) ─none for a while→ no thread
//! Invariants  I1 there is a thread if there are pauses; both are changed under one lock.
//!             I2 a pause is there from its first poll until it is over or dropped.
//! Rejected    The runtime's timers: a program need not have enabled them, and a paused clock runs ahead of those who hold
//!             the lock.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use selkie_core::coop;
use selkie_core::platform::{Lock, contain_panic};

/// How long the thread stays without pauses.
const IDLE: Duration = Duration::from_secs(5);

/// When a pause is over, and which it is.
type Key = (Instant, u64);

struct Pauses {
    thread: Option<Thread>,
    wakers: BTreeMap<Key, Waker>,
    next: u64,
}

static PAUSES: Lock<Pauses> = Lock::new(Pauses {
    thread: None,
    wakers: BTreeMap::new(),
    next: 0,
});

/// Waits for `length`.
///
/// # Errors
/// The system gives no thread.
pub(super) async fn pause(length: Duration) -> io::Result<()> {
    let ends = Instant::now() + length;
    Pause { ends, number: None }.await
}

struct Pause {
    ends: Instant,
    /// Which it is, once it was polled (I2).
    number: Option<u64>,
}

impl Future for Pause {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A dump is told of it here.
        let unit = ready!(coop::poll_proceed(cx));
        if Instant::now() >= self.ends {
            unit.made_progress();
            return Poll::Ready(Ok(()));
        }
        // Cloned and dropped by nobody who holds the lock: a waker's code is its owner's.
        let waker = cx.waker().clone();
        let mut pauses = PAUSES.lock();
        if let Err(error) = pauses.have_thread() {
            return Poll::Ready(Err(error));
        }
        let number = *self.number.get_or_insert_with(|| {
            pauses.next += 1;
            pauses.next
        });
        let key = (self.ends, number);
        let before = pauses.wakers.insert(key, waker);
        let is_first = pauses.wakers.first_key_value().map(|(key, _)| *key) == Some(key);
        if let (true, Some(thread)) = (is_first, &pauses.thread) {
            thread.unpark();
        }
        drop(pauses);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = PAUSES.lock().wakers.remove(&(self.ends, number));
            drop(waker);
        }
    }
}

impl Pauses {
    /// Sees to it that there is a thread (I1).
    fn have_thread(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            let thread = thread::Builder::new().name("selkie-alarm".to_owned());
            // It looks here first, and so waits until this is done.
            self.thread = Some(thread.spawn(run)?.thread().clone());
        }
        Ok(())
    }
}

/// Wakes whoever's pause is over, until there was none for a while.
fn run() {
    let mut idle_since = Instant::now();
    loop {
        let now = Instant::now();
        let mut pauses = PAUSES.lock();
        let wait = match pauses.wakers.first_entry() {
            Some(first) if first.key().0 <= now => {
                let waker = first.remove();
                drop(pauses);
                let _told = contain_panic(|| waker.wake());
                idle_since = now;
                continue;
            }
            Some(first) => first.key().0 - now,
            None if now - idle_since >= IDLE => {
                pauses.thread = None; // I1
                return;
            }
            None => IDLE,
        };
        drop(pauses);
        // What came in between has left a token.
        thread::park_timeout(wait);
    }
}
