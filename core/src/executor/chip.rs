//! The sleep of a chip's thread mode: an instruction that waits for an interrupt.
//!
//! Idea        The flag is looked at and the instruction runs with interrupts off; the instruction
//!             still ends when one is pending, whose handler runs as soon as they are on again. So a
//!             wake between the look and the sleep is not slept through.
//! Invariants  I1 `woken` is changed in a critical section only.
//! Rejected    WFE and SEV: not every chip has them, and some wake for their own reasons.
#![allow(unsafe_code)]

use core::fmt;
use core::time::Duration;

use crate::maybe_const;
use crate::park::{Park, Unpark};
use crate::platform::{InSection, LeafLock, in_section};

/// Ends the sleep of the [`ChipPark`] made of it; stands in a static.
pub struct ChipUnpark {
    state: LeafLock<State>,
    wait: fn(),
}

struct State {
    woken: bool,
    /// How often the chip has gone to sleep.
    sleeps: u32,
}

impl ChipUnpark {
    maybe_const! {
        /// One whose sleep is `wait`: an instruction (WFI) that returns when an interrupt is
        /// pending, also while interrupts are off.
        pub fn new(wait: fn()) -> Self {
            Self {
                state: LeafLock::new(State {
                    woken: false,
                    sleeps: 0,
                }),
                wait,
            }
        }
    }

    fn change<R>(&self, section: &InSection, f: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: `f` is one of this file's, and takes no lock.
        unsafe { self.state.with(section, f) }
    }

    /// How often the chip has gone to sleep, modulo 2³².
    pub fn sleeps(&self) -> u32 {
        in_section(|section| self.change(section, |state| state.sleeps))
    }
}

impl Unpark for ChipUnpark {
    fn unpark(&self) {
        in_section(|section| self.change(section, |state| state.woken = true));
    }
}

impl Unpark for &'static ChipUnpark {
    fn unpark(&self) {
        (**self).unpark();
    }
}

impl fmt::Debug for ChipUnpark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChipUnpark")
            .field("sleeps", &self.sleeps())
            .finish_non_exhaustive()
    }
}

/// Waits for an interrupt, until [`ChipUnpark`] ends it.
///
/// It knows no time: [`ChipTimers`](super::ChipTimers) wakes by its alarm. For systems whose lock
/// is a critical section, which is what keeps a wake from being slept through.
#[derive(Debug)]
pub struct ChipPark {
    unpark: &'static ChipUnpark,
}

impl ChipPark {
    /// The sleep that `unpark` ends.
    pub const fn new(unpark: &'static ChipUnpark) -> Self {
        Self { unpark }
    }
}

impl ChipPark {
    /// Sleeps unless there is something to do, or somebody has unparked.
    fn sleep_unless(&self, section: &InSection, is_ready: bool) {
        let sleeps = self.unpark.change(section, |state| {
            let sleeps = !core::mem::take(&mut state.woken) && !is_ready;
            state.sleeps = state.sleeps.wrapping_add(sleeps.into());
            sleeps
        });
        if sleeps {
            (self.unpark.wait)();
        }
    }
}

impl Park for ChipPark {
    type Unpark = &'static ChipUnpark;

    fn unpark_handle(&self) -> &'static ChipUnpark {
        self.unpark
    }

    fn park(&mut self, timeout: Option<Duration>) {
        in_section(|section| self.sleep_unless(section, timeout.is_some()));
    }

    fn asks_first(&self) -> bool {
        true
    }

    #[inline]
    fn park_unless(&mut self, is_ready: &dyn Fn() -> bool) {
        // In the section, in which no handler wakes.
        in_section(|section| self.sleep_unless(section, is_ready()));
    }

    fn shutdown(&mut self) {}
}
