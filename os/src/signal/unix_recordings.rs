//! Recordings that are written on a signal.

use std::path::PathBuf;

use crate::runtime::Builder;
use crate::sys::report_line;

use super::unix::SignalKind;
use super::unix_action::start_action;

impl Builder {
    /// Writes the runtime's [recording](crate::runtime::Recording) into a new file in the folder `dir` whenever the process gets the
    /// signal `kind`, if it is recorded then; the file's path goes to the standard error output. The runtime goes on. Beyond Tokio.
    ///
    /// For a program in production: it is started with [`record_events`](Self::record_events), and `kill -USR2 PID` writes what its
    /// workers have done last.
    ///
    /// As with any [listener](crate::signal::unix::signal), the signal no more does what it does by default, for the life of
    /// the process.
    ///
    /// # Errors
    /// [`build`](Self::build) fails as [`signal`](crate::signal::unix::signal) does, or if the system gives no thread.
    ///
    /// # Cost
    /// A thread that sleeps, with an event loop of its own, and which writes the file.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, RecordingConfig};
    /// use selkie::signal::unix::SignalKind;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .enable_all()
    ///     .record_events(RecordingConfig::new())
    ///     .write_recording_on_signal(SignalKind::user_defined2(), "/var/tmp")
    ///     .build()?;
    /// assert!(runtime.handle().recording().is_some());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_recording_on_signal(
        &mut self,
        kind: SignalKind,
        dir: impl Into<PathBuf>,
    ) -> &mut Self {
        let dir = dir.into();
        self.add_resource(move |handle| {
            let dir = dir.clone();
            start_action(handle, kind, "selkie-record", move |handle| {
                let written = handle
                    .recording()
                    .map(|one| one.write_to_dir(&dir, "signal"));
                match written {
                    Some(Ok(path)) => {
                        report_line(format_args!(
                            "selkie: the recording is in {}",
                            path.display()
                        ));
                    }
                    Some(Err(error)) => {
                        report_line(format_args!("selkie: no recording: {error}"));
                    }
                    None => {
                        let id = handle.id();
                        report_line(format_args!("selkie: runtime {id} is not recorded"));
                    }
                }
                std::future::ready(())
            })
        })
    }
}
