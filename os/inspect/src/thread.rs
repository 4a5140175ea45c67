//! The thread on which all requests are answered, with a runtime of its own.
//!
//! Idea        An inspector has to answer when the runtime that it shows cannot: when all of its workers are stuck. So its
//!             sockets and answers belong to a current-thread runtime on a thread of its own, which reads the other by
//!             its handle.
//! Rejected    Tasks of the runtime that is shown: a stuck runtime would show nothing, and the inspector would count
//!             among its tasks and polls.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use selkie::runtime::{Builder, EnterGuard, Handle};
use selkie::sync::oneshot;
use selkie::task::JoinHandle;

use crate::endpoints::State;

/// Threads that look functions up, or write long answers.
const BLOCKING_THREADS: usize = 2;
/// How long the end waits for what still runs.
const END: Duration = Duration::from_millis(500);

thread_local! {
    /// Whether the runtime that this thread builds is an inspector's.
    static BUILDS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether the runtime that is being built on this thread is an inspector's own.
#[cfg_attr(not(feature = "environment"), allow(dead_code))]
pub(crate) fn builds_own() -> bool {
    BUILDS_OWN.get()
}

/// The thread and its runtime; they end when this is dropped.
pub(crate) struct InspectorThread {
    handle: Handle,
    pub(crate) shown: Arc<State>,
    end: Mutex<Option<End>>,
}

struct End {
    stop: oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl fmt::Debug for InspectorThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectorThread").finish_non_exhaustive()
    }
}

impl InspectorThread {
    /// # Errors
    /// If the runtime, or its thread, cannot be made.
    pub(crate) fn start(shown: State) -> io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        builder
            .enable_all()
            .disable_io_uring()
            .name("selkie-inspect")
            .thread_name("selkie-inspect")
            .max_blocking_threads(BLOCKING_THREADS);
        BUILDS_OWN.set(true);
        let runtime = builder.build();
        BUILDS_OWN.set(false);
        let runtime = runtime?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("selkie-inspect".to_owned());
        thread.spawn(move || {
            // Dropped last, which tells whoever waits for the end.
            let _end = end;
            // An error means that the thread is gone, which is a reason to stop as well.
            let _stopped = runtime.block_on(stopped);
            runtime.shutdown_timeout(END);
        })?;
        Ok(Self {
            handle,
            shown: Arc::new(shown),
            end: Mutex::new(Some(End { stop, ended })),
        })
    }

    /// Runs `future` on the thread.
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Enters the runtime's context.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }
}

impl Drop for InspectorThread {
    fn drop(&mut self) {
        let end = self.end.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(End { stop, ended }) = end.take() else {
            return;
        };
        let _gone = stop.send(());
        // Sockets are closed when this returns.
        let _ended = ended.recv_timeout(END * 2);
    }
}
