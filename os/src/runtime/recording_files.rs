//! Files of a recording: written on request, at a panic, and for a poll that the watchdog finds.
//!
//! Idea        A file is written beside its place and renamed, so that nobody reads half of one. The panic hook is installed once for the
//!             process, and writes for each runtime that wants it.
//! Invariants  I1 for panics and stalls a runtime writes a file every [`PAUSE`] at most, and [`MOST_FILES`] in all.
//!             I2 the panic hook waits for no lock: a panic that comes meanwhile writes nothing.
//!             I3 a file that is written belongs to one writer, and is a new one: links that others have laid are not followed.
//! Rejected    Writing at every panic: a program whose requests panic would do nothing else.

use std::fs::{self, File};
use std::io;
use std::panic;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::recording::{Recording, RecordingConfig};
use crate::context::{Handle, Inner};
use crate::sys::report_line;

/// Between two files of one runtime that nobody has asked for.
const PAUSE: Duration = Duration::from_secs(5);
/// How many files a runtime writes that nobody has asked for.
const MOST_FILES: u32 = 64;

/// Where a runtime writes its recording, and when it did last.
#[derive(Debug)]
struct RecordingFiles {
    runtime: Weak<Inner>,
    dir: PathBuf,
    written: Mutex<(u32, Option<Instant>)>,
}

/// The runtimes that write at a panic.
static AT_PANIC: Mutex<Vec<Arc<RecordingFiles>>> = Mutex::new(Vec::new());

impl RecordingFiles {
    #[inline]
    fn new(handle: &Handle, dir: &Path) -> Arc<Self> {
        Arc::new(Self {
            runtime: Arc::downgrade(&handle.inner),
            dir: dir.to_owned(),
            written: Mutex::new((0, None)),
        })
    }

    /// Writes a file, if one is due (I1).
    #[inline]
    fn write(&self, reason: &str) {
        let recording = self
            .runtime
            .upgrade()
            .map(|inner| Handle { inner }.recording());
        let Some(recording) = recording.flatten().filter(Recording::is_running) else {
            return;
        };
        {
            // Not waited for (I2); another thread writes just now.
            let Ok(mut written) = self.written.try_lock() else {
                return;
            };
            let (files, last) = *written;
            if files == MOST_FILES || last.is_some_and(|last| last.elapsed() < PAUSE) {
                return;
            }
            *written = (files + 1, Some(Instant::now()));
        }
        let dir = self.dir.display();
        match recording.write_to_dir(&self.dir, reason) {
            Ok(path) => {
                report_line(format_args!(
                    "selkie: the recording is in {}",
                    path.display()
                ));
            }
            Err(error) => report_line(format_args!("selkie: no recording in {dir}: {error}")),
        }
    }
}

impl RecordingConfig {
    /// Writes the recording into the folder `dir` when a thread of the process panics, also if the panic is caught: the file's
    /// path goes to the standard error output. At most one every 5 s, and 64 in all.
    ///
    /// The panic hook that there is stays, and is called first. The thread that panics writes the file, which takes some
    /// milliseconds.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Handle, RecordingConfig};
    ///
    /// # let place = std::env::temp_dir().join(format!("selkie-on-panic-{}", std::process::id()));
    /// # std::fs::create_dir_all(&place)?;
    /// # let dir = place.clone();
    /// # let runtime = selkie::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    /// # runtime.block_on(async {
    /// let recording = Handle::current().start_recording(RecordingConfig::new().write_on_panic(dir));
    /// let panicked = selkie::spawn(async { panic!("the tide is out") }).await;
    /// assert!(panicked.is_err());
    /// # drop(recording);
    /// # });
    /// assert_eq!(std::fs::read_dir(&place)?.count(), 1);
    /// # std::fs::remove_dir_all(&place)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn write_on_panic(&mut self, dir: impl Into<PathBuf>) -> &mut Self {
        self.panic_dir = Some(dir.into());
        self
    }

    /// Writes the recording into the folder `dir` when the runtime's [watchdog](super::Builder::watchdog) finds a poll that takes too
    /// long, before that is reported: the file's path goes to the standard error output. At most one every 5 s, and 64 in all.
    /// Without effect on a runtime without a watchdog.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, RecordingConfig};
    ///
    /// # let place = std::env::temp_dir().join(format!("selkie-on-stall-{}", std::process::id()));
    /// # std::fs::create_dir_all(&place)?;
    /// # let dir = place.clone();
    /// let (report, reports) = std::sync::mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .enable_all()
    ///     .watchdog_with(Duration::from_millis(20), move |poll| {
    ///         let _gone = report.send(poll.duration());
    ///     })
    ///     .build()?;
    /// let recording = runtime.handle().start_recording(RecordingConfig::new().write_on_stall(dir));
    /// // A fault: the worker sleeps, and what led there is in the folder.
    /// runtime.spawn(async { std::thread::sleep(Duration::from_millis(300)) });
    /// reports.recv().unwrap();
    /// # drop((recording, runtime));
    /// assert_eq!(std::fs::read_dir(&place)?.count(), 1);
    /// # std::fs::remove_dir_all(&place)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn write_on_stall(&mut self, dir: impl Into<PathBuf>) -> &mut Self {
        self.stall_dir = Some(dir.into());
        self
    }

    /// Does for the runtime of `handle` what was asked for.
    #[inline]
    pub(super) fn install(&self, handle: &Handle) {
        if let Some(dir) = &self.stall_dir {
            let files = RecordingFiles::new(handle, dir);
            let probes = handle.inner.spawner.probes_slot().attach();
            probes.on_stall(Arc::new(move || files.write("stall")));
        }
        if let Some(dir) = &self.panic_dir {
            let files = RecordingFiles::new(handle, dir);
            let mut all = AT_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|files| files.runtime.strong_count() > 0);
            let is_new = |other: &Arc<RecordingFiles>| !other.runtime.ptr_eq(&files.runtime);
            if all.iter().all(is_new) {
                all.push(files);
            }
            drop(all);
            install_panic_hook();
        }
    }
}

/// Has the process's panic hook write the recordings, too.
#[inline]
fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    if thread::panicking() {
        return; // No hook can be set now; the next start does it.
    }
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            // Copied out, so that nothing is written under the lock (I2).
            let all = AT_PANIC.try_lock().map(|all| all.clone());
            for files in all.unwrap_or_default() {
                files.write("panic");
            }
        }));
    });
}

impl Recording {
    /// Writes a [snapshot](Self::snapshot) to the file at `path`, as
    /// [`write_json`](super::RecordingSnapshot::write_json) does; a file that is there is replaced, when the new one is whole.
    ///
    /// It blocks: a task calls it in [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::RecordingConfig;
    ///
    /// let runtime = selkie::runtime::Builder::new_current_thread().build()?;
    /// let recording = runtime.handle().start_recording(&RecordingConfig::new());
    /// runtime.block_on(async { selkie::spawn(async {}).await.unwrap() });
    /// let path = std::env::temp_dir().join("selkie-recording.json"); // Drop it on https://ui.perfetto.dev.
    /// recording.write_to(&path)?;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn write_to(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let (path, snapshot) = (path.as_ref(), self.snapshot());
        // I3
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: only the sum matters.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}-{number}.part", process::id()));
        let written = File::create_new(&beside).and_then(|file| {
            snapshot.write_json(&file)?;
            fs::rename(&beside, path)
        });
        let is_own = |error: &io::Error| error.kind() != io::ErrorKind::AlreadyExists;
        if written.as_ref().is_err_and(is_own) {
            // It may not even be there.
            let _gone = fs::remove_file(&beside);
        }
        written
    }

    /// Writes a [snapshot](Self::snapshot) to a new file in the folder `dir`, whose name has the runtime's number, the process's,
    /// `reason` and the time; returns its path. As [`write_to`](Self::write_to) otherwise.
    ///
    /// # Errors
    /// If the folder is not there, or the file cannot be written.
    #[inline]
    pub fn write_to_dir(&self, dir: impl AsRef<Path>, reason: &str) -> io::Result<PathBuf> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let (process, millis) = (process::id(), since.unwrap_or_default().as_millis());
        let name = format!(
            "selkie-{process}-{}-{reason}-{millis}.json",
            self.runtime_id()
        );
        let path = dir.as_ref().join(name);
        self.write_to(&path)?;
        Ok(path)
    }
}
