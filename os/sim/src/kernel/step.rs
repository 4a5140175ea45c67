//! What one try of a call has come to.

use super::channel::Channel;

/// What a try of a call says.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// The call is done.
    Done(T),
    /// It is tried again when one of these happens, or the time has come.
    Wait {
        channels: Vec<Channel>,
        until: Option<u64>,
    },
}
