//! `/trace`: what the runtime does for some seconds, as a file for Perfetto.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use selkie::runtime::{Handle, Recording, RecordingConfig};
use selkie::time::sleep;

use super::parameters::Parameters;
use crate::reply::{JSON, Reply, problem, reply};
use crate::runtimes::InspectedRuntime;

/// How long a recording lasts, unless it says so, and at most.
const SECONDS: usize = 5;
const MOST_SECONDS: usize = 60;
/// Memory of a recording that is started here, in bytes, and of one event.
const MEMORY: usize = 32 << 20;
const EVENT: usize = 32;
/// Rings of a recording beside those of the workers.
const OTHER_RINGS: usize = 4;
/// Events of a ring at least, and at most.
const FEWEST_EVENTS: usize = 4_096;
const MOST_EVENTS: usize = 65_536;

/// A recording that is stopped at the end, also if the client goes before, unless the program had begun it.
struct StopGuard {
    recording: Recording,
    was_running: bool,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        if !self.was_running {
            self.recording.stop();
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
pub(super) async fn trace(runtime: InspectedRuntime, parameters: &Parameters) -> Reply {
    let handle = runtime.handle;
    let before = handle.recording().filter(Recording::is_running);
    if parameters.get("seconds") == Some("now") {
        return match before {
            Some(recording) => write(recording, &runtime.label).await,
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
    write(recording, &runtime.label).await
}

async fn write(recording: Recording, label: &str) -> Reply {
    let written = selkie::task::spawn_blocking(move || {
        let mut json = Vec::new();
        recording.snapshot().write_json(&mut json).map(|()| json)
    });
    let json = match written.await {
        Ok(Ok(json)) => json,
        Ok(Err(error)) => return problem(StatusCode::INTERNAL_SERVER_ERROR, error),
        Err(error) => return problem(StatusCode::INTERNAL_SERVER_ERROR, error),
    };
    let mut reply = reply(StatusCode::OK, JSON, json);
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let name: String = label.chars().filter(is_plain).collect();
    let name = format!("attachment; filename=\"selkie-{name}.json\"");
    if let Ok(name) = HeaderValue::try_from(name) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    reply
}
