//! Pauses that need no timer of a runtime.
//!
//! Idea        One thread of the process sleeps until the first pause is over, wakes the task that waits for it,
//!             and ends when nobody has waited for a while. So a file lock can be waited for on a runtime without
//!             timers, and on one whose paused clock stands still while other processes go on.
//! States      no thread ─pause→ thread(pauses, ordered by their ends) ─none for a while→ no thread
//!             of a pause: registered ─the thread takes it out, and wakes→ over; registered ─dropped→ gone
//! Invariants  I1 there is a thread if there are pauses; both are changed under one lock.
//!             I2 a pause is registered from its first poll until the thread takes it out, or it is dropped. It is
//!                over when the thread has taken it out, and not before, however often it is polled.
//!             I3 a process that was forked has a timer thread of its own: the thread of its parent does not exist
//!                there, and may have held the lock. It leaves the state of the parent as it was.
//!             I4 what a woken task does costs something, so only so many pauses end per second (`RateLimit`), in the order
//!                of their ends: if there are more, each takes longer, and none is forgotten.
//! Rejected    One attempt for all tasks that wait for the lock of one file: they need not wait for the same, with
//!             clones, and with shared locks beside others.
//!             The timers of the runtime: a program need not have enabled them, and a paused clock runs ahead of
//!             those who hold the lock.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker, ready};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use selkie_core::coop;
use selkie_core::raw::platform::{Lock, contain_panic};

use crate::sys::OwningProcess;
use crate::threads::start_library_thread;

/// How long the thread stays when there are no pauses.
const IDLE: Duration = Duration::from_secs(5);

/// How many pauses may end in a burst, and how many more after each `REFILL_INTERVAL`.
const BURST: u32 = 40;
const REFILL: u32 = 4;
const REFILL_INTERVAL: Duration = Duration::from_millis(2);

/// How many pauses may end now (I4): 2,000 per second, so that 40 of them that end every 20 ms are never late.
#[derive(Debug)]
struct RateLimit {
    left: u32,
    refilled: Instant,
}

impl RateLimit {
    #[inline]
    fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            refilled: now,
        }
    }

    /// Takes the permission for one pause to end.
    ///
    /// # Errors
    /// How long to wait until one may.
    #[inline]
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let since = now.saturating_duration_since(self.refilled);
        let refills = since.as_nanos() / REFILL_INTERVAL.as_nanos();
        if refills >= u128::from(BURST / REFILL) {
            *self = Self::new(now);
        } else {
            let refills = refills as u32;
            self.refilled += REFILL_INTERVAL * refills;
            self.left = (self.left + REFILL * refills).min(BURST);
        }
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => return Err(self.refilled + REFILL_INTERVAL - now),
        }
        Ok(())
    }
}

/// When a pause is over, and its number.
type Key = (Instant, u64);

#[derive(Default)]
struct Pauses {
    thread: Option<Thread>,
    /// In the order of their keys.
    wakers: VecDeque<(Key, Waker)>,
    next: u64,
}

/// The timer thread of one process (I3).
struct TimerThread {
    process: OwningProcess,
    pauses: Lock<Pauses>,
    /// That of the process which was forked from this one.
    child: OnceLock<Box<TimerThread>>,
}

/// That of the first process.
static FIRST: OnceLock<Box<TimerThread>> = OnceLock::new();

impl TimerThread {
    #[inline]
    fn new() -> Box<Self> {
        Box::new(Self {
            process: OwningProcess::current(),
            pauses: Lock::new(Pauses::default()),
            child: OnceLock::new(),
        })
    }

    /// That of the calling process.
    #[inline]
    fn current() -> &'static Self {
        let mut timer = FIRST.get_or_init(Self::new);
        while !timer.process.is_current() {
            timer = timer.child.get_or_init(Self::new);
        }
        timer
    }
}

/// Waits for `length`, or longer if many wait.
///
/// # Errors
/// If the system gives no thread.
#[inline]
pub(super) async fn pause(length: Duration) -> io::Result<()> {
    let ends = Instant::now() + length;
    Pause {
        ends,
        registered: None,
    }
    .await
}

struct Pause {
    ends: Instant,
    /// Where the pause is registered, and its number, once it was polled (I2).
    registered: Option<(&'static TimerThread, u64)>,
}

impl Future for Pause {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A dump of tasks stops the task here.
        let unit = ready!(coop::poll_proceed(cx));
        // Cloned and dropped while the lock is not held: a waker runs foreign code.
        let mut waker = cx.waker().clone();
        let timer = TimerThread::current();
        let mut pauses = timer.pauses.lock();
        if let Some((_, number)) = self
            .registered
            .filter(|(known, _)| known.process.is_current())
        {
            let outcome = match pauses.find((self.ends, number)) {
                Ok(place) => {
                    std::mem::swap(&mut pauses.wakers[place].1, &mut waker);
                    Poll::Pending
                }
                Err(_) => {
                    unit.made_progress();
                    Poll::Ready(Ok(())) // I2
                }
            };
            drop(pauses);
            drop(waker);
            return outcome;
        }
        if let Err(error) = pauses.ensure_thread(timer) {
            return Poll::Ready(Err(error));
        }
        pauses.next += 1;
        let key = (self.ends, pauses.next);
        self.registered = Some((timer, pauses.next));
        let place = pauses.find(key).unwrap_or_else(|place| place);
        pauses.wakers.insert(place, (key, waker));
        if let (0, Some(thread)) = (place, &pauses.thread) {
            thread.unpark();
        }
        Poll::Pending
    }
}

impl Drop for Pause {
    #[inline]
    fn drop(&mut self) {
        let Some((timer, number)) = self.registered else {
            return;
        };
        if timer.process.is_current() {
            let mut pauses = timer.pauses.lock();
            let place = pauses.find((self.ends, number));
            let waker = place.ok().and_then(|place| pauses.wakers.remove(place));
            drop(pauses);
            drop(waker);
        }
    }
}

impl Pauses {
    /// Where the pause `key` stands, or would stand.
    #[inline]
    fn find(&self, key: Key) -> Result<usize, usize> {
        self.wakers.binary_search_by(|(other, _)| other.cmp(&key))
    }

    /// Ensures that there is a thread (I1).
    #[inline]
    fn ensure_thread(&mut self, timer: &'static TimerThread) -> io::Result<()> {
        if self.thread.is_none() {
            // The thread takes the lock first, and so waits until this is done.
            let thread = start_library_thread("selkie-alarm", Box::new(|| run(timer)))?;
            self.thread = Some(thread.thread().clone());
        }
        Ok(())
    }
}

/// Wakes the tasks whose pauses are over, until there was no pause for a while.
#[inline]
fn run(timer: &TimerThread) {
    let mut idle_since = Instant::now();
    let mut limit = RateLimit::new(idle_since);
    loop {
        let now = Instant::now();
        let mut pauses = timer.pauses.lock();
        let first = pauses.wakers.front().map(|(key, _)| key.0);
        let wait = match first {
            Some(ends) if ends <= now => match limit.take(now) {
                Ok(()) => {
                    let first = pauses.wakers.pop_front();
                    drop(pauses);
                    let _told = first.map(|(_, waker)| contain_panic(|| waker.wake()));
                    idle_since = now;
                    continue;
                }
                Err(wait) => wait,
            },
            Some(ends) => ends - now,
            None if now - idle_since >= IDLE => {
                pauses.thread = None; // I1
                return;
            }
            None => IDLE,
        };
        drop(pauses);
        // A pause that was registered in between has unparked this thread.
        thread::park_timeout(wait);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{BURST, RateLimit};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_number_of_pauses_that_end_in_a_second_is_limited() {
        let begun = Instant::now();
        let mut limit = RateLimit::new(begun);
        let (mut now, mut ended) = (begun, 0);
        while now < begun + SECOND {
            match limit.take(now) {
                Ok(()) => ended += 1,
                Err(wait) => {
                    assert!(!wait.is_zero());
                    now += wait;
                }
            }
        }
        assert!((2_000..=2_000 + BURST).contains(&ended), "{ended}");
        // What was not used for long is not there all at once.
        now += SECOND * 60;
        let at_once = (0..1_000).filter(|_| limit.take(now).is_ok()).count();
        assert_eq!(at_once, BURST as usize);
    }

    #[test]
    fn a_burst_within_the_limit_is_never_late() {
        let begun = Instant::now();
        let mut limit = RateLimit::new(begun);
        // As many as may be, each every 20 ms, all at the same time or one after the other.
        for round in 0..100 {
            for pause in 0..BURST {
                let shift = if round % 2 == 0 {
                    0
                } else {
                    u64::from(pause) * 400
                };
                let now = begun + Duration::from_millis(round * 20) + Duration::from_micros(shift);
                assert_eq!(limit.take(now), Ok(()), "{pause} of round {round}");
            }
        }
    }
}
