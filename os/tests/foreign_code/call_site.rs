//! A place where the runtime calls foreign code.

use selkie::runtime::Builder;

use crate::action::{Action, ForeignCode};
use crate::stage::{CallPhase, Flavor, PanicOutcome, Stage};
use crate::wait::{Event, Wait};

/// A place where the runtime calls foreign code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallSite {
    pub(crate) name: &'static str,
    /// Who sees it if foreign code panics there.
    pub(crate) panic: PanicOutcome,
    pub(crate) flavors: &'static [Flavor],
    pub(crate) phases: &'static [CallPhase],
    pub(crate) actions: &'static [Action],
    pub(crate) configure: fn(&mut Builder, &ForeignCode),
    /// Has foreign code called there once, and says who saw its panic.
    pub(crate) play: Scenario,
}

/// How foreign code is made to be called there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scenario {
    /// In a runtime with other tasks.
    On(fn(&mut Stage, &ForeignCode) -> PanicOutcome),
    /// A wait that is woken, see `wakers`.
    Waker(&'static Wait, Event),
    /// Without a runtime.
    Alone(fn(CallPhase, &ForeignCode) -> PanicOutcome),
}

/// Nothing is configured.
pub(crate) const PLAIN: fn(&mut Builder, &ForeignCode) = |_, _| ();
