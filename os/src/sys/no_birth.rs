//! Systems without forks, and builds without the C library.

/// The process that something was made in: always this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth;

impl Birth {
    pub(crate) fn here() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn assert_here(self) {}

    #[inline]
    pub(crate) fn is_here(self) -> bool {
        true
    }
}
