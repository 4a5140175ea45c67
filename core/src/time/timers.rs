//! The home of one worker's timers: a wheel, its clock, its published next deadline.
//!
//! Idea        Each worker owns a home, and a timer stays with the home it was made in. Insert and
//!             cancel take the home's lock for a few instructions; nobody but the home's own thread
//!             contends for it as a rule. The next deadline is published in an atomic, so that
//!             looking whether anything is due takes no lock, and so that another thread, idle,
//!             can run a blocked worker's overdue timers.
//! States      closed ─open→ open ─shutdown→ closed ─open→ …; homes are recycled, never freed.
//!             not parked ─prepare_park→ parked until a tick ─finish_park→ not parked
//! Invariants  I1 a home lives for ever, so `&'static Timers` may be kept in every timer; `epoch`
//!                tells a timer that its home was closed, or serves another runtime now.
//!             I2 `next_tick` changes under the lock only, and is never later than the earliest
//!                entry of the wheel; a cancel may leave it too early.
//!             I3 while parked, an insert below `parked_until` unparks: the parker stores
//!                `parked_until`, fences, reads `next_tick`; the inserter stores `next_tick`,
//!                fences, reads `parked_until`. One of them sees the other.
//!             I4 no waker is cloned, woken or dropped under the lock.
//! Rejected    A process-wide wheel: one mutex for all workers. Wheels sharded by random: a timer's
//!             own thread then has to wake another. An `Arc` of the home in each timer: two
//!             read-modify-writes more.
#![allow(unsafe_code)]

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use core::task::Waker;
use core::time::Duration;

use super::clock::{Clock, Mode, TICK_NANOS};
use super::entry::{Entry, Phase};
use super::instant::Instant;
use super::wheel::{LAST_TICK, Wheel};
use crate::maybe_const;
use crate::platform::{AtomicU64, AtomicUsize, Lock, Ordering, fence};
use crate::wake::WakeBatch;

/// `next_tick` of a home without timers, and `parked_until` of one that sleeps without limit.
const NEVER: u64 = u64::MAX;
/// `parked_until` of a home whose thread runs.
const NOT_PARKED: u64 = 0;

/// How long a worker whose queue is empty may sleep, as far as its timers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it says how to park"]
pub enum ParkFor {
    /// Until unparked: there is no timer (or the paused clock is held by a running blocking task,
    /// whose end unparks).
    Forever,
    /// At most this long, then [`Timers::fire_due`].
    Sleep(Duration),
    /// The clock is paused and a timer waits: look for events without sleeping (a park of zero);
    /// if nothing became runnable, call [`Timers::advance_idle`], which moves the clock to the
    /// next timer and fires it. Do not sleep: time does not pass by itself.
    Advance,
}

/// What became of a timer that was to be inserted or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registered {
    /// It waits; its waker will be woken.
    Pending,
    /// Its time had come already.
    Due,
    /// Its home is closed.
    Closed,
}

struct Guarded {
    wheel: Wheel,
    unpark: Option<Waker>,
}

/// The timers of one worker, or of one chip.
///
/// Hosted runtimes lease homes from a pool (`TimersLease::new`); a system without a heap declares
/// one `static` and [`open`](Timers::open)s it.
pub struct Timers {
    clock: Clock,
    next_tick: AtomicU64,
    parked_until: AtomicU64,
    /// Odd while open.
    epoch: AtomicUsize,
    guarded: Lock<Guarded>,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers {
    maybe_const! {
        /// A closed home.
        pub fn new() -> Self {
            Self {
                clock: Clock::new(),
                next_tick: AtomicU64::new(NEVER),
                parked_until: AtomicU64::new(NOT_PARKED),
                epoch: AtomicUsize::new(0),
                guarded: Lock::new(Guarded { wheel: Wheel::new(), unpark: None }),
            }
        }
    }

    /// Opens a closed home, with a fresh clock.
    ///
    /// `unpark` wakes the thread that runs the home's timers: it is woken only if another thread
    /// inserts, while the home is parked, a timer earlier than what it sleeps for.
    ///
    /// # Panics
    /// If the home is open.
    pub fn open(&'static self, mode: Mode, unpark: Waker) -> Home {
        let mut guarded = self.guarded.lock();
        // Relaxed: changed under the lock only.
        let epoch = self.epoch.load(Ordering::Relaxed).wrapping_add(1);
        assert!(epoch % 2 == 1, "timers opened twice");
        self.clock.restart(mode);
        guarded.wheel.restart(self.now_tick());
        guarded.unpark = Some(unpark);
        // Relaxed: whoever gets the `Home` got it by way of this thread.
        self.parked_until.store(NOT_PARKED, Ordering::Relaxed);
        self.epoch.store(epoch, Ordering::Relaxed);
        Home {
            timers: self,
            epoch,
        }
    }

    /// The clock these timers go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Timers that wait.
    ///
    /// # Cost
    /// Takes the home's lock.
    pub fn len(&self) -> usize {
        self.guarded.lock().wheel.len()
    }

    /// Whether no timer waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a timer should have fired by `now`: a hint for thieves.
    ///
    /// # Cost
    /// One relaxed load.
    pub fn is_overdue(&self, now: Instant) -> bool {
        // Relaxed: a hint.
        let next = self.next_tick.load(Ordering::Relaxed);
        next != NEVER && next.saturating_mul(TICK_NANOS) <= now.nanos()
    }

    /// Wakes every timer whose time has come, and says how many.
    ///
    /// Any thread may call it: an idle worker runs the overdue timers of a blocked one.
    ///
    /// # Cost
    /// One relaxed load without timers, and a clock read with. When something is due, the lock is
    /// taken once for each 32 timers, and let go while they are woken.
    #[inline]
    pub fn fire_due(&self) -> usize {
        // Relaxed: the home's own inserts are seen; others unpark (I3).
        let next = self.next_tick.load(Ordering::Relaxed);
        if next == NEVER {
            return 0;
        }
        let now_tick = self.now_tick();
        if now_tick < next {
            0
        } else {
            self.fire(now_tick)
        }
    }

    #[cold]
    fn fire(&self, now_tick: u64) -> usize {
        let mut batch = WakeBatch::new();
        let mut fired = 0;
        loop {
            let mut guarded = self.guarded.lock();
            let done = loop {
                if !batch.has_room() {
                    break false;
                }
                let Some(entry) = guarded.wheel.expire(now_tick) else {
                    break true;
                };
                // SAFETY: just taken out of the wheel whose lock is held; not touched again.
                batch.push(unsafe { Entry::end(entry, Phase::Fired) });
                fired += 1;
            };
            if done {
                self.publish(&guarded.wheel);
            }
            drop(guarded);
            batch.wake_all();
            if done {
                return fired;
            }
        }
    }

    /// Sets `next_tick` from the wheel; the caller holds the lock.
    fn publish(&self, wheel: &Wheel) {
        // Relaxed: written under the lock; raising it needs no partner (I2).
        self.next_tick
            .store(wheel.next_tick().unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Publishes that the home's thread is about to sleep, and says for how long it may.
    ///
    /// Call it last before parking, and [`finish_park`](Self::finish_park) after. An insert from
    /// another thread that comes after this call and is due earlier unparks.
    pub fn prepare_park(&self) -> ParkFor {
        if self.clock.is_paused() {
            return self.prepare_park_paused();
        }
        // Relaxed: ordered against inserters by the fence (I3).
        let mut until = self.next_tick.load(Ordering::Relaxed);
        self.parked_until.store(until, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `lower` (I3).
        fence(Ordering::SeqCst);
        let now_until = self.next_tick.load(Ordering::Relaxed);
        if now_until < until {
            until = now_until;
            // Relaxed: an inserter that still sees the later tick unparks once too often.
            self.parked_until.store(until, Ordering::Relaxed);
        }
        if until == NEVER {
            return ParkFor::Forever;
        }
        let due_nanos = until.saturating_mul(TICK_NANOS);
        ParkFor::Sleep(Duration::from_nanos(
            due_nanos.saturating_sub(self.clock.now_nanos()),
        ))
    }

    #[cold]
    fn prepare_park_paused(&self) -> ParkFor {
        let guarded = self.guarded.lock();
        // A cancel may have left `next_tick` too early, and time must not move without a timer.
        self.publish(&guarded.wheel);
        // Relaxed: inserters take the lock, before or after this.
        self.parked_until.store(NEVER, Ordering::Relaxed);
        if guarded.wheel.len() == 0 || self.clock.is_held() {
            return ParkFor::Forever;
        }
        ParkFor::Advance
    }

    /// The home's thread runs again: inserts need not unpark it.
    #[inline]
    pub fn finish_park(&self) {
        // Relaxed: an inserter that sees the old value unparks once too often.
        self.parked_until.store(NOT_PARKED, Ordering::Relaxed);
    }

    /// Moves a paused clock to the next timer and fires what is due then; says how many fired.
    ///
    /// For the scheduler, after [`ParkFor::Advance`], when nothing has become runnable.
    pub fn advance_idle(&self) -> usize {
        let next = self.guarded.lock().wheel.next_tick();
        if let Some(next) = next.filter(|_| self.clock.is_paused() && !self.clock.is_held()) {
            self.clock.advance_to(next.saturating_mul(TICK_NANOS));
        }
        self.fire_due()
    }

    /// Closes the home: every waiting timer is woken and polls as closed, and none can be added.
    pub fn shutdown(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let mut guarded = self.guarded.lock();
            // Relaxed: changed under the lock only.
            let epoch = self.epoch.load(Ordering::Relaxed);
            if epoch % 2 == 1 {
                self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
            }
            let unpark = guarded.unpark.take();
            while batch.has_room() {
                let Some(entry) = guarded.wheel.drain_one() else {
                    break;
                };
                // SAFETY: just taken out of the wheel whose lock is held; not touched again.
                batch.push(unsafe { Entry::end(entry, Phase::Closed) });
            }
            let done = guarded.wheel.len() == 0;
            self.publish(&guarded.wheel);
            drop(guarded);
            drop(unpark);
            batch.wake_all();
            if done {
                return;
            }
        }
    }

    #[inline]
    fn now_tick(&self) -> u64 {
        self.clock.now_nanos() / TICK_NANOS
    }

    /// Publishes `due_tick`, which is earlier than `next_tick`, and returns the waker of a thread
    /// that sleeps too long for it. The caller holds the lock.
    fn lower(&self, due_tick: u64, guarded: &Guarded) -> Option<Waker> {
        // Relaxed: ordered against the parker by the fence (I3).
        self.next_tick.store(due_tick, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `prepare_park` (I3).
        fence(Ordering::SeqCst);
        if due_tick < self.parked_until.load(Ordering::Relaxed) {
            // The scheduler's own waker: its clone is no foreign code.
            return guarded.unpark.clone();
        }
        None
    }

    /// Wakes the home's thread, if the home is open.
    fn unpark(&self) {
        let unpark = self.guarded.lock().unpark.clone();
        if let Some(unpark) = unpark {
            unpark.wake();
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// A home as it was opened once: what a runtime's handle and each timer keep.
///
/// It derefs to the [`Timers`]; a copy that outlives the runtime does no harm, since the home is
/// never freed and its timers then count as shut down.
#[derive(Debug, Clone, Copy)]
pub struct Home {
    timers: &'static Timers,
    epoch: usize,
}

impl Deref for Home {
    type Target = Timers;

    #[inline]
    fn deref(&self) -> &Timers {
        self.timers
    }
}

impl Home {
    /// The timers, for as long as the process lives.
    pub const fn timers(&self) -> &'static Timers {
        self.timers
    }

    /// Whether the home is still open as it was when this was made.
    #[inline]
    pub fn is_open(&self) -> bool {
        // Relaxed: asked again under the lock where it matters.
        self.timers.epoch.load(Ordering::Relaxed) == self.epoch
    }

    /// Keeps an idle scheduler from moving a paused clock while the guard lives: a blocking task
    /// is at work, and its result counts as "something to do".
    pub fn hold_clock(&self) -> ClockHold {
        if !self.clock.is_pausable() {
            return ClockHold { home: None };
        }
        self.clock.hold();
        ClockHold { home: Some(*self) }
    }

    /// Inserts `entry`, to wake `waker` at `deadline`.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which is not PENDING, is pinned, and will be
    /// [`cancel`](Self::cancel)led before it is freed.
    pub(super) unsafe fn register(
        &self,
        entry: NonNull<Entry>,
        deadline: Instant,
        waker: &Waker,
    ) -> Registered {
        let due_tick = due_tick(deadline);
        // Relaxed: a hint. An earliest timer is worth a clock read, to see a deadline that is past.
        let is_first = due_tick < self.next_tick.load(Ordering::Relaxed);
        if is_first && deadline <= self.clock.now() && self.is_open() {
            return Registered::Due;
        }
        let waker = waker.clone();
        let guarded = self.guarded.lock();
        if !self.is_open() {
            drop(guarded);
            return Registered::Closed;
        }
        if due_tick <= guarded.wheel.elapsed() {
            drop(guarded);
            return Registered::Due;
        }
        // SAFETY: the caller owns it.
        let this = unsafe { entry.as_ref() };
        // SAFETY: the owner under the lock; inserted below.
        unsafe { this.begin(due_tick, waker) };
        // SAFETY: pinned until cancelled, by the caller's promise; in no list, since not PENDING.
        unsafe { self.insert(guarded, entry, due_tick) };
        Registered::Pending
    }

    /// # Safety
    /// As `Wheel::insert`; `entry` is due after the wheel's `elapsed`.
    unsafe fn insert(
        &self,
        mut guarded: crate::platform::LockGuard<'_, Guarded>,
        entry: NonNull<Entry>,
        due_tick: u64,
    ) {
        // SAFETY: by the caller's promise.
        let inserted = unsafe { guarded.wheel.insert(entry) };
        debug_assert!(inserted, "a timer was due before it was inserted");
        // Relaxed: changed under the lock only.
        let unpark = if due_tick < self.next_tick.load(Ordering::Relaxed) {
            self.lower(due_tick, &guarded)
        } else {
            None
        };
        drop(guarded);
        if let Some(unpark) = unpark {
            unpark.wake();
        }
    }

    /// Makes a PENDING `entry` wake `waker` from now on.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which is registered here.
    pub(super) unsafe fn change_waker(&self, entry: NonNull<Entry>, waker: &Waker) -> Phase {
        // SAFETY: the caller owns it.
        let entry = unsafe { entry.as_ref() };
        let waker = waker.clone();
        let guarded = self.guarded.lock();
        let phase = entry.phase();
        let old = if phase == Phase::Pending {
            // SAFETY: the owner under the lock, and PENDING.
            unsafe { entry.replace_waker(waker) }
        } else {
            waker
        };
        drop(guarded);
        drop(old);
        phase
    }

    /// Takes `entry` out of the wheel if it is PENDING: then it is IDLE.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which was registered here, if anywhere.
    pub(super) unsafe fn cancel(&self, entry: NonNull<Entry>) {
        let mut guarded = self.guarded.lock();
        // SAFETY: the caller owns it.
        if unsafe { entry.as_ref() }.phase() != Phase::Pending {
            return;
        }
        // SAFETY: PENDING entries are in their home's wheel.
        unsafe { guarded.wheel.remove(entry) };
        // SAFETY: PENDING, under the lock, and out of the list.
        let waker = unsafe { Entry::end(entry, Phase::Idle) };
        drop(guarded);
        drop(waker);
    }

    /// Moves a PENDING `entry` to another deadline, with the waker it has; if that deadline has
    /// passed, its waker is woken. Says where it stands.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which was registered here, if anywhere.
    pub(super) unsafe fn reschedule(&self, entry: NonNull<Entry>, deadline: Instant) -> Phase {
        let due_tick = due_tick(deadline);
        let mut guarded = self.guarded.lock();
        // SAFETY: the caller owns it.
        let phase = unsafe { entry.as_ref() }.phase();
        if phase != Phase::Pending {
            return phase;
        }
        // SAFETY: PENDING entries are in their home's wheel.
        unsafe { guarded.wheel.remove(entry) };
        if due_tick <= guarded.wheel.elapsed() {
            // SAFETY: PENDING, under the lock, and out of the list.
            let waker = unsafe { Entry::end(entry, Phase::Fired) };
            drop(guarded);
            waker.wake();
            return Phase::Fired;
        }
        // SAFETY: the caller owns it.
        let this = unsafe { entry.as_ref() };
        // SAFETY: under the lock, and in no list.
        unsafe { this.set_tick(due_tick) };
        // SAFETY: pinned until cancelled, in no list, and due later than `elapsed`.
        unsafe { self.insert(guarded, entry, due_tick) };
        Phase::Pending
    }
}

/// The first tick that is not before `deadline`.
fn due_tick(deadline: Instant) -> u64 {
    let since = deadline.since_origin();
    since
        .as_secs()
        .saturating_mul(1_000)
        .saturating_add(u64::from(since.subsec_nanos().div_ceil(1_000_000)))
        .min(LAST_TICK)
}

/// Keeps a paused clock from being moved by an idle scheduler; made by [`Home::hold_clock`].
#[derive(Debug)]
#[must_use = "the clock is held until this is dropped"]
pub struct ClockHold {
    home: Option<Home>,
}

impl Drop for ClockHold {
    fn drop(&mut self) {
        if let Some(home) = self.home.filter(Home::is_open) {
            if home.clock.release() && home.clock.is_paused() {
                home.unpark();
            }
        }
    }
}
