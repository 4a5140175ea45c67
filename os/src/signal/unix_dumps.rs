//! Dumps of a runtime's tasks on a signal.

use std::io::{self, Write};

use crate::context::Handle;
use crate::runtime::{Builder, Dump};

use super::unix::SignalKind;
use super::unix_action::start_action;

impl Builder {
    /// Writes a [dump](crate::runtime::Handle::dump) of the runtime's tasks to standard error whenever the process
    /// gets the signal `kind`. The runtime goes on. Beyond Tokio.
    ///
    /// For a program in production that seems to hang: `kill -USR1 PID` shows where each task waits, which task keeps
    /// a worker busy, and for how long. Several runtimes may have the same signal. For files and lines the program
    /// needs [debug information](crate::runtime::dump#what-a-dump-needs).
    ///
    /// As with any [listener](crate::signal::unix::signal), the signal no more does what it does by default, for the life of the process.
    ///
    /// # Errors
    /// [`build`](Self::build) fails as [`signal`](crate::signal::unix::signal) does, or if the system gives no thread.
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
            start_action(handle, kind, "selkie-dump", |handle| async move {
                let dump = handle.dump().await;
                // There is nobody who could be notified that standard error is closed.
                let _told = write(&handle, &dump);
            })
        })
    }
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
