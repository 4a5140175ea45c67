//! Pauses that need no timer of a runtime.
//!
//! Idea        One thread of the process sleeps until the first pause is over, wakes whoever waits, and ends when nobody has
//!             waited for a while. A lock can be waited for on a runtime without timers, and its clock may stand still
//!             while other processes go on.
//! States      no thread ─pause→ thread(pauses by their ends) ─none for a while→ no thread
//! Invariants  I1 there is a thread if there are pauses; both are changed under one lock.
//!             I2 a pause is there from its first poll until it is over or dropped.
//!             I3 a process that was forked has an alarm of its own: the thread of its parent's is not there, and may have had
//!                the lock. It leaves the parent's as it was.
//! Rejected    The runtime's timers: a program need not have enabled them, and a paused clock runs ahead of those who hold
//!             the lock.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker, ready};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use selkie_core::coop;
use selkie_core::platform::{Lock, contain_panic};

use crate::sys::Birth;

/// How long the thread stays without pauses.
const IDLE: Duration = Duration::from_secs(5);

/// When a pause is over, and which it is.
type Key = (Instant, u64);

#[derive(Default)]
struct Pauses {
    thread: Option<Thread>,
    wakers: BTreeMap<Key, Waker>,
    next: u64,
}

/// One process's (I3).
struct Alarm {
    birth: Birth,
    pauses: Lock<Pauses>,
    /// That of a process which was forked from it.
    forked: OnceLock<Box<Alarm>>,
}

/// That of the first process.
static FIRST: OnceLock<Box<Alarm>> = OnceLock::new();

impl Alarm {
    fn new() -> Box<Self> {
        Box::new(Self {
            birth: Birth::here(),
            pauses: Lock::new(Pauses::default()),
            forked: OnceLock::new(),
        })
    }

    /// This process's.
    fn here() -> &'static Self {
        let mut alarm = FIRST.get_or_init(Self::new);
        while !alarm.birth.is_here() {
            alarm = alarm.forked.get_or_init(Self::new);
        }
        alarm
    }
}

/// Waits for `length`.
///
/// # Errors
/// The system gives no thread.
pub(super) async fn pause(length: Duration) -> io::Result<()> {
    let ends = Instant::now() + length;
    Pause { ends, place: None }.await
}

struct Pause {
    ends: Instant,
    /// Where it is, and which, once it was polled (I2).
    place: Option<(&'static Alarm, u64)>,
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
        let alarm = Alarm::here();
        let mut pauses = alarm.pauses.lock();
        if let Err(error) = pauses.have_thread(alarm) {
            return Poll::Ready(Err(error));
        }
        let number = match self.place {
            Some((known, number)) if known.birth.is_here() => number,
            _ => {
                pauses.next += 1;
                pauses.next
            }
        };
        self.place = Some((alarm, number));
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
        let Some((alarm, number)) = self.place else {
            return;
        };
        if alarm.birth.is_here() {
            let waker = alarm.pauses.lock().wakers.remove(&(self.ends, number));
            drop(waker);
        }
    }
}

impl Pauses {
    /// Sees to it that there is a thread (I1).
    fn have_thread(&mut self, alarm: &'static Alarm) -> io::Result<()> {
        if self.thread.is_none() {
            let thread = thread::Builder::new().name("selkie-alarm".to_owned());
            // It looks here first, and so waits until this is done.
            self.thread = Some(thread.spawn(|| run(alarm))?.thread().clone());
        }
        Ok(())
    }
}

/// Wakes whoever's pause is over, until there was none for a while.
fn run(alarm: &Alarm) {
    let mut idle_since = Instant::now();
    loop {
        let now = Instant::now();
        let mut pauses = alarm.pauses.lock();
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
