//! Dumps of a build without them: none is ever asked for.

/// The dumps that are asked of a runtime now: none.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    _none: (),
}

impl Dumps {
    /// Whether any dump is asked for.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        false
    }
}
