//! The ring: what was submitted, and who waits for it.
//!
//! Idea        One small ring a runtime, in a mutex. An operation hands over all memory that the
//!             system will touch; it comes back with the outcome. Whoever submits takes what is
//!             complete by then, and the reactor takes the rest, since the ring's descriptor is one
//!             of its sources.
//! States      a slot: free ─start→ waiting ─completion→ done ─taken→ free;
//!             waiting ─future dropped→ abandoned ─completion→ free
//! Invariants  I1 a payload leaves its slot after its completion, or never: the system may touch it
//!                until then, whatever became of the future.
//!             I2 no more operations are in flight than completions have room for, so none is lost.
//!             I3 no waker is woken, and no payload dropped, under the lock: they are foreign code.
//!             I4 after a submission that failed for good nothing is ever submitted: the entry that
//!                lies in the queue is not seen by the system.
//!             I5 the ring's memory is not given back before the last completion.
//! Rejected    A ring that only its maker may reap (`DEFER_TASKRUN`): a worker that is busy would hold
//!             up all others' files.
#![allow(unsafe_code)]

use std::any::Any;
use std::io;
use std::mem::{self, ManuallyDrop};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use io_uring::{IoUring, Probe, opcode, squeue};

/// Entries for submission; each is submitted at once, so that a few would do.
const ENTRIES: u32 = 32;
/// Operations in flight at most; further ones go to the blocking pool.
pub(super) const MAX_IN_FLIGHT: usize = 2 * ENTRIES as usize;
/// Attempts to submit before the ring is given up.
const MAX_ATTEMPTS: usize = 1_000;
/// Marks the completions of cancellations, which nobody waits for.
const NOBODY: u64 = u64::MAX;

/// What an operation owns.
pub(crate) type Payload = Box<dyn Any + Send>;

enum Slot {
    Free,
    Waiting(Payload, Option<Waker>),
    Abandoned(Payload),
    Done(Payload, i32),
}

struct State {
    /// Dropped by hand: see I5.
    ring: ManuallyDrop<IoUring>,
    slots: Vec<Slot>,
    in_flight: usize,
    /// Nothing is submitted any more (I4), or the runtime has ended.
    is_closed: bool,
    is_broken: bool,
}

/// What is to be done without the lock (I3).
#[derive(Default)]
struct After {
    woken: Vec<Waker>,
    dropped: Vec<Payload>,
}

impl After {
    fn do_it(self) {
        self.woken.into_iter().for_each(Waker::wake);
        drop(self.dropped);
    }
}

/// The ring of one runtime.
pub(crate) struct Ring {
    state: Mutex<State>,
    fd: RawFd,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("fd", &self.fd)
            .finish_non_exhaustive()
    }
}

/// A ring with the flags that suit us, or without on kernels before 5.19.
fn set_up() -> io::Result<IoUring> {
    let flagged = IoUring::builder()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .build(ENTRIES);
    match flagged {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => IoUring::new(ENTRIES),
        outcome => outcome,
    }
}

impl Ring {
    /// A ring, if the system has one for us that can do what is asked of it.
    pub(super) fn new() -> io::Result<Self> {
        let ring = set_up()?;
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        let needed = [
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Fsync::CODE,
            opcode::AsyncCancel::CODE,
        ];
        if !needed.iter().all(|&code| probe.is_supported(code)) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let fd = ring.as_raw_fd();
        let state = State {
            ring: ManuallyDrop::new(ring),
            slots: Vec::new(),
            in_flight: 0,
            is_closed: false,
            is_broken: false,
        };
        Ok(Self {
            state: Mutex::new(state),
            fd,
        })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.fd
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits `entry`; its slot, or the payload if the ring takes nothing now.
    ///
    /// # Safety
    /// All that `entry` points to, and its descriptor, belong to `payload`, and stay where they are
    /// when the box is moved.
    pub(super) unsafe fn submit(
        &self,
        entry: squeue::Entry,
        payload: Payload,
    ) -> Result<usize, Payload> {
        let mut after = After::default();
        let mut state = self.lock();
        if state.is_closed || state.in_flight >= MAX_IN_FLIGHT {
            return Err(payload); // I2
        }
        let index = state.place();
        let entry = entry.user_data(index as u64);
        // SAFETY: by the caller's promise, and the payload stays until the completion (I1).
        if unsafe { state.ring.submission().push(&entry) }.is_err() {
            return Err(payload);
        }
        state.slots[index] = Slot::Waiting(payload, None);
        state.in_flight += 1;
        if state.flush() {
            state.reap(&mut after);
            drop(state);
            after.do_it();
            return Ok(index);
        }
        // I4: the system has not seen the entry and never will.
        state.in_flight -= 1;
        match mem::replace(&mut state.slots[index], Slot::Free) {
            Slot::Waiting(payload, _) => Err(payload),
            _ => unreachable!("nothing has completed under the lock"),
        }
    }

    /// The outcome of the operation in slot `index`, which is free then; else `waker` waits for it.
    pub(super) fn poll(&self, index: usize, waker: &Waker) -> Option<(i32, Payload)> {
        let replaced;
        let mut state = self.lock();
        match mem::replace(&mut state.slots[index], Slot::Free) {
            Slot::Done(payload, outcome) => return Some((outcome, payload)),
            Slot::Waiting(payload, before) => {
                let same = before
                    .as_ref()
                    .is_some_and(|before| before.will_wake(waker));
                let now = if same {
                    before.clone()
                } else {
                    Some(waker.clone())
                };
                replaced = before;
                state.slots[index] = Slot::Waiting(payload, now);
            }
            Slot::Free | Slot::Abandoned(_) => unreachable!("a slot is asked by who waits for it"),
        }
        drop(state);
        drop(replaced); // I3
        None
    }

    /// Nobody waits for slot `index` any more; what it owns goes with its completion (I1).
    pub(super) fn abandon(&self, index: usize) {
        let mut state = self.lock();
        let dropped = match mem::replace(&mut state.slots[index], Slot::Free) {
            Slot::Waiting(payload, waker) => {
                state.slots[index] = Slot::Abandoned(payload);
                (None, waker)
            }
            Slot::Done(payload, _) => (Some(payload), None),
            Slot::Free | Slot::Abandoned(_) => unreachable!("a slot is left by who waits for it"),
        };
        drop(state);
        drop(dropped); // I3
    }

    /// Takes what is complete.
    pub(super) fn reap(&self) {
        let mut after = After::default();
        self.lock().reap(&mut after);
        after.do_it();
    }

    /// Takes no further operations, cancels those in flight and waits for the last.
    pub(super) fn close(&self) {
        let mut after = After::default();
        let mut state = self.lock();
        state.is_closed = true;
        state.end(&mut after);
        drop(state);
        after.do_it();
    }
}

impl State {
    /// A free slot.
    fn place(&mut self) -> usize {
        let free = self
            .slots
            .iter()
            .position(|slot| matches!(slot, Slot::Free));
        free.unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        })
    }

    /// Submits what is queued. `false`: the system does not take it, and never will (I4).
    fn flush(&mut self) -> bool {
        for _ in 0..MAX_ATTEMPTS {
            match self.ring.submit() {
                Ok(_) if self.ring.submission().is_empty() => return true,
                Err(error) if !is_passing(&error) => break,
                _ => std::thread::yield_now(),
            }
        }
        self.is_closed = true;
        self.is_broken = true;
        false
    }

    fn reap(&mut self, after: &mut After) {
        let slots = &mut self.slots;
        for completion in self.ring.completion() {
            if completion.user_data() == NOBODY {
                continue;
            }
            self.in_flight -= 1;
            let slot = &mut slots[completion.user_data() as usize];
            *slot = match mem::replace(slot, Slot::Free) {
                Slot::Waiting(payload, waker) => {
                    after.woken.extend(waker);
                    Slot::Done(payload, completion.result())
                }
                Slot::Abandoned(payload) => {
                    after.dropped.push(payload);
                    Slot::Free
                }
                Slot::Free | Slot::Done(..) => unreachable!("an operation completes once"),
            };
        }
    }

    /// Cancels what is in flight and waits for it (I5).
    fn end(&mut self, after: &mut After) {
        self.reap(after);
        let flying: Vec<u64> = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| matches!(slot, Slot::Waiting(..) | Slot::Abandoned(_)))
            .map(|(index, _)| index as u64)
            .collect();
        for index in flying {
            if self.is_broken {
                break;
            }
            let cancel = opcode::AsyncCancel::new(index).build().user_data(NOBODY);
            // SAFETY: a cancellation touches no memory of ours.
            if unsafe { self.ring.submission().push(&cancel) }.is_ok() {
                self.flush();
            }
            self.reap(after);
        }
        while self.in_flight > 0 && !self.is_broken {
            match self.ring.submit_and_wait(1) {
                Err(error) if !is_passing(&error) => self.is_broken = true,
                _ => self.reap(after),
            }
        }
    }
}

/// Whether the system may take the same again.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EINTR | libc::EAGAIN | libc::EBUSY)
    )
}

impl Drop for Ring {
    fn drop(&mut self) {
        let mut after = After::default();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.end(&mut after);
        if state.in_flight == 0 {
            // SAFETY: dropped here alone; nothing is in flight (I5).
            unsafe { ManuallyDrop::drop(&mut state.ring) };
        } else {
            // The system may still touch the payloads and the ring: they stay for good.
            mem::forget(mem::take(&mut state.slots));
        }
        after.do_it();
    }
}
