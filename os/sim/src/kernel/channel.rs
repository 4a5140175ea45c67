//! What a thread can wait for.

use crate::ids::HostId;
use crate::ids::ObjectId;
use crate::ids::ThreadId;

/// Something that happens, and that threads wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Channel {
    /// A wake of the futex at this address.
    Futex(usize),
    /// A change of this object: it may have become readable or writable.
    Object(ObjectId),
    /// The end of this thread.
    End(ThreadId),
    /// The end of a lock on a file of this host.
    Lock(HostId),
    /// Nothing but time.
    Time,
}
