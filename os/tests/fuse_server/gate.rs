//! What happens to the requests that the system makes for hostile files.
//!
//! Idea        The file server, or the listener that permits opens, shows each request to the gate, which has it
//!             answered, kept, or answered with an error. It counts the requests, and by which threads they
//!             were asked: those wait for the answer, and no worker may be one of them.
//! Invariants  I1 a request that is kept is reported once, and is let go by the test, or when the gate opens.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is to become of the requests from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    Reply,
    /// The `nth`, counted from 1, is kept; so are all that follow, if the server says nothing more.
    Keep {
        nth: usize,
        for_good: bool,
    },
    /// The `nth` is answered with this error.
    Fail {
        nth: usize,
        errno: i32,
    },
    /// The next of this kind is kept.
    KeepKind(u32),
    /// Each of this kind is answered with an error.
    FailKind(u32, i32),
}

/// A request: its kind, and the thread that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    pub(crate) kind: u32,
    pub(crate) thread: u32,
}

/// What is to become of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Reply,
    Keep,
    Fail(i32),
}

/// What was asked since the plan was made.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestLog {
    pub(crate) requests: Vec<RequestInfo>,
    /// Which of them was kept first, or failed.
    pub(crate) chosen: Option<RequestInfo>,
}

struct State {
    plan: Plan,
    spared: Option<u32>,
    seen: RequestLog,
    /// Whether nothing is counted.
    is_open: bool,
    /// Whether nobody is to serve any more.
    is_closed: bool,
}

/// See above.
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Wakes whoever serves when the gate is open.
    bell: File,
    tells: Mutex<Sender<RequestInfo>>,
    kept: Mutex<Receiver<RequestInfo>>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        // SAFETY: the call takes numbers.
        let bell = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        assert!(bell >= 0, "no eventfd: {}", std::io::Error::last_os_error());
        let (tells, kept) = channel();
        Self {
            state: Mutex::new(State {
                plan: Plan::Reply,
                spared: None,
                seen: RequestLog::default(),
                is_open: true,
                is_closed: false,
            }),
            // SAFETY: it was just made, and is nobody else's.
            bell: unsafe { File::from_raw_fd(bell) },
            tells: Mutex::new(tells),
            kept: Mutex::new(kept),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on follows `plan` and counts from zero, except for requests of the kind `spared`.
    pub(crate) fn arm(&self, plan: Plan, spared: Option<u32>) {
        let mut state = self.state();
        state.plan = plan;
        state.spared = spared;
        state.seen = RequestLog::default();
        state.is_open = false;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.try_recv().is_ok() {}
    }

    /// Answers everything, also what was kept. Says what was asked.
    pub(crate) fn open(&self) -> RequestLog {
        let mut state = self.state();
        state.plan = Plan::Reply;
        state.is_open = true;
        let seen = std::mem::take(&mut state.seen);
        drop(state);
        (&self.bell).write_all(&1_u64.to_ne_bytes()).unwrap();
        seen
    }

    /// Lets whoever serves end.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.open();
    }

    /// For whoever serves: whether it is to end.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The request that is kept, once there is one, if that is soon.
    pub(crate) fn kept(&self, limit: Duration) -> Option<RequestInfo> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.recv_timeout(limit).ok()
    }

    /// For whoever serves: what is to become of `request`.
    pub(crate) fn ask(&self, request: RequestInfo) -> Verdict {
        let mut state = self.state();
        if state.is_open || state.spared == Some(request.kind) {
            return Verdict::Reply;
        }
        state.seen.requests.push(request);
        let count = state.seen.requests.len();
        let verdict = match state.plan {
            Plan::Keep { nth, for_good } if count == nth || for_good && count > nth => {
                Verdict::Keep
            }
            Plan::KeepKind(kind) if kind == request.kind => Verdict::Keep,
            Plan::Fail { nth, errno } if count == nth => Verdict::Fail(errno),
            Plan::FailKind(kind, errno) if kind == request.kind => Verdict::Fail(errno),
            _ => Verdict::Reply,
        };
        if verdict == Verdict::Reply {
            return verdict;
        }
        state.seen.chosen.get_or_insert(request);
        if let (Plan::KeepKind(_), Verdict::Keep) = (state.plan, verdict) {
            state.plan = Plan::Reply;
        }
        if verdict == Verdict::Keep {
            let tells = self.tells.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = tells.send(request); // I1
        }
        verdict
    }

    /// For whoever serves, before each look for requests: whether what was kept so far may be answered.
    pub(crate) fn has_opened(&self) -> bool {
        let mut count = [0; 8];
        (&self.bell).read(&mut count).is_ok()
    }

    /// For whoever serves: becomes readable when the gate opens.
    pub(crate) fn bell(&self) -> RawFd {
        self.bell.as_raw_fd()
    }
}
