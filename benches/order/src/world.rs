//! What the tasks of a program share: channels, locks, handles, and the trace.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::rt::sync::{
    Barrier, Mutex as AsyncMutex, Notify, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot,
    watch,
};
use super::rt::task::AbortHandle;
use super::rt::time::Instant;
use crate::program::{COPIES, Op, Program};
use crate::trace::{Event, EventKind};

/// Tasks that one program spawns at most.
const TASKS: usize = 400;

thread_local! {
    static TRACE: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

/// Adds an event to the trace.
pub(super) fn note(task: usize, kind: EventKind, value: i64) {
    TRACE.with_borrow_mut(|trace| trace.push(Event { task, kind, value }));
}

/// The trace so far; it is empty after that.
pub(super) fn take_trace() -> Vec<Event> {
    TRACE.take()
}

pub(super) struct Channel {
    /// Whether the receiver has closed it. What is tried after that wakes, with Tokio, whoever received
    /// last, for nothing.
    pub(super) closed: AtomicBool,
    pub(super) sender: mpsc::Sender<usize>,
    pub(super) receiver: Mutex<Option<mpsc::Receiver<usize>>>,
}

pub(super) struct Oneshot {
    pub(super) sender: Mutex<Option<oneshot::Sender<usize>>>,
    pub(super) receiver: Mutex<Option<oneshot::Receiver<usize>>>,
}

pub(super) struct World {
    pub(super) program: Program,
    pub(super) start: OnceLock<Instant>,
    pub(super) tasks: AtomicUsize,
    pub(super) handles: Mutex<Vec<AbortHandle>>,
    pub(super) channels: [Channel; COPIES],
    pub(super) unbounded: mpsc::UnboundedSender<usize>,
    pub(super) unbounded_receiver: Mutex<Option<mpsc::UnboundedReceiver<usize>>>,
    pub(super) oneshots: [Oneshot; COPIES],
    pub(super) notifies: [Notify; COPIES],
    pub(super) locks: [AsyncMutex<()>; COPIES],
    pub(super) rw: RwLock<()>,
    pub(super) permits: Semaphore,
    pub(super) barrier: Barrier,
    pub(super) watch: watch::Sender<usize>,
    pub(super) watching: Mutex<Option<()>>,
    pub(super) broadcast: broadcast::Sender<usize>,
    pub(super) once: SetOnce<usize>,
}

impl World {
    pub(super) fn new(program: &Program) -> Arc<Self> {
        let channel = |index: usize| {
            let (sender, receiver) = mpsc::channel(1 + 2 * index);
            Channel {
                closed: AtomicBool::new(false),
                sender,
                receiver: Mutex::new(Some(receiver)),
            }
        };
        let oneshot = |_| {
            let (sender, receiver) = oneshot::channel();
            Oneshot {
                sender: Mutex::new(Some(sender)),
                receiver: Mutex::new(Some(receiver)),
            }
        };
        let (unbounded, unbounded_receiver) = mpsc::unbounded_channel();
        Arc::new(Self {
            program: program.clone(),
            start: OnceLock::new(),
            tasks: AtomicUsize::new(0),
            handles: Mutex::default(),
            channels: std::array::from_fn(channel),
            unbounded,
            unbounded_receiver: Mutex::new(Some(unbounded_receiver)),
            oneshots: std::array::from_fn(oneshot),
            notifies: std::array::from_fn(|_| Notify::new()),
            locks: std::array::from_fn(|_| AsyncMutex::new(())),
            rw: RwLock::new(()),
            permits: Semaphore::new(2),
            barrier: Barrier::new(2),
            watch: watch::Sender::new(0),
            watching: Mutex::new(Some(())),
            broadcast: broadcast::Sender::new(3),
            once: SetOnce::new(),
        })
    }

    pub(super) fn task(&self) -> Option<usize> {
        let task = self.tasks.load(Ordering::Relaxed);
        (task < TASKS).then(|| {
            self.tasks.store(task + 1, Ordering::Relaxed);
            task
        })
    }

    pub(super) fn nanos(&self) -> i64 {
        let start = *self.start.get_or_init(Instant::now);
        start.elapsed().as_nanos() as i64
    }

    /// Whether `op` is for a channel that its receiver has closed.
    pub(super) fn is_over(&self, op: &Op) -> bool {
        match *op {
            Op::Send(index) | Op::Reserve(index) | Op::Recv(index) => {
                self.channels[index].closed.load(Ordering::Relaxed)
            }
            _ => false,
        }
    }

    pub(super) fn remember(&self, handle: AbortHandle) {
        self.handles.lock().unwrap().push(handle);
    }
}
