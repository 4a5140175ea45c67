//! Runs a program and notes what it sees.
//!
//! Length      one interpreter: each step stands beside its like.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use selkie::fs::{self, File, FileTimes, OpenOptions};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::runtime::{Builder, LocalOptions, LocalRuntime, Runtime};

use super::program::{
    CONTENT, End, Event, Fault, Kind, Lock, Mode, Op, Part, Polls, Program, SLOTS, Scheduler,
    StdOp, Step, StepOutcome, Value,
};

/// Longer than anything takes that ends at all.
const LONG: Duration = Duration::from_secs(20);

/// More than any file holds.
const ROOM: usize = 100_000;

/// What happened so far, which is there also if the program never comes to its end.
pub(crate) type Log = Arc<Mutex<Vec<Event>>>;

/// Why a program could not be followed to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunFailure {
    Hangs,
    Panics,
}

/// Runs `program` on the file at `path`, for at most `limit`.
pub(crate) fn run(
    program: &Program,
    path: &Path,
    limit: Duration,
) -> (Vec<Event>, Result<(), RunFailure>) {
    let log = Log::default();
    let (done, is_done) = mpsc::channel();
    let (program, path, theirs) = (program.clone(), path.to_owned(), Arc::clone(&log));
    thread::spawn(move || {
        run_here(&program, path, theirs);
        let _ = done.send(());
    });
    let ended = is_done.recv_timeout(limit).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => RunFailure::Hangs,
        mpsc::RecvTimeoutError::Disconnected => RunFailure::Panics,
    });
    let events = log.lock().unwrap().clone();
    (events, ended)
}

fn run_here(program: &Program, path: PathBuf, log: Log) {
    std::fs::write(&path, CONTENT.to_vec()).unwrap();
    let threads = Arc::new(AtomicUsize::new(0));
    let mut world = World {
        path,
        files: std::array::from_fn(|_| None),
        log,
        held: Vec::new(),
        threads: 0,
    };
    for part in program {
        let runtime = Any::new(part.kind, &threads);
        world.threads = part.kind.threads;
        world = runtime.run(part, world);
        world.note(Event::Ended);
        let held = std::mem::take(&mut world.held);
        runtime.end(part.end, held);
    }
    world.leave(&threads);
}

/// A runtime of any kind.
enum Any {
    Plain(Runtime),
    Local(LocalRuntime),
}

impl Any {
    fn new(kind: Kind, threads: &Arc<AtomicUsize>) -> Self {
        let mut builder = match kind.scheduler {
            Scheduler::MultiThread(workers) => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(workers);
                builder
            }
            Scheduler::CurrentThread | Scheduler::Local => Builder::new_current_thread(),
        };
        let (starting, stopping) = (Arc::clone(threads), Arc::clone(threads));
        builder.enable_all().max_blocking_threads(kind.threads);
        builder.on_thread_start(move || {
            starting.fetch_add(1, Ordering::SeqCst);
        });
        builder.on_thread_stop(move || {
            stopping.fetch_sub(1, Ordering::SeqCst);
        });
        if !kind.has_ring {
            builder.disable_io_uring();
        }
        if !kind.in_place {
            builder.disable_files_in_place();
        }
        match kind.scheduler {
            Scheduler::Local => Self::Local(builder.build_local(LocalOptions::default()).unwrap()),
            _ => Self::Plain(builder.build().unwrap()),
        }
    }

    fn run(&self, part: &Part, world: World) -> World {
        let steps = world.do_steps(part.steps.clone());
        match self {
            Self::Plain(runtime) if part.kind.as_task => {
                runtime.block_on(runtime.spawn(steps)).unwrap()
            }
            Self::Plain(runtime) => runtime.block_on(steps),
            Self::Local(runtime) if part.kind.as_task => {
                runtime.block_on(runtime.spawn_local(steps)).unwrap()
            }
            Self::Local(runtime) => runtime.block_on(steps),
        }
    }

    /// Ends the runtime while its pool is kept busy by `held`.
    fn end(self, end: End, held: Vec<mpsc::Sender<()>>) {
        match (self, end) {
            (runtime, End::Drop) => {
                // It waits for its threads, so somebody else lets go of them. Whether that is before the pool
                // is closed does not matter; most of the time it is after that.
                let releasing = thread::spawn(move || {
                    thread::sleep(Duration::from_micros(500));
                    drop(held);
                });
                drop(runtime);
                releasing.join().unwrap();
            }
            (Self::Plain(runtime), End::Background) => runtime.shutdown_background(),
            (Self::Local(runtime), End::Background) => runtime.shutdown_background(),
            (Self::Plain(runtime), End::NoTime) => runtime.shutdown_timeout(Duration::ZERO),
            (Self::Local(runtime), End::NoTime) => runtime.shutdown_timeout(Duration::ZERO),
        }
    }
}

/// What a program has.
struct World {
    path: PathBuf,
    files: [Option<File>; SLOTS],
    log: Log,
    /// Keeps the threads of the pool.
    held: Vec<mpsc::Sender<()>>,
    threads: usize,
}

impl World {
    fn note(&self, event: Event) {
        self.log.lock().unwrap().push(event);
    }

    async fn do_steps(mut self, steps: Vec<Step>) -> Self {
        for step in steps {
            let seen = self.do_step(&step).await;
            self.note(Event::Did(step, seen));
        }
        self
    }

    async fn do_step(&mut self, step: &Step) -> StepOutcome {
        let held = &mut self.held;
        match step {
            Step::On(slot, op, polls) => {
                let Some(file) = &mut self.files[*slot] else {
                    return StepOutcome::Nothing;
                };
                seen(polled(perform(file, op), *polls, held).await)
            }
            Step::Both(slot, left, right) => self.do_both(*slot, left, right).await,
            Step::OpenAndDrop(mode, polls) => {
                let opened = polled(open(&self.path, *mode), Some(*polls), held).await;
                seen(opened.map(|opened| opened.map(|_| Value::Unit)))
            }
            Step::Open(slot, mode) => {
                if self.files[*slot].is_some() {
                    return StepOutcome::Nothing;
                }
                let path = self.path.clone();
                let opened = polled(open(&path, *mode), None, held).await;
                self.files[*slot] = Some(opened.expect("it was polled to its end").unwrap());
                StepOutcome::Done(Ok(Value::Unit))
            }
            Step::Close(slot) => match self.files[*slot].take() {
                Some(_) => StepOutcome::Done(Ok(Value::Unit)),
                None => StepOutcome::Nothing,
            },
            Step::Clone(from, to, polls) => {
                let (Some(file), None) = (&self.files[*from], &self.files[*to]) else {
                    return StepOutcome::Nothing;
                };
                let cloned = polled(file.try_clone(), *polls, held).await;
                let cloned = cloned.map(|cloned| cloned.map(|file| self.files[*to] = Some(file)));
                seen(cloned.map(|cloned| cloned.map(|()| Value::Unit)))
            }
            Step::ThroughStd(slot) => {
                let Some(file) = self.files[*slot].take() else {
                    return StepOutcome::Nothing;
                };
                let std = polled(file.into_std(), None, held).await;
                self.files[*slot] = std.map(File::from_std);
                StepOutcome::Done(Ok(Value::Unit))
            }
            Step::TryThroughStd(slot) => self.try_through_std(*slot),
            Step::ByDescriptor(slot, op) => match &self.files[*slot] {
                Some(file) => seen(Some(by_descriptor(file, op))),
                None => StepOutcome::Nothing,
            },
            Step::SetMaxBuf(slot, size) => match &mut self.files[*slot] {
                Some(file) => {
                    file.set_max_buf_size(*size);
                    StepOutcome::Done(Ok(Value::Unit))
                }
                None => StepOutcome::Nothing,
            },
            Step::Replace(bytes, polls) => {
                let replaced = fs::replace(self.path.clone(), bytes.to_vec());
                let replaced = polled(replaced, *polls, held).await;
                seen(replaced.map(|replaced| replaced.map(|_| Value::Unit)))
            }
            Step::Hold | Step::Release | Step::Drain => {
                self.use_pool(step).await;
                StepOutcome::Done(Ok(Value::Unit))
            }
        }
    }

    async fn do_both(&mut self, slot: usize, left: &Op, right: &Op) -> StepOutcome {
        let Some(file) = &self.files[slot] else {
            return StepOutcome::Nothing;
        };
        let both = async { selkie::join!(perform_shared(file, left), perform_shared(file, right)) };
        let both = polled(both, None, &mut self.held).await;
        let (left, right) = both.expect("it was polled to its end");
        StepOutcome::Both(left.map_err(fault), right.map_err(fault))
    }

    fn try_through_std(&mut self, slot: usize) -> StepOutcome {
        let Some(file) = self.files[slot].take() else {
            return StepOutcome::Nothing;
        };
        let (file, outcome) = match file.try_into_std() {
            Ok(std) => (File::from_std(std), Ok(Value::Unit)),
            Err(file) => (file, Err(Fault::WouldBlock)),
        };
        self.files[slot] = Some(file);
        StepOutcome::Done(outcome)
    }

    async fn use_pool(&mut self, step: &Step) {
        if matches!(step, Step::Hold) {
            if self.held.is_empty() {
                self.hold();
            }
            return;
        }
        self.held.clear();
        if matches!(step, Step::Drain) {
            for _ in 0..self.threads {
                selkie::task::spawn_blocking(|| ()).await.unwrap();
            }
        }
    }

    /// Keeps all threads of the pool busy.
    fn hold(&mut self) {
        let (begun, has_begun) = mpsc::channel();
        for _ in 0..self.threads {
            let (release, held) = mpsc::channel::<()>();
            let begun = begun.clone();
            selkie::task::spawn_blocking(move || {
                let _ = begun.send(());
                let _ = held.recv_timeout(LONG);
            });
            self.held.push(release);
        }
        for _ in 0..self.threads {
            has_begun.recv_timeout(LONG).expect("the pool has a thread");
        }
    }

    /// Looks at what is left once everything that was begun has ended.
    fn leave(mut self, threads: &AtomicUsize) {
        let last = Builder::new_current_thread().build().unwrap();
        for slot in 0..SLOTS {
            if let Some(file) = self.files[slot].take() {
                let mut std = last.block_on(file.into_std());
                let position = std.stream_position().unwrap();
                // Its own, as the handle may be for writing only.
                let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&std));
                let readable = std::fs::File::open(link).unwrap();
                let length = readable.metadata().unwrap().len() as usize;
                let mut content = vec![0; length];
                readable.read_exact_at(&mut content, 0).unwrap();
                self.note(Event::Left(slot, content, position));
            }
        }
        let begun = Instant::now();
        while threads.load(Ordering::SeqCst) > 0 {
            assert!(begun.elapsed() < LONG, "a thread of a runtime never ends");
            thread::yield_now();
        }
        self.note(Event::LeftAtPath(std::fs::read(&self.path).unwrap()));
    }
}

/// Polls `future` until it has been polled `polls` times, or to its end. What keeps the pool busy is let go if the
/// future is to come to its end and does not.
async fn polled<F: Future>(
    future: F,
    polls: Polls,
    held: &mut Vec<mpsc::Sender<()>>,
) -> Option<F::Output> {
    if polls == Some(0) {
        return None;
    }
    let mut future: Pin<Box<F>> = Box::pin(future);
    let mut count = 0;
    let outcome = poll_fn(|cx| {
        if let Poll::Ready(outcome) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(outcome));
        }
        count += 1;
        match polls {
            Some(polls) if count >= polls => return Poll::Ready(None),
            Some(_) => cx.waker().wake_by_ref(),
            None => held.clear(),
        }
        Poll::Pending
    });
    outcome.await
}

fn seen(outcome: Option<io::Result<Value>>) -> StepOutcome {
    match outcome {
        None => StepOutcome::Dropped,
        Some(outcome) => StepOutcome::Done(outcome.map_err(fault)),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn fault(error: io::Error) -> Fault {
    match (error.raw_os_error(), error.kind()) {
        (Some(libc::EBADF), _) => Fault::BadDescriptor,
        (Some(libc::EINVAL), _) | (_, io::ErrorKind::InvalidInput) => Fault::Invalid,
        (_, io::ErrorKind::WouldBlock) => Fault::WouldBlock,
        (_, io::ErrorKind::UnexpectedEof) => Fault::UnexpectedEof,
        (_, io::ErrorKind::Unsupported) => Fault::Unsupported,
        _ if error.to_string() == "background task failed" => Fault::NotRun,
        _ => Fault::Other(error.to_string()),
    }
}

async fn open(path: &Path, mode: Mode) -> io::Result<File> {
    let mut options = OpenOptions::new();
    match mode {
        Mode::Read => options.read(true),
        Mode::Write => options.write(true),
        Mode::Both => options.read(true).write(true),
        Mode::Append => options.read(true).append(true),
        Mode::Truncate => options.read(true).write(true).truncate(true),
    };
    options.open(path).await
}

fn by_descriptor(file: &File, op: &StdOp) -> io::Result<Value> {
    let mut std = std::fs::File::from(file.as_fd().try_clone_to_owned()?);
    match op {
        StdOp::Read(length) => {
            let mut bytes = vec![0; *length];
            let n = std.read(&mut bytes)?;
            bytes.truncate(n);
            Ok(Value::Bytes(bytes))
        }
        StdOp::Write(bytes) => std.write(&bytes.to_vec()).map(Value::Count),
        StdOp::Seek(position) => std.seek(*position).map(Value::Position),
    }
}

fn first(bytes: Vec<u8>, n: usize) -> Value {
    Value::Bytes(bytes[..n].to_vec())
}

async fn perform(file: &mut File, op: &Op) -> io::Result<Value> {
    let unit = |()| Value::Unit;
    match op {
        Op::Read(length) => {
            let mut bytes = vec![0; *length];
            let n = file.read(&mut bytes).await?;
            Ok(first(bytes, n))
        }
        Op::ReadExact(length) => {
            let mut bytes = vec![0; *length];
            file.read_exact(&mut bytes).await?;
            Ok(Value::Bytes(bytes))
        }
        Op::ReadToEnd => {
            // With room for all from the first read on: the model need not know how it grows.
            let mut bytes = Vec::with_capacity(ROOM);
            file.read_to_end(&mut bytes).await?;
            Ok(Value::Bytes(bytes))
        }
        Op::Write(bytes) => file.write(&bytes.to_vec()).await.map(Value::Count),
        Op::WriteAll(bytes) => file.write_all(&bytes.to_vec()).await.map(unit),
        Op::WriteVectored(bytes) => {
            let bytes = bytes.to_vec();
            let (left, right) = bytes.split_at(bytes.len() / 3);
            let slices = [IoSlice::new(left), IoSlice::new(right)];
            file.write_vectored(&slices).await.map(Value::Count)
        }
        Op::Flush => file.flush().await.map(unit),
        Op::Shutdown => file.shutdown().await.map(unit),
        Op::Seek(position) => file.seek(*position).await.map(Value::Position),
        Op::StreamPosition => file.stream_position().await.map(Value::Position),
        op => perform_shared(file, op).await,
    }
}

/// What is done by `&self`.
async fn perform_shared(file: &File, op: &Op) -> io::Result<Value> {
    let unit = |()| Value::Unit;
    match op {
        Op::SetLen(length) => file.set_len(*length).await.map(unit),
        Op::ReadAt(length, offset) => {
            let (n, bytes) = file.read_at(vec![0; *length], *offset).await;
            Ok(first(bytes, n?))
        }
        Op::ReadExactAt(length, offset) => {
            let (read, bytes) = file.read_exact_at(vec![0; *length], *offset).await;
            read.map(|()| Value::Bytes(bytes))
        }
        Op::WriteAt(bytes, offset) => {
            let (n, _) = file.write_at(bytes.to_vec(), *offset).await;
            n.map(Value::Count)
        }
        Op::WriteAllAt(bytes, offset) => {
            file.write_all_at(bytes.to_vec(), *offset).await.0.map(unit)
        }
        Op::Fallocate(offset, length) => file.fallocate(*offset, *length).await.map(unit),
        Op::Metadata => {
            let metadata = file.metadata().await?;
            Ok(Value::Position(metadata.len()))
        }
        Op::SyncData => file.sync_data().await.map(unit),
        Op::SyncAll => file.sync_all().await.map(unit),
        Op::SetPermissions => {
            let permissions = std::fs::Permissions::from_mode(0o640);
            file.set_permissions(permissions).await.map(unit)
        }
        Op::SetTimes => {
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            file.set_times(times).await.map(unit)
        }
        Op::TryLock(Lock::None) => file.unlock().await.map(unit),
        Op::TryLock(Lock::Shared) => file.try_lock_shared().await.map(unit),
        Op::TryLock(Lock::Exclusive) => file.try_lock().await.map(unit),
        Op::Lock(Lock::Shared) => file.lock_shared().await.map(unit),
        Op::Lock(_) => file.lock().await.map(unit),
        op => unreachable!("{op:?} needs `&mut`"),
    }
}
