//! Dumps of a runtime's tasks on a signal.
//!
//! Idea        A thread waits for the signal with a small runtime of its own, so that the dump is made also while all
//!             workers of the other one are stuck.
//! States      waiting → dumping → waiting …, until the other runtime shuts down

use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Weak;
use std::task::{Context, Poll};
use std::thread;

use crate::context::{Handle, Inner};
use crate::runtime::{Builder, Dump, Runtime};
use crate::sync::oneshot;

use super::unix::{Signal, SignalKind, signal};

impl Builder {
    /// Writes a [dump](crate::runtime::Handle::dump) of the runtime's tasks to standard error whenever the process
    /// gets the signal `kind`. The runtime goes on. Beyond Tokio.
    ///
    /// For a program in production that seems to hang: `kill -USR1 PID` shows where each task waits, which task keeps
    /// a worker busy, and for how long. Several runtimes may have the same signal. For files and lines the program
    /// needs [debug information](crate::runtime::dump#what-a-dump-needs).
    ///
    /// As with any [listener](signal()), the signal no more does what it does by default, for the life of the process.
    ///
    /// # Errors
    /// [`build`](Self::build) fails as [`signal`](signal()) does, or if the system gives no thread.
    ///
    /// # Cost
    /// A thread that sleeps, with an event loop of its own. A dump as told [there](crate::runtime::Handle::dump).
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    /// use selkie::signal::unix::SignalKind;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .enable_all()
    ///     .dump_on_signal(SignalKind::user_defined1())
    ///     .build()?;
    /// runtime.block_on(async {
    ///     let worker = selkie::task::Builder::new().name("waits for work");
    ///     worker.spawn(std::future::pending::<()>())?;
    ///     // What `kill -USR1` does from outside.
    ///     let this = std::process::id().to_string();
    ///     selkie::process::Command::new("kill").args(["-USR1", &this]).status().await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn dump_on_signal(&mut self, kind: SignalKind) -> &mut Self {
        self.add_resource(move |handle| {
            let (end, ended) = oneshot::channel::<()>();
            let runtime = Builder::new_current_thread().enable_io().build()?;
            let signals = {
                let _entered = runtime.enter();
                signal(kind)?
            };
            let dumped = std::sync::Arc::downgrade(&handle.inner);
            let thread = thread::Builder::new().name("selkie-dump".to_owned());
            thread.spawn(move || wait(&runtime, signals, ended, &dumped))?;
            Ok(Box::new(end))
        })
    }
}

impl Builder {
    /// Which signal a thread is sent for the calls that it is in, if it is in a poll that does not end: for reports of the
    /// [watchdog](Self::watchdog), and for [dumps](crate::runtime::Handle::dump). `None`: there are no calls in them. By
    /// default it is `SIGURG`. Beyond Tokio.
    ///
    /// The signal goes to that one thread. Its handler copies registers and stack into memory that is there already, and
    /// does nothing else. It is installed when a runtime with a watchdog is built, or when a dump first finds a worker in a
    /// long poll, and stays for the life of the process. If the signal comes for
    /// another reason, the handler that was there before is called; a handler that is installed later has to call the one
    /// before it, as [`signal`](signal()) does, or there are no calls. A [listener](signal()) of the same signal is
    /// woken by it, too.
    ///
    /// On other systems than Linux, and other processors than x86-64 and 64-bit ARM nothing changes.
    ///
    /// # Errors
    /// [`build`](Self::build) fails for signals that the system does not let a program handle, and for those of faults,
    /// if there is a watchdog.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use selkie::runtime::Builder;
    /// use selkie::signal::unix::SignalKind;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .watchdog(Duration::from_millis(100))
    ///     // This program uses SIGURG for itself.
    ///     .stack_signal(Some(SignalKind::user_defined2()))
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stack_signal(&mut self, kind: Option<SignalKind>) -> &mut Self {
        self.set_stack_signal(kind.map(|kind| kind.as_raw_value()))
    }
}

/// The thread: dumps `dumped` for each of `signals`, until that has `ended`.
fn wait(
    runtime: &Runtime,
    mut signals: Signal,
    ended: oneshot::Receiver<()>,
    dumped: &Weak<Inner>,
) {
    runtime.block_on(async move {
        let mut ended = pin!(ended);
        loop {
            let mut next = |cx: &mut Context<'_>| {
                if ended.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                signals.poll_recv(cx)
            };
            if poll_fn(&mut next).await.is_none() {
                return;
            }
            let Some(inner) = dumped.upgrade() else {
                return;
            };
            let handle = Handle { inner };
            let dump = handle.dump().await;
            // There is nobody who could be notified that standard error is closed.
            let _told = write(&handle, &dump);
        }
    });
}

/// Writes `dump` at once, so that other output does not come in between.
fn write(handle: &Handle, dump: &Dump) -> io::Result<()> {
    let name = handle
        .inner
        .name
        .as_deref()
        .map(|name| format!(" ({name})"));
    let name = name.unwrap_or_default();
    let text = format!("selkie: runtime {}{name}: {dump}", handle.inner.id);
    io::stderr().lock().write_all(text.as_bytes())
}
