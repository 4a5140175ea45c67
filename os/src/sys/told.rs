//! What a poller tells of a source, in the words that all have in common.

/// What a source is ready for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) read_closed: bool,
    pub(crate) write_closed: bool,
    pub(crate) priority: bool,
    pub(crate) error: bool,
}
