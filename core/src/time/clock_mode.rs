//! Whether a clock can be paused, and the errors of pausing, moving and resuming it.

use core::fmt;

/// Whether a clock can be paused. On a chip it never can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ClockMode {
    /// Always the machine's time; what a multi-thread runtime has.
    Machine,
    /// The machine's time until somebody pauses it; what a current-thread runtime has.
    Pausable,
    /// Paused from the start.
    Paused,
}

/// What a sleep does if it is polled after its runtime has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AtEnd {
    /// It panics and says that its runtime is shut down.
    Panic,
    /// It is over, before its time.
    Fire,
}

/// Why a clock could not be paused, moved or resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClockError {
    /// The clock is paused already.
    AlreadyPaused,
    /// The clock runs.
    NotPaused,
    /// The clock is the machine's and nothing else.
    NotPausable,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyPaused => "time is already frozen",
            Self::NotPaused => "time is not frozen",
            Self::NotPausable => {
                "`time::pause()` requires the `current_thread` Tokio runtime. \
                 This is the default Runtime used by `#[tokio::test]`."
            }
        })
    }
}

impl core::error::Error for ClockError {}
