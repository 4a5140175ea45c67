//! A place where the runtime calls foreign code.

use selkie::runtime::Builder;

use crate::act::{Act, Foreign};
use crate::stage::{Flavour, Moment, Seen, Stage};
use crate::wait::{Event, Wait};

/// A place where the runtime calls foreign code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallSite {
    pub(crate) name: &'static str,
    /// Who sees it if foreign code panics there.
    pub(crate) panic: Seen,
    pub(crate) flavours: &'static [Flavour],
    pub(crate) moments: &'static [Moment],
    pub(crate) acts: &'static [Act],
    pub(crate) configure: fn(&mut Builder, &Foreign),
    /// Has foreign code called there once, and says who saw its panic.
    pub(crate) play: Play,
}

/// How foreign code is made to be called there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Play {
    /// In a runtime with other tasks.
    On(fn(&mut Stage, &Foreign) -> Seen),
    /// A wait that is woken, see `wakers`.
    Waker(&'static Wait, Event),
    /// Without a runtime.
    Alone(fn(Moment, &Foreign) -> Seen),
}

/// Nothing is configured.
pub(crate) const PLAIN: fn(&mut Builder, &Foreign) = |_, _| ();
