//! A program: what is done with the handles of one file, and on which runtimes.

use std::io::SeekFrom;

/// Slots for handles.
pub(crate) const SLOTS: usize = 4;

/// The content of the file before a program begins.
pub(crate) const CONTENT: Bytes = Bytes {
    first: 0,
    length: 100,
};

/// Bytes that tell from which step they come: they count up from `first` and are never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bytes {
    pub(crate) first: u8,
    pub(crate) length: usize,
}

impl Bytes {
    pub(crate) fn to_vec(self) -> Vec<u8> {
        let bytes = (0..self.length).map(|i| 1 + ((usize::from(self.first) + i) % 255) as u8);
        bytes.collect()
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Read,
    Write,
    Both,
    Append,
    Truncate,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Both,
        Self::Append,
        Self::Truncate,
    ];

    pub(crate) const fn reads(self) -> bool {
        !matches!(self, Self::Write)
    }

    pub(crate) const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }
}

/// A lock of the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lock {
    None,
    Shared,
    Exclusive,
}

/// An operation on a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Read(usize),
    ReadExact(usize),
    ReadToEnd,
    Write(Bytes),
    WriteAll(Bytes),
    /// A write of the same bytes in two slices.
    WriteVectored(Bytes),
    Flush,
    Shutdown,
    Seek(SeekFrom),
    StreamPosition,
    SetLen(u64),
    ReadAt(usize, u64),
    ReadExactAt(usize, u64),
    WriteAt(Bytes, u64),
    WriteAllAt(Bytes, u64),
    Fallocate(u64, u64),
    Metadata,
    SyncData,
    SyncAll,
    SetPermissions,
    SetTimes,
    /// Takes a lock if nobody else has one, or gives it up.
    TryLock(Lock),
    /// Waits for a lock.
    Lock(Lock),
}

impl Op {
    /// Whether it is done by `&self`.
    pub(crate) const fn is_shared(&self) -> bool {
        !matches!(
            self,
            Self::Read(_)
                | Self::ReadExact(_)
                | Self::ReadToEnd
                | Self::Write(_)
                | Self::WriteAll(_)
                | Self::WriteVectored(_)
                | Self::Flush
                | Self::Shutdown
                | Self::Seek(_)
                | Self::StreamPosition
        )
    }
}

/// What is done with the descriptor of a handle by std, beside the handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StdOp {
    Read(usize),
    Write(Bytes),
    Seek(SeekFrom),
}

/// After how many polls a future is dropped; `None` if it is polled to its end.
pub(crate) type Polls = Option<usize>;

/// One step of a program. A step on a slot that is empty does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Does an operation on the handle in a slot.
    On(usize, Op, Polls),
    /// Does two operations of `&self` at once, to the end of both.
    Both(usize, Op, Op),
    /// Opens the path, into a slot.
    Open(usize, Mode),
    /// Opens the path, and closes what was opened, if the future came to its end.
    OpenAndDrop(Mode, usize),
    Close(usize),
    /// Clones the handle in the first slot into the second.
    Clone(usize, usize, Polls),
    /// Makes the handle std's, and one of Selkie's again.
    ThroughStd(usize),
    /// The same without waiting.
    TryThroughStd(usize),
    ByDescriptor(usize, StdOp),
    SetMaxBuf(usize, usize),
    /// Replaces the content of the path.
    Replace(Bytes, Polls),
    /// Keeps all threads of the pool busy.
    Hold,
    Release,
    /// Lets the pool do what it was given before.
    Drain,
}

/// What kind of runtime a part of a program runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) scheduler: Scheduler,
    pub(crate) has_ring: bool,
    pub(crate) in_place: bool,
    /// Threads of the pool.
    pub(crate) threads: usize,
    /// Whether the part is a task of its own, or what `block_on` is given.
    pub(crate) as_task: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheduler {
    CurrentThread,
    /// With that many workers.
    MultiThread(usize),
    Local,
}

/// How the runtime ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Drop,
    Background,
    /// `shutdown_timeout` with no time at all.
    NoTime,
}

/// A part of a program, on one runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: Kind,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
}

pub(crate) type Program = Vec<Part>;

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Unit,
    Count(usize),
    Bytes(Vec<u8>),
    Position(u64),
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// The descriptor is not open for this.
    BadDescriptor,
    Invalid,
    WouldBlock,
    UnexpectedEof,
    /// The runtime ended before it was done.
    NotRun,
    Unsupported,
    Other(String),
}

/// What a program saw of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepOutcome {
    /// The slot was empty.
    Nothing,
    /// The future was dropped before its end.
    Dropped,
    Done(Result<Value, Fault>),
    /// Of two at once.
    Both(Result<Value, Fault>, Result<Value, Fault>),
}

/// What happened in a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Did(Step, StepOutcome),
    /// The runtime ended.
    Ended,
    /// At the end, of what is open in a slot: the content, and where the position is.
    Left(usize, Vec<u8>, u64),
    /// At the end, what is at the path.
    LeftAtPath(Vec<u8>),
}
