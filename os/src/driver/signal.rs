//! From a signal handler into the reactor.
//!
//! Idea        The handler does two things that are safe in a handler: it marks its signal and
//!             writes a byte into a socket that never blocks. Every driver that was asked to
//!             watches the other end; whichever wakes drains it and hands each marked signal to its
//!             listeners. A signal that comes again before that counts once.
//! States      a signal's record: untouched ─first listener→ handled, for the process's life, or, if
//!             that was asked for, ─last listener→ restored ─next listener→ handled
//! Invariants  I1 `marked` is set before the byte is written; the byte is drained before `marked`
//!                is taken. So a mark set after it was taken is followed by another byte.
//!             I2 after a fork the child's handler does not write into its parent's socket: the
//!                pair is made anew at the first attach in a process.
//!             I3 no waker is cloned, woken or dropped under the lock.
//!             I4 our handler, once in, is kept in its `Handling` and can be put in again: the registry
//!                puts it in only once.
//! Rejected    signalfd: it needs the signal blocked in every thread, also those that are not ours.
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use selkie_core::platform::{AtomicBool, AtomicPtr, AtomicU64, Lock, LockGuard, Ordering};

use selkie_core::wake::wake_each;

use crate::sys::{Disposition, disposition, set_disposition};

use super::error::forked_error;
use super::handle::Handle;
use super::uninterrupted::uninterrupted;

/// The token of the pipe; no slot's, see `reactor`.
pub(super) const TOKEN: Token = Token(usize::MAX - 1);

/// The two ends, and the process they belong to.
#[derive(Debug)]
struct Pipe {
    process: u32,
    sender: UnixStream,
    receiver: UnixStream,
}

/// The pipe of this process; replaced ones are leaked, since a handler may be in them.
static PIPE: AtomicPtr<Pipe> = AtomicPtr::new(std::ptr::null_mut());
/// Held while a pipe is made.
static MAKING: Lock<()> = Lock::new(());

#[derive(Debug, Default)]
struct Listeners {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Record {
    marked: AtomicBool,
    arrivals: AtomicU64,
    listeners: Lock<Listeners>,
    /// Held while a handler is put in or taken out.
    handling: Lock<Handling>,
}

/// Who handles a signal.
#[derive(Debug, Default)]
struct Handling {
    /// Listeners there are now.
    listeners: usize,
    /// What stood before our handler, and our handler, once it was put in (I4).
    before_and_ours: Option<(Disposition, Disposition)>,
    /// Whether our handler stands.
    stands: bool,
    /// Whether the last listener puts back what stood before.
    restores: bool,
}

impl Handling {
    /// Sees to it that our handler stands.
    fn put_in(&mut self, number: i32, record: &'static Record) -> io::Result<()> {
        if self.stands {
            return Ok(());
        }
        let before = disposition(number)?;
        let ours = if let Some((_, ours)) = self.before_and_ours {
            set_disposition(number, &ours)?;
            ours
        } else {
            // SAFETY: `on_signal` is made of atomics, getpid and a write that never blocks.
            unsafe { signal_hook_registry::register(number, move || on_signal(record)) }?;
            disposition(number)?
        };
        self.before_and_ours = Some((before, ours));
        self.stands = true;
        Ok(())
    }

    /// A listener has gone; the last one puts back what stood before, if that was asked for.
    fn leave(&mut self, number: i32) {
        self.listeners -= 1;
        if self.listeners > 0 || !self.restores {
            return;
        }
        self.restores = false;
        if let Some((before, _)) = &self.before_and_ours {
            // It was the system's own word, so the system takes it.
            self.stands = set_disposition(number, before).is_err();
        }
    }
}

fn records() -> &'static [Record] {
    static RECORDS: OnceLock<Box<[Record]>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        (0..crate::sys::SIGNALS)
            .map(|_| Record::default())
            .collect()
    })
}

fn pipe() -> Option<&'static Pipe> {
    // Acquire: pairs with the Release in `own_pipe`.
    let pipe = PIPE.load(Ordering::Acquire);
    // SAFETY: null, or a pipe that `own_pipe` leaked: it lives for ever.
    unsafe { pipe.as_ref() }
}

/// This process's pipe, made if need be (I2).
fn own_pipe() -> io::Result<&'static Pipe> {
    let _making = MAKING.lock();
    let process = std::process::id();
    if let Some(pipe) = pipe().filter(|pipe| pipe.process == process) {
        return Ok(pipe);
    }
    let (sender, receiver) = UnixStream::pair()?;
    sender.set_nonblocking(true)?;
    receiver.set_nonblocking(true)?;
    let pipe: &'static mut Pipe = Box::leak(Box::new(Pipe {
        process,
        sender,
        receiver,
    }));
    // Release: pairs with the Acquire in `pipe`.
    PIPE.store(pipe, Ordering::Release);
    Ok(pipe)
}

/// Makes the poller of `registry` watch the pipe; an error also if it does already.
fn attach(registry: &Registry) -> io::Result<()> {
    let fd = own_pipe()?.receiver.as_raw_fd();
    registry.register(&mut SourceFd(&fd), TOKEN, Interest::READABLE)
}

impl Handle {
    /// Makes this driver listen to the process's signals, if it does not yet.
    pub(crate) fn listen_to_signals(&self) -> io::Result<()> {
        if !self.shared.is_same_process() {
            return Err(forked_error());
        }
        let (attached, pending) = self.shared.reactors.watch_at(0, attach);
        self.shared.reactors.notify(pending);
        match attached {
            // It counts as one source, however many listen.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// What the handler does; everything here may run inside a signal handler.
fn on_signal(record: &Record) {
    // Release: pairs with the swap in `dispatch` (I1).
    record.marked.store(true, Ordering::Release);
    // SAFETY: getpid has no preconditions and may be called in a handler.
    let process = unsafe { libc::getpid() };
    if let Some(pipe) = pipe().filter(|pipe| i64::from(pipe.process) == i64::from(process)) {
        // A full socket wakes its reader as well as this byte would.
        let _ = uninterrupted(&mut || (&pipe.sender).write(&[1]));
    }
}

/// Empties the pipe and tells the listeners of every marked signal.
pub(super) fn dispatch() {
    if let Some(pipe) = pipe() {
        let mut bytes = [0; 64];
        while matches!((&pipe.receiver).read(&mut bytes), Ok(1..)) {}
    }
    // AcqRel: pairs with the store in `on_signal` (I1).
    let is_marked = |record: &&Record| record.marked.swap(false, Ordering::AcqRel);
    wake_each(records().iter().filter(is_marked).flat_map(Record::tell)); // I3
}

/// Why the signal `number` cannot be listened to.
fn refused(number: i32, why: &str) -> io::Error {
    io::Error::other(format!("signal {number} cannot be listened to: {why}"))
}

impl Record {
    fn handling(&self) -> LockGuard<'_, Handling> {
        self.handling.lock()
    }

    /// Counts an arrival; whom to wake for it.
    fn tell(&self) -> Vec<Waker> {
        let mut listeners = self.listeners.lock();
        // Release: pairs with the Acquire in `SignalListener::poll`.
        self.arrivals.fetch_add(1, Ordering::Release);
        let waiting = listeners.wakers.iter_mut();
        waiting.filter_map(Option::take).collect()
    }
}

/// Hears one kind of signal, from its making on.
#[derive(Debug)]
pub(crate) struct SignalListener {
    number: i32,
    record: &'static Record,
    place: usize,
    seen: u64,
}

impl SignalListener {
    /// Listens to the signal with `number`; puts a handler in at the first time.
    pub(crate) fn new(number: i32) -> io::Result<Self> {
        let record = usize::try_from(number)
            .ok()
            .and_then(|number| records().get(number))
            .filter(|_| number > 0)
            .ok_or_else(|| refused(number, "there is no such signal"))?;
        if [libc::SIGKILL, libc::SIGSTOP].contains(&number) {
            return Err(refused(number, "the system keeps it from every process"));
        }
        if signal_hook_registry::FORBIDDEN.contains(&number) {
            return Err(refused(number, "it tells of a fault of the program itself"));
        }
        let mut handling = record.handling();
        handling.put_in(number, record)?;
        handling.listeners += 1;
        drop(handling);
        let mut listeners = record.listeners.lock();
        let place = listeners.free.pop().unwrap_or_else(|| {
            listeners.wakers.push(None);
            listeners.wakers.len() - 1
        });
        // Relaxed: changed under the lock that is held.
        let seen = record.arrivals.load(Ordering::Relaxed);
        drop(listeners);
        Ok(Self {
            number,
            record,
            place,
            seen,
        })
    }

    /// Has the last listener to this signal put back what the process did on it before the first.
    pub(crate) fn restore_when_last(&self) {
        self.record.handling().restores = true;
    }

    /// Waits for an arrival that this listener has not heard of.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut mine = Some(cx.waker().clone()); // I3
        {
            let mut listeners = self.record.listeners.lock();
            // Acquire: pairs with the Release in `Record::tell`.
            let arrivals = self.record.arrivals.load(Ordering::Acquire);
            if arrivals != self.seen {
                self.seen = arrivals;
                return Poll::Ready(());
            }
            let place = &mut listeners.wakers[self.place];
            let had = place.as_ref();
            if !had.is_some_and(|had| had.will_wake(cx.waker())) {
                std::mem::swap(place, &mut mine);
            }
        }
        drop(mine); // I3
        Poll::Pending
    }
}

impl Drop for SignalListener {
    fn drop(&mut self) {
        let mut listeners = self.record.listeners.lock();
        let waker = listeners.wakers[self.place].take();
        listeners.free.push(self.place);
        drop(listeners);
        self.record.handling().leave(self.number);
        drop(waker); // I3
    }
}
