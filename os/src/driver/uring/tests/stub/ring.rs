//! One ring: what waits, what is in flight, what has completed.
#![allow(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use io_uring::opcode;

use super::super::super::payload::Completion;
use super::buffer::{assert_there, lock};
use super::entry::{DRAIN, FIXED_FILE, MORE, NOTIFICATION, StubEntry, duplicate};
use super::group::Group;
use super::operation::{InFlight, TryOutcome};
use super::plan::{CompletionTime, OnCancel, PlanFunction};

pub(super) struct StubState {
    pub(super) event: OwnedFd,
    pub(super) waiting: VecDeque<StubEntry>,
    pub(super) in_flight: Vec<InFlight>,
    pub(super) ready: VecDeque<(u64, Completion)>,
    pub(super) kept: VecDeque<(u64, Completion)>,
    /// Entries that were taken and wait for a drain, or are one.
    pub(super) deferred: VecDeque<StubEntry>,
    /// Completions that were dropped, and whether that was said.
    pub(super) dropped: u32,
    pub(super) is_loss_told: bool,
    pub(super) groups: HashMap<u16, Group>,
    pub(super) table: Vec<Option<OwnedFd>>,
    /// Operations that were taken, cancellations apart.
    pub(super) taken: usize,
    pub(super) enters: usize,
    /// Whatever was asked.
    pub(super) calls: usize,
    pub(super) room: usize,
    pub(super) script: Arc<Script>,
}

/// What a test has planned; rings of one `Control` share it.
pub(super) struct Script {
    pub(super) fates: Mutex<PlanFunction>,
    /// PlannedOutcome entering the system fails, in turn.
    pub(super) entering: Mutex<VecDeque<i32>>,
    /// PlannedOutcome making rings, probing them and registering fails, in turn; 0 is a success.
    pub(super) setting_up: Mutex<VecDeque<i32>>,
    pub(super) probing: Mutex<VecDeque<i32>>,
    pub(super) registering: Mutex<VecDeque<i32>>,
    /// Completions that the queue has room for; entries that are taken at a time.
    pub(super) room: usize,
    pub(super) batch: usize,
    /// Entering fails with `EBUSY` as long as there are completions to be taken.
    pub(super) is_strict: bool,
    pub(super) sockets: bool,
    pub(super) bundles: bool,
    pub(super) watches: bool,
    /// PlannedOutcome many completions that find no room are still to be dropped, for want of memory.
    pub(super) losing: AtomicUsize,
    /// It does not say that a completion was dropped, but counts it.
    pub(super) is_silent: bool,
    /// What never completes does.
    pub(super) is_released: AtomicBool,
    /// Not zero if operations complete in another order than they came: what the order is drawn from.
    pub(super) order: AtomicUsize,
    pub(super) rings: Mutex<Vec<Stub>>,
}

/// One ring.
#[derive(Clone)]
pub(crate) struct Stub(pub(super) Arc<Mutex<StubState>>);

pub(super) fn next(planned: &Mutex<VecDeque<i32>>) -> io::Result<()> {
    match lock(planned).pop_front() {
        None | Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(errno)),
    }
}

impl StubState {
    pub(super) fn tell(&mut self, user_data: u64, result: i32, flags: u32) {
        let told = (user_data, Completion::new(result, flags));
        if self.ready.len() < self.room && self.kept.is_empty() {
            self.ready.push_back(told);
        } else if self.script.losing.load(Ordering::Relaxed) > 0 {
            self.script.losing.fetch_sub(1, Ordering::Relaxed);
            self.dropped += 1;
            self.is_loss_told = self.script.is_silent;
            return;
        } else {
            self.kept.push_back(told);
        }
        let one = 1_u64;
        // SAFETY: eight bytes, alive for the call.
        unsafe { libc::write(self.event.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// The entry is seen by the system.
    pub(super) fn see(&mut self, wanted: StubEntry) {
        self.deferred.push_back(wanted);
        self.begin_deferred();
    }

    /// Begins what waits for no drain. As in Linux, a drain does not wait for notices.
    pub(super) fn begin_deferred(&mut self) {
        while let Some(&next) = self.deferred.front() {
            let is_drain = next.flags & DRAIN != 0;
            if is_drain
                && self
                    .in_flight
                    .iter()
                    .any(|in_flight| !in_flight.is_notification)
            {
                return;
            }
            self.deferred.pop_front();
            self.begin(next);
        }
    }

    pub(super) fn begin(&mut self, wanted: StubEntry) {
        if wanted.code == opcode::AsyncCancel::CODE {
            return self.cancel(wanted);
        }
        self.taken += 1;
        let fate = lock(&self.script.fates)(wanted.code);
        let file = if wanted.flags & FIXED_FILE == 0 {
            duplicate(wanted.fd)
        } else {
            let file = self.table[wanted.fd as usize].as_ref();
            duplicate(file.expect("a place that is taken").as_raw_fd())
        };
        let in_flight = InFlight {
            wanted,
            fate,
            file,
            turns_left: match fate.when {
                CompletionTime::Late(turns) => turns.max(1),
                CompletionTime::Early | CompletionTime::Never => 0,
            },
            sent: 0,
            told: 0,
            expires: false,
            is_notification: false,
        };
        self.in_flight.push(in_flight);
        if fate.when == CompletionTime::Early {
            self.go(self.in_flight.len() - 1);
        }
    }

    pub(super) fn cancel(&mut self, wanted: StubEntry) {
        let is_it = |in_flight: &InFlight| {
            in_flight.wanted.user_data == wanted.address && !in_flight.is_notification
        };
        let found = self.in_flight.iter().position(is_it);
        let result = found.map_or(-libc::ENOENT, |at| {
            let in_flight = &mut self.in_flight[at];
            match in_flight.fate.on_cancel {
                OnCancel::Ends => {
                    let in_flight = self.in_flight.remove(at);
                    let sent = in_flight.sent as i32;
                    let result = if sent > 0 { sent } else { -libc::ECANCELED };
                    self.tell(in_flight.wanted.user_data, result, 0);
                    0
                }
                OnCancel::IsLate => {
                    in_flight.expires = in_flight.is_multishot();
                    -libc::EALREADY
                }
                OnCancel::Misses => {
                    in_flight.expires = in_flight.is_multishot();
                    -libc::ENOENT
                }
            }
        });
        self.tell(wanted.user_data, result, 0);
    }

    /// Tries the operation at `at` until it waits; whether it is over.
    pub(super) fn go(&mut self, at: usize) -> bool {
        loop {
            let in_flight = &mut self.in_flight[at];
            if self.script.watches && in_flight.wanted.owns_memory() {
                assert_there(&in_flight.wanted);
            }
            let user_data = in_flight.wanted.user_data;
            if in_flight.is_notification {
                self.in_flight.remove(at);
                self.tell(user_data, 0, NOTIFICATION);
                return true;
            }
            match in_flight.go(&mut self.groups) {
                TryOutcome::Waits if in_flight.expires => {
                    self.in_flight.remove(at);
                    self.tell(user_data, -libc::ECANCELED, 0);
                    return true;
                }
                TryOutcome::Waits => return false,
                TryOutcome::Goes(result, flags) => self.tell(user_data, result, flags),
                TryOutcome::Ends(result @ 0.., _)
                    if in_flight.wanted.code == opcode::SendZc::CODE =>
                {
                    in_flight.is_notification = true;
                    let notification = in_flight.fate.notification;
                    in_flight.fate.when = notification;
                    in_flight.turns_left = match notification {
                        CompletionTime::Late(turns) => turns.max(1),
                        CompletionTime::Early | CompletionTime::Never => 0,
                    };
                    self.tell(user_data, result, MORE);
                    if notification != CompletionTime::Early {
                        return false;
                    }
                }
                TryOutcome::Ends(result, flags) => {
                    self.in_flight.remove(at);
                    self.tell(user_data, result, flags);
                    return true;
                }
            }
        }
    }

    pub(super) fn turn(&mut self) {
        let mut at = 0;
        let drawn = self.script.order.load(Ordering::Relaxed);
        if drawn != 0 && !self.in_flight.is_empty() {
            let next = drawn.wrapping_mul(0x5851_f42d_4c95_7f2d) >> 7 | 1;
            self.script.order.store(next, Ordering::Relaxed);
            let count = self.in_flight.len();
            self.in_flight.rotate_left(next % count);
        }
        let is_released = self.script.is_released.load(Ordering::Relaxed);
        while at < self.in_flight.len() {
            let in_flight = &mut self.in_flight[at];
            if self.script.watches && in_flight.wanted.owns_memory() {
                assert_there(&in_flight.wanted);
            }
            in_flight.turns_left = in_flight.turns_left.saturating_sub(1);
            let is_due = in_flight.turns_left == 0
                && (in_flight.fate.when != CompletionTime::Never || is_released);
            if !is_due || !self.go(at) {
                at += 1;
            }
        }
        self.begin_deferred();
    }
}

impl Stub {
    pub(super) fn new(script: &Arc<Script>) -> Self {
        // SAFETY: numbers.
        let event = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        assert!(event >= 0, "{}", io::Error::last_os_error());
        // SAFETY: made by the call before.
        let event = unsafe { OwnedFd::from_raw_fd(event) };
        Self(Arc::new(Mutex::new(StubState {
            event,
            waiting: VecDeque::new(),
            in_flight: Vec::new(),
            ready: VecDeque::new(),
            kept: VecDeque::new(),
            deferred: VecDeque::new(),
            dropped: 0,
            is_loss_told: true,
            groups: HashMap::new(),
            table: Vec::new(),
            taken: 0,
            enters: 0,
            calls: 0,
            room: script.room,
            script: Arc::clone(script),
        })))
    }

    /// Lets time pass: what is due completes.
    pub(crate) fn turn(&self) {
        lock(&self.0).turn();
    }

    /// Whoever asks something.
    pub(super) fn asked(&self) -> MutexGuard<'_, StubState> {
        let mut inside = lock(&self.0);
        inside.calls += 1;
        inside
    }

    pub(super) fn enter(&self) -> io::Result<()> {
        let mut inside = self.asked();
        inside.enters += 1;
        next(&inside.script.entering)?;
        if inside.dropped > 0 && !std::mem::replace(&mut inside.is_loss_told, true) {
            return Err(io::Error::from_raw_os_error(libc::EBADR));
        }
        if inside.script.is_strict && !inside.ready.is_empty() && !inside.waiting.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::EBUSY));
        }
        for _ in 0..inside.script.batch {
            let Some(wanted) = inside.waiting.pop_front() else {
                break;
            };
            inside.see(wanted);
        }
        while inside.ready.len() < inside.room {
            let Some(told) = inside.kept.pop_front() else {
                break;
            };
            inside.ready.push_back(told);
        }
        Ok(())
    }

    pub(super) fn take(
        &self,
        known: u32,
        mut each: impl FnMut(u64, Completion),
    ) -> Result<(), u32> {
        let mut inside = self.asked();
        if inside.dropped != known {
            return Err(inside.dropped);
        }
        let mut count = 0_u64;
        // SAFETY: eight bytes, alive for the call.
        unsafe { libc::read(inside.event.as_raw_fd(), (&raw mut count).cast(), 8) };
        let ready = std::mem::take(&mut inside.ready);
        drop(inside);
        for (user_data, told) in ready {
            each(user_data, told);
        }
        Ok(())
    }
}
