//! The outcome of a case.

/// How a case went; an error says what did not hold.
pub(crate) type Outcome = Result<(), &'static str>;

/// Says what did not hold.
pub(crate) fn check(holds: bool, what: &'static str) -> Outcome {
    if holds { Ok(()) } else { Err(what) }
}
