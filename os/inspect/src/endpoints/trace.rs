//! `/trace`: what the runtime does for some seconds, as a file for Perfetto.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use selkie::runtime::{Handle, Recording, RecordingConfig};
use selkie::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use selkie::time::sleep;

use super::parameters::Parameters;
use crate::reply::{JSON, Reply, problem, stream};
use crate::runtimes::InspectedRuntime;

/// How long a recording lasts, unless it says so, and at most.
const SECONDS: usize = 5;
const MOST_SECONDS: usize = 60;
/// Memory of a recording that is started here, in bytes, and of one event.
const MEMORY: usize = 16 << 20;
const EVENT: usize = 32;
/// Rings of a recording beside those of the workers.
const OTHER_RINGS: usize = 4;
/// Bytes of a part of an answer, and how many parts wait to be sent.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 4;
/// Events of a ring at least, and at most.
const FEWEST_EVENTS: usize = 4_096;
const MOST_EVENTS: usize = 65_536;

/// A recording that is stopped at the end, also if the client goes before, unless the program had begun it, or begins it
/// meanwhile.
struct StopGuard {
    recording: Recording,
    was_running: bool,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        if !self.was_running {
            let _is_stopped = self.recording.stop_if_last();
        }
    }
}

/// As many events for each ring as the memory is enough for.
fn events(handle: &Handle) -> usize {
    let rings = handle.metrics().num_workers() + OTHER_RINGS;
    let events = MEMORY / EVENT / rings;
    // Rounded down to a power of two: the recorder rounds up.
    let events = events.checked_ilog2().map_or(1, |double| 1 << double);
    events.clamp(FEWEST_EVENTS, MOST_EVENTS)
}

/// A recording of `runtime`. The parameter is `seconds`; with `now`, what a recording that goes on anyway has.
/// `turn` is held until it is written.
pub(super) async fn trace(
    runtime: InspectedRuntime,
    parameters: &Parameters,
    turn: OwnedSemaphorePermit,
) -> Reply {
    let handle = runtime.handle;
    let before = handle.recording().filter(Recording::is_running);
    if parameters.get("seconds") == Some("now") {
        return match before {
            Some(recording) => write(recording, &runtime.label, turn).await,
            None => problem(
                StatusCode::CONFLICT,
                "the runtime is not being recorded; ask with seconds=5, or have the program call Handle::start_recording",
            ),
        };
    }
    let seconds = match parameters.number("seconds", SECONDS, MOST_SECONDS) {
        Ok(seconds) => seconds,
        Err(why) => return problem(StatusCode::BAD_REQUEST, why),
    };
    let was_running = before.is_some();
    let guard = StopGuard {
        recording: before.unwrap_or_else(|| {
            let mut config = RecordingConfig::new();
            config.events_per_worker(events(&handle));
            handle.start_recording(&config)
        }),
        was_running,
    };
    sleep(Duration::from_secs(seconds as u64)).await;
    let recording = guard.recording.clone();
    drop(guard);
    write(recording, &runtime.label, turn).await
}

/// The snapshot of `recording` as a file, which is written while it is sent: it may be six times as large as the rings.
async fn write(recording: Recording, label: &str, turn: OwnedSemaphorePermit) -> Reply {
    let (length, lengths) = oneshot::channel();
    let (parts, chunks) = mpsc::channel(CHUNKS);
    let writing = selkie::task::spawn_blocking(move || {
        let snapshot = recording.snapshot();
        let mut counter = Counter(0);
        snapshot.write_json(&mut counter)?;
        // Whoever asked may have gone.
        let _gone = length.send(counter.0);
        let mut parts = ChunkWriter {
            parts,
            rest: counter.0,
            turn: Some(turn),
        };
        snapshot.write_json(BufWriter::with_capacity(CHUNK, &mut parts))
    });
    let Ok(length) = lengths.await else {
        let why = match writing.await {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) => "nothing was written".to_owned(),
            Err(error) => error.to_string(),
        };
        return problem(StatusCode::INTERNAL_SERVER_ERROR, why);
    };
    let mut reply = stream(JSON, length, chunks);
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let name: String = label.chars().filter(is_plain).collect();
    let name = format!("attachment; filename=\"selkie-{name}.json\"");
    if let Ok(name) = HeaderValue::try_from(name) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    reply
}

/// Counts what is written.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what is written, and waits while the client has not read enough of it.
struct ChunkWriter {
    parts: mpsc::Sender<Bytes>,
    rest: u64,
    /// Given back before the last part is sent: whoever has the whole answer may ask again.
    turn: Option<OwnedSemaphorePermit>,
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest = self.rest.saturating_sub(bytes.len() as u64);
        if self.rest == 0 {
            self.turn = None;
        }
        let sent = self.parts.blocking_send(Bytes::copy_from_slice(bytes));
        // The client has gone.
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
