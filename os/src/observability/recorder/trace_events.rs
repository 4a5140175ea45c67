//! A snapshot as Chrome's trace events, which Perfetto's page and `chrome://tracing` open.
//!
//! Idea        All events are put in the order of time. A poll becomes a slice in the row of its worker, once its end is known,
//!             and the wake before it an arrow to it. Nothing of this stands on the paths of the runtime.
//! Invariants  I1 slices of one row nest: what has no duration of its own lasts a nanosecond.
//!             I2 what is missing, since the rings have overwritten it, makes no slice; a poll that goes on lasts until the snapshot.
//! Rejected    Perfetto's protobuf: a library for an encoding, for files that are half as large; this one, other programs read, too.

use std::collections::HashMap;
use std::io::{self, Write};
use std::panic::Location;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::super::thread_role::WakeCause;
use super::event::{Event, EventKind, cause_of};
use super::recorder::HANDED_OFF;
use super::snapshot::RecordingSnapshot;
use super::step::StepKind;

/// The one process of a file.
const PROCESS: u32 = 1;
/// How long what has no duration lasts, in microseconds (I1).
const MOMENT: f64 = 0.001;

/// A wake that no poll has followed yet.
struct PendingWake {
    tick: u64,
    row: usize,
    waker: u64,
    cause: WakeCause,
}

/// A poll, or a sleep, that has begun.
struct OpenSlice {
    task: u64,
    begun: u64,
    wake: Option<PendingWake>,
}

/// What one row is at.
#[derive(Default)]
struct RowState {
    poll: Option<OpenSlice>,
    parked_at: Option<u64>,
}

/// Writes one file.
struct TraceWriter<'a, W> {
    snapshot: &'a RecordingSnapshot,
    out: W,
    /// The first tick of all events.
    origin: u64,
    rows: Vec<RowState>,
    wakes: HashMap<u64, PendingWake>,
    places: HashMap<u64, &'static Location<'static>>,
    arrows: u64,
}

impl RecordingSnapshot {
    /// Writes the snapshot as [trace events] in JSON, for Perfetto's page, `chrome://tracing`, and programs.
    ///
    /// Each worker has a row, and all other threads together one. Polls are slices with the name of the task, or the place that
    /// has spawned it, and with the time that it was queued. Arrows lead from whoever woke a task to its poll. Closures on the
    /// blocking pool have tracks of their own; the lengths of the queues are counters.
    ///
    /// [trace events]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    ///
    /// # Errors
    /// What `out` says.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Handle, RecordingConfig};
    ///
    /// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let recording = Handle::current().start_recording(&RecordingConfig::new());
    /// selkie::spawn(async {}).await.unwrap();
    /// let mut json = Vec::new();
    /// recording.snapshot().write_json(&mut json)?;
    /// assert!(json.starts_with(b"{\"traceEvents\":["));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_json(&self, out: impl Write) -> io::Result<()> {
        let events = self.steps();
        let mut writer = TraceWriter {
            snapshot: self,
            out: io::BufWriter::new(out),
            origin: events.first().map_or(self.now, |step| step.tick),
            rows: self.tracks.iter().map(|_| RowState::default()).collect(),
            wakes: HashMap::new(),
            places: HashMap::new(),
            arrows: 0,
        };
        writer.head()?;
        for step in &events {
            match step.kind {
                StepKind::Event => writer.event(step.row, &step.event)?,
                StepKind::PollBegin => writer.poll_begin(step.row, &step.event, step.tick),
                StepKind::PollEnd => writer.poll_end(step.row, &step.event)?,
            }
        }
        writer.tail()
    }
}

impl<W: Write> TraceWriter<'_, W> {
    /// `ticks` in microseconds.
    fn micros(&self, ticks: u64) -> f64 {
        self.snapshot.scale.nanos(ticks) as f64 / 1_000.0
    }

    fn time(&self, tick: u64) -> f64 {
        self.micros(tick.saturating_sub(self.origin))
    }

    /// The number of the row in the file: those of the threads that are no workers share one.
    fn row_number(&self, row: usize) -> usize {
        let tracks = &self.snapshot.tracks;
        tracks[row].worker.unwrap_or_else(|| {
            let of_worker = |track: &&super::snapshot::Track| track.worker.is_some();
            tracks.iter().filter(of_worker).count()
        }) + 1
    }

    fn write(&mut self, value: &Value) -> io::Result<()> {
        self.out.write_all(b",\n")?;
        serde_json::to_writer(&mut self.out, value)?;
        Ok(())
    }

    /// Writes an event of the row, with what all of them have.
    fn write_at(&mut self, row: usize, tick: u64, mut value: Value) -> io::Result<()> {
        value["pid"] = json!(PROCESS);
        value["tid"] = json!(self.row_number(row));
        value["ts"] = json!(self.time(tick));
        self.write(&value)
    }

    /// The beginning of the file, and the names of the rows.
    fn head(&mut self) -> io::Result<()> {
        let name = json!({"ph": "M", "pid": PROCESS, "name": "process_name",
            "args": {"name": self.snapshot.runtime}});
        self.out.write_all(b"{\"traceEvents\":[\n")?;
        serde_json::to_writer(&mut self.out, &name)?;
        let mut named = 0;
        for row in 0..self.rows.len() {
            if std::mem::replace(&mut named, self.row_number(row)) == self.row_number(row) {
                continue; // The row of all other threads has its name.
            }
            let name = match self.snapshot.tracks[row].worker {
                Some(worker) => format!("worker {worker}"),
                None => "other threads".to_owned(),
            };
            let number = self.row_number(row);
            self.write(
                &json!({"ph": "M", "pid": PROCESS, "tid": number, "name": "thread_name",
                "args": {"name": name}}),
            )?;
            self.write(&json!({"ph": "M", "pid": PROCESS, "tid": number,
                "name": "thread_sort_index", "args": {"sort_index": number}}))?;
        }
        Ok(())
    }

    /// What goes on still, and the end of the file.
    fn tail(mut self) -> io::Result<()> {
        let now = self.snapshot.now;
        for row in 0..self.rows.len() {
            if let Some(poll) = self.rows[row].poll.take() {
                self.poll(row, poll, now, "unfinished")?;
            }
            if let Some(since) = self.rows[row].parked_at.take() {
                self.slice(
                    row,
                    "parked",
                    "park",
                    since,
                    now,
                    json!({"unfinished": true}),
                )?;
            }
        }
        let since = self.snapshot.time.duration_since(UNIX_EPOCH);
        let taken_at = since.map_or(0.0, |since| since.as_secs_f64());
        let other = json!({
            "runtime": self.snapshot.runtime,
            "taken_at_unix_seconds": taken_at,
            "events": self.snapshot.event_count(),
            "overwritten_events": self.snapshot.overwritten_count(),
        });
        write!(
            self.out,
            "\n],\n\"displayTimeUnit\":\"ns\",\n\"otherData\":{other}}}\n"
        )?;
        self.out.flush()
    }

    fn event(&mut self, row: usize, event: &Event) -> io::Result<()> {
        self.learn_place(event);
        match event.kind {
            EventKind::Poll => Ok(()), // Two steps.
            EventKind::Wake => self.wake(row, event),
            EventKind::Spawn => self.instant(row, event, "spawn"),
            EventKind::End => {
                self.wakes.remove(&event.task);
                self.instant(row, event, "end")
            }
            EventKind::Steal => {
                let args = json!({"tasks": event.number, "from": format!("worker {}", event.task)});
                self.write_at(
                    row,
                    event.tick,
                    json!({"ph": "i", "s": "t", "name": "steal", "cat": "scheduler", "args": args}),
                )
            }
            EventKind::Park => {
                self.rows[row].parked_at = Some(event.tick);
                Ok(())
            }
            EventKind::Unpark => match self.rows[row].parked_at.take() {
                Some(since) => {
                    let args = json!({"events": event.number, "completions": event.task});
                    self.slice(row, "parked", "park", since, event.tick, args)
                }
                None => Ok(()),
            },
            EventKind::BlockingBegin => self.blocking(row, event, "b"),
            EventKind::BlockingEnd => self.blocking(row, event, "e"),
            EventKind::Turn => self.turn(row, event),
            EventKind::Depth => self.depth(row, event),
        }
    }

    /// Writes a slice of a row.
    fn slice(
        &mut self,
        row: usize,
        name: &str,
        category: &str,
        begun: u64,
        end: u64,
        args: Value,
    ) -> io::Result<()> {
        let lasts = self.micros(end.saturating_sub(begun)).max(MOMENT);
        let slice = json!({"ph": "X", "name": name, "cat": category, "dur": lasts, "args": args});
        self.write_at(row, begun, slice)
    }

    /// Something that happens to a task in a moment.
    fn instant(&mut self, row: usize, event: &Event, name: &str) -> io::Result<()> {
        let args = json!({"task": event.task, "name": self.task_name(event.task),
            "spawned_at": self.place(event.task)});
        self.write_at(
            row,
            event.tick,
            json!({"ph": "i", "s": "t", "name": name, "cat": "task", "args": args}),
        )
    }

    /// The place that has spawned a task, if that is known.
    fn place(&self, task: u64) -> Option<String> {
        self.places.get(&task).map(ToString::to_string)
    }

    /// What a task is called: by its name, by the place that has spawned it, or by its number.
    fn task_name(&self, task: u64) -> String {
        if let Some(name) = self.snapshot.names.get(&task) {
            return name.to_string();
        }
        let by_place = |place: &&Location<'_>| format!("{}:{}", place.file(), place.line());
        let name = self.places.get(&task).map(by_place);
        name.unwrap_or_else(|| format!("task {task}"))
    }

    fn learn_place(&mut self, event: &Event) {
        if let Some(place) = event.location.filter(|_| event.task != 0) {
            self.places.insert(event.task, place);
        }
    }

    fn poll_begin(&mut self, row: usize, event: &Event, tick: u64) {
        self.learn_place(event);
        let wake = self.wakes.remove(&event.task);
        // One that is there still has lost its end (I2).
        self.rows[row].poll = Some(OpenSlice {
            task: event.task,
            begun: tick,
            wake,
        });
    }

    fn poll_end(&mut self, row: usize, event: &Event) -> io::Result<()> {
        let poll = self.rows[row].poll.take();
        let Some(poll) = poll.filter(|poll| poll.task == event.task) else {
            return Ok(()); // I2
        };
        let how = match event.detail {
            HANDED_OFF => "goes on in block_in_place",
            _ => "",
        };
        self.poll(row, poll, event.tick, how)
    }

    /// A poll, and the arrow that leads to it.
    fn poll(&mut self, row: usize, poll: OpenSlice, end: u64, how: &str) -> io::Result<()> {
        let mut args = json!({"task": poll.task, "spawned_at": self.place(poll.task)});
        if !how.is_empty() {
            args["state"] = json!(how);
        }
        if let Some(wake) = &poll.wake {
            let queued = poll.begun.saturating_sub(wake.tick);
            args["scheduling_delay_us"] = json!(self.micros(queued));
            args["woken_by"] = json!(self.waker_name(wake));
            if wake.waker != 0 {
                args["woken_by_task"] = json!(wake.waker);
            }
        }
        let name = self.task_name(poll.task);
        self.slice(row, &name, "poll", poll.begun, end, args)?;
        let Some(wake) = poll.wake else { return Ok(()) };
        self.arrows += 1;
        let arrow = |ph: &str| json!({"ph": ph, "id": self.arrows, "name": "wake", "cat": "wake"});
        let (start, mut finish) = (arrow("s"), arrow("f"));
        finish["bp"] = json!("e");
        self.write_at(wake.row, wake.tick, start)?;
        self.write_at(row, poll.begun, finish)
    }

    fn waker_name(&self, wake: &PendingWake) -> String {
        match (wake.waker, wake.cause) {
            (0, WakeCause::Readiness) => "the driver".to_owned(),
            (0, WakeCause::Completion) => "a ring".to_owned(),
            (0, WakeCause::Timer) => "a timer".to_owned(),
            (0, WakeCause::Caller) => "outside".to_owned(),
            (task, _) => self.task_name(task),
        }
    }

    fn wake(&mut self, row: usize, event: &Event) -> io::Result<()> {
        let wake = PendingWake {
            tick: event.tick,
            row,
            waker: event.number,
            cause: cause_of(event.detail),
        };
        let state = &self.rows[row];
        let in_slice = state.poll.is_some() || state.parked_at.is_some();
        let by = self.waker_name(&wake);
        self.wakes.insert(event.task, wake);
        if in_slice {
            return Ok(());
        }
        // An arrow begins at a slice.
        let args = json!({"task": event.task, "name": self.task_name(event.task), "by": by});
        self.slice(row, "wake", "wake", event.tick, event.tick, args)
    }

    /// A closure on the blocking pool: many run at a time, so each has a track of its own.
    fn blocking(&mut self, row: usize, event: &Event, phase: &str) -> io::Result<()> {
        let name = self.task_name(event.task);
        let args = json!({"spawned_at": self.place(event.task)});
        self.write_at(
            row,
            event.tick,
            json!({"ph": phase, "cat": "blocking", "id": event.task, "name": name, "args": args}),
        )
    }

    fn turn(&mut self, row: usize, event: &Event) -> io::Result<()> {
        let (name, what) = match cause_of(event.detail) {
            WakeCause::Timer => ("timers", "fired"),
            WakeCause::Completion => ("ring", "completions"),
            WakeCause::Readiness | WakeCause::Caller => ("driver", "events"),
        };
        self.write_at(
            row,
            event.tick,
            json!({"ph": "i", "s": "t", "name": name, "cat": "driver",
                "args": {what: event.number}}),
        )
    }

    fn depth(&mut self, row: usize, event: &Event) -> io::Result<()> {
        let worker = self.snapshot.tracks[row].worker.unwrap_or_default();
        let own = format!("queue of worker {worker}");
        for (name, tasks) in [(own.as_str(), event.number), ("inject queue", event.task)] {
            self.write_at(
                row,
                event.tick,
                json!({"ph": "C", "name": name, "args": {"tasks": tasks}}),
            )?;
        }
        Ok(())
    }
}
