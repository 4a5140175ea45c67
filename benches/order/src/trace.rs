//! What happened when a program ran.

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) task: usize,
    pub(crate) kind: EventKind,
    pub(crate) value: i64,
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum EventKind {
    Poll,
    /// A step was made, with this outcome.
    Step,
    /// The nanoseconds since the start, after a step.
    Time,
    Joined,
    Locked,
    Drop,
    /// `block_on` returned.
    Root,
    /// Local set, then runtime are dropped.
    End,
}
