//! From a signal handler into the reactor, by a self-pipe.
//!
//! Idea        The handler does two things that are safe in a handler: it marks its signal as pending, and writes a
//!             byte into a socket that never blocks. Every driver that listens to signals has the other end
//!             registered. Whichever driver wakes empties the socket, and wakes the listeners of each pending
//!             signal. A signal that comes again before that counts once.
//! States      of a signal: untouched ─first listener→ handled, for the life of the process, or, if that was asked
//!             for, ─last listener dropped→ restored ─next listener→ handled
//! Invariants  I1 `pending` is set before the byte is written, and the byte is read before `pending` is taken. So
//!                if `pending` is set after it was taken, another byte follows.
//!             I2 after a fork the handler in the child does not write into the socket of its parent: each process
//!                makes its own pair and its own states when it first listens, and finds them by its number.
//!             I3 no waker is cloned, woken or dropped under the lock.
//!             I4 our handler, once installed, is kept in its `Handler` and can be installed again: the registry
//!                installs it only once.
//! Rejected    signalfd: the signal would have to be blocked in every thread, also in those that are not ours.
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, Waker, ready};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use selkie_core::raw::coop;
use selkie_core::raw::platform::{AtomicBool, AtomicPtr, AtomicU64, Lock, LockGuard, Ordering};

use selkie_core::raw::wake::wake_each;

use crate::sys::{Disposition, SIGNALS, disposition, set_disposition};

use super::error::forked_error;
use super::handle::Handle;
use super::retry::retry_interrupted;

/// The token of the self-pipe; it is above every key, see `reactor`.
pub(super) const TOKEN: Token = Token(usize::MAX - 1);

/// What a process has for its signals: the two ends of its self-pipe (a pair of sockets), and a state for each signal.
#[derive(Debug)]
struct ProcessSignals {
    process: u32,
    sender: UnixStream,
    receiver: UnixStream,
    states: [SignalState; SIGNALS],
    /// [`wake_listeners`](Self::wake_listeners), of which a program that never listens to a signal knows nothing.
    dispatch: fn(&'static Self),
    /// What a process has that this one was forked from.
    older: Option<&'static Self>,
}

/// The newest of them. They are leaked, since a handler may be using them.
static NEWEST: AtomicPtr<ProcessSignals> = AtomicPtr::new(std::ptr::null_mut());
/// Held while one is made.
static MAKING: Lock<()> = Lock::new(());

#[derive(Debug)]
struct Listeners {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct SignalState {
    pending: AtomicBool,
    arrivals: AtomicU64,
    listeners: Lock<Listeners>,
    /// Held while a handler is installed or removed.
    handler: Lock<Handler>,
}

/// What handles a signal.
#[derive(Debug)]
struct Handler {
    /// How many listeners there are now.
    listeners: usize,
    /// The disposition before ours, and ours, once it was installed (I4).
    previous_and_ours: Option<(Disposition, Disposition)>,
    /// Whether our handler is installed.
    is_installed: bool,
    /// Whether the last listener restores the previous disposition.
    restores: bool,
}

impl Handler {
    /// Installs our handler, unless it is installed.
    fn install(&mut self, number: i32, process: &'static ProcessSignals) -> io::Result<()> {
        if self.is_installed {
            return Ok(());
        }
        let previous = match process.inherited(number) {
            Some(previous) => previous,
            None => disposition(number)?,
        };
        let ours = if let Some((_, ours)) = self.previous_and_ours {
            set_disposition(number, &ours)?;
            ours
        } else {
            // SAFETY: `on_signal` is made of atomics, getpid and a write that never blocks.
            unsafe { signal_hook_registry::register(number, move || on_signal(process, number)) }?;
            disposition(number)?
        };
        self.previous_and_ours = Some((previous, ours));
        self.is_installed = true;
        Ok(())
    }

    /// Called when a listener is dropped. The last one restores the previous disposition, if that was asked
    /// for.
    fn remove_listener(&mut self, number: i32) {
        self.listeners -= 1;
        if self.listeners > 0 || !self.restores {
            return;
        }
        self.restores = false;
        if let Some((previous, _)) = &self.previous_and_ours {
            // The system returned it, so the system accepts it.
            self.is_installed = set_disposition(number, previous).is_err();
        }
    }
}

impl ProcessSignals {
    fn newest() -> Option<&'static Self> {
        // Acquire: pairs with the Release in `own`.
        let newest = NEWEST.load(Ordering::Acquire);
        // SAFETY: null, or one that `own` leaked: it lives for ever.
        unsafe { newest.as_ref() }
    }

    /// What this process has, if it has listened to a signal.
    fn find() -> Option<&'static Self> {
        let process = std::process::id();
        let mut at = Self::newest();
        while let Some(signals) = at {
            if signals.process == process {
                break;
            }
            at = signals.older;
        }
        at
    }

    /// What this process has, made if there is nothing (I2).
    fn own() -> io::Result<&'static Self> {
        if let Some(own) = Self::find() {
            return Ok(own);
        }
        let _making = MAKING.lock();
        if let Some(own) = Self::find() {
            return Ok(own);
        }
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        let own: &'static mut Self = Box::leak(Box::new(Self {
            process: std::process::id(),
            sender,
            receiver,
            states: [const { SignalState::new() }; SIGNALS],
            dispatch: Self::wake_listeners,
            older: Self::newest(),
        }));
        // Release: pairs with the Acquire in `newest`.
        NEWEST.store(own, Ordering::Release);
        Ok(own)
    }

    /// Empties the self-pipe and wakes the listeners of every pending signal.
    fn wake_listeners(&'static self) {
        let mut bytes = [0; 64];
        while matches!((&self.receiver).read(&mut bytes), Ok(1..)) {}
        let mut woken = Vec::new();
        for state in &self.states {
            // AcqRel: pairs with the store in `on_signal` (I1).
            if state.pending.swap(false, Ordering::AcqRel) {
                state.take_wakers(&mut woken);
            }
        }
        wake_each(woken); // I3
    }

    fn state(&self, number: i32) -> Option<&SignalState> {
        match usize::try_from(number) {
            Ok(number @ 1..) => self.states.get(number),
            _ => None,
        }
    }

    /// The disposition from before the handler that an older process has installed, and this one found in place.
    fn inherited(&self, number: i32) -> Option<Disposition> {
        let mut at = self.older;
        while let Some(older) = at {
            if let Some((previous, _)) = older.state(number)?.handler().previous_and_ours {
                return Some(previous);
            }
            at = older.older;
        }
        None
    }
}

/// Registers the self-pipe with the poller of `registry`; also fails if it is registered already.
fn attach(registry: &Registry) -> io::Result<()> {
    let fd = ProcessSignals::own()?.receiver.as_raw_fd();
    registry.register(&mut SourceFd(&fd), TOKEN, Interest::READABLE)
}

impl Handle {
    /// Makes this driver listen to the signals of the process, unless it does already.
    pub(crate) fn listen_to_signals(&self) -> io::Result<()> {
        if !self.shared.is_same_process() {
            return Err(forked_error());
        }
        let (attached, pending) = self.shared.reactors.register_at(0, &mut attach);
        self.shared.reactors.notify(pending);
        match attached {
            // The self-pipe counts as one source, however many listeners there are.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// What the handler does; everything here may run inside a signal handler.
fn on_signal(own: &ProcessSignals, number: i32) {
    // SAFETY: getpid has no preconditions and may be called in a handler.
    let process = unsafe { libc::getpid() };
    if i64::from(own.process) != i64::from(process) {
        return; // I2
    }
    if let Some(state) = own.state(number) {
        // Release: pairs with the swap in `wake_listeners` (I1).
        state.pending.store(true, Ordering::Release);
    }
    // If the socket is full, what it holds wakes the reader as well as this byte would.
    let _ = retry_interrupted(&mut || (&own.sender).write(&[1]));
}

/// Called when the self-pipe has something.
pub(super) fn dispatch() {
    if let Some(own) = ProcessSignals::find() {
        (own.dispatch)(own);
    }
}

/// Why the signal `number` cannot be listened to, if it cannot.
fn refusal(number: i32) -> Option<&'static str> {
    if number == libc::SIGKILL || number == libc::SIGSTOP {
        return Some("the system keeps it from every process");
    }
    for &forbidden in signal_hook_registry::FORBIDDEN {
        if number == forbidden {
            return Some("it tells of a fault of the program itself");
        }
    }
    None
}

fn not_allowed(number: i32, why: &str) -> io::Error {
    io::Error::other(format!("signal {number} cannot be listened to: {why}"))
}

impl SignalState {
    fn handler(&self) -> LockGuard<'_, Handler> {
        self.handler.lock()
    }

    const fn new() -> Self {
        Self {
            pending: AtomicBool::new(false),
            arrivals: AtomicU64::new(0),
            listeners: Lock::new(Listeners {
                wakers: Vec::new(),
                free: Vec::new(),
            }),
            handler: Lock::new(Handler {
                listeners: 0,
                previous_and_ours: None,
                is_installed: false,
                restores: false,
            }),
        }
    }

    /// Counts an arrival; adds whom to wake for it to `woken`.
    fn take_wakers(&self, woken: &mut Vec<Waker>) {
        let mut listeners = self.listeners.lock();
        // Release: pairs with the Acquire in `SignalListener::poll`.
        self.arrivals.fetch_add(1, Ordering::Release);
        for waiting in &mut listeners.wakers {
            if let Some(waker) = waiting.take() {
                woken.push(waker);
            }
        }
    }
}

/// Listens to one signal, from the moment it is made.
#[derive(Debug)]
pub(crate) struct SignalListener {
    number: i32,
    state: &'static SignalState,
    index: usize,
    seen: u64,
}

impl SignalListener {
    /// Listens to the signal with `number`; installs a handler the first time.
    pub(crate) fn new(number: i32) -> io::Result<Self> {
        let own = ProcessSignals::own()?;
        let Some(state) = own.state(number) else {
            return Err(not_allowed(number, "there is no such signal"));
        };
        if let Some(why) = refusal(number) {
            return Err(not_allowed(number, why));
        }
        let mut handler = state.handler();
        handler.install(number, own)?;
        handler.listeners += 1;
        drop(handler);
        let mut listeners = state.listeners.lock();
        let index = match listeners.free.pop() {
            Some(index) => index,
            None => {
                listeners.wakers.push(None);
                listeners.wakers.len() - 1
            }
        };
        // Relaxed: changed under the lock that is held.
        let seen = state.arrivals.load(Ordering::Relaxed);
        drop(listeners);
        Ok(Self {
            number,
            state,
            index,
            seen,
        })
    }

    /// Makes the last listener to this signal restore the disposition from before the first.
    pub(crate) fn restore_when_last(&self) {
        self.state.handler().restores = true;
    }

    /// Waits for an arrival that this listener has not seen.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(coop::poll_leaf(cx));
        let mut mine = Some(cx.waker().clone()); // I3
        {
            let mut listeners = self.state.listeners.lock();
            // Acquire: pairs with the Release in `SignalState::take_wakers`.
            let arrivals = self.state.arrivals.load(Ordering::Acquire);
            if arrivals != self.seen {
                self.seen = arrivals;
                return Poll::Ready(());
            }
            let waiting = &mut listeners.wakers[self.index];
            let had = waiting.as_ref();
            if !had.is_some_and(|had| had.will_wake(cx.waker())) {
                std::mem::swap(waiting, &mut mine);
            }
        }
        drop(mine); // I3
        Poll::Pending
    }
}

impl Drop for SignalListener {
    fn drop(&mut self) {
        let mut listeners = self.state.listeners.lock();
        let waker = listeners.wakers[self.index].take();
        listeners.free.push(self.index);
        drop(listeners);
        self.state.handler().remove_listener(self.number);
        drop(waker); // I3
    }
}
