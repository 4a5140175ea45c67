//! The steps of which programs on channels and locks consist.

use arbitrary::Arbitrary;

/// One step; a primitive takes what it knows.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Step {
    Send,
    Receive,
    TrySend,
    TryReceive,
    Poll(u8),
    Cancel(u8),
    Close,
    DropSender,
    DropReceiver,
    Many(u8),
}
