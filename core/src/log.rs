//! What the core tells a log: by defmt with that feature, else nothing, at no cost.
//!
//! One front for every room, so that no other file asks for the feature.

/// Tells something that a user may want to change: a limit was reached.
#[cfg(feature = "defmt")]
macro_rules! warning {
    ($($told:tt)*) => { ::defmt::warn!($($told)*) };
}

/// Tells something that a user may want to change: a limit was reached.
#[cfg(not(feature = "defmt"))]
macro_rules! warning {
    ($text:literal $(, $value:expr)* $(,)?) => {{ $( let _ = &$value; )* }};
}

/// Tells a step that is of interest to whoever looks for a mistake.
#[cfg(feature = "defmt")]
macro_rules! step {
    ($($told:tt)*) => { ::defmt::trace!($($told)*) };
}

/// Tells a step that is of interest to whoever looks for a mistake.
#[cfg(not(feature = "defmt"))]
macro_rules! step {
    ($text:literal $(, $value:expr)* $(,)?) => {{ $( let _ = &$value; )* }};
}

pub(crate) use {step, warning};
