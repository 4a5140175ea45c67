//! What becomes of an operation of a stub, as the test has planned it.
#![allow(unsafe_code)]

/// CompletionTime an operation completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompletionTime {
    /// Before the call that submits it returns, if it need not wait for anything.
    Early,
    /// So many turns of the stub later (`Control::turn`).
    Late(u32),
    Never,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlannedOutcome {
    Done,
    /// Of one byte.
    Short,
    /// Nothing is done, and zero is reported.
    Zero,
    /// Nothing is done, and this number is reported.
    Fails(i32),
    /// All is done, and this number is reported.
    DoneButFails(i32),
    /// Nothing is done, but a provided buffer was taken for it, and this number is reported.
    FailsWithBuffer(i32),
}

/// What a cancellation does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnCancel {
    Ends,
    /// `EALREADY`: it ends as planned, with its outcome.
    IsLate,
    /// `ENOENT`, although it is there: it ends as planned.
    Misses,
}

/// PlannedOutcome one operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) when: CompletionTime,
    pub(crate) how: PlannedOutcome,
    pub(crate) on_cancel: OnCancel,
    /// An operation with several completions has so many.
    pub(crate) ends_after: Option<u32>,
    /// CompletionTime the notification of a send from where it lies comes.
    pub(crate) notification: CompletionTime,
}

impl Plan {
    pub(crate) const fn new(when: CompletionTime, how: PlannedOutcome) -> Self {
        Self {
            when,
            how,
            on_cancel: OnCancel::Ends,
            ends_after: None,
            notification: CompletionTime::Late(1),
        }
    }

    pub(crate) const fn on_cancel(self, on_cancel: OnCancel) -> Self {
        Self { on_cancel, ..self }
    }

    pub(crate) const fn ends_after(self, count: u32) -> Self {
        Self {
            ends_after: Some(count),
            ..self
        }
    }

    pub(crate) const fn notification(self, notification: CompletionTime) -> Self {
        Self {
            notification,
            ..self
        }
    }
}

/// What the operations of a stub come to: asked for each, by its code.
pub(super) type PlanFunction = Box<dyn FnMut(u8) -> Plan + Send>;
