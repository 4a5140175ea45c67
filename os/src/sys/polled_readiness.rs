//! What `poll` reports of a descriptor, in terms that all systems share.

/// What a source is ready for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PolledReadiness {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) read_closed: bool,
    pub(crate) write_closed: bool,
    pub(crate) priority: bool,
    pub(crate) error: bool,
}
