//! Which signal a thread is sent that is to show its stack.

use crate::runtime::Builder;

use super::unix::SignalKind;

impl Builder {
    /// Which signal a thread is sent for the calls that it is in, if it is in a poll that does not end: for reports of the
    /// [watchdog](Self::watchdog), and for [dumps](crate::runtime::Handle::dump). `None`: there are no calls in them. By
    /// default it is `SIGURG`. Beyond Tokio.
    ///
    /// The signal goes to that one thread. Its handler copies registers and stack into memory that is there already, and
    /// does nothing else. It is installed when a runtime with a watchdog is built, or when a dump first finds a worker in a
    /// long poll, and stays for the life of the process. If the signal comes for another reason, the handler that was
    /// there before is called; a handler that is installed later has to call the one before it, as
    /// [`signal`](crate::signal::unix::signal) does, or there are no calls. Who listens for the same signal may be woken
    /// by it, too.
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
