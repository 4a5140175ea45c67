//! What a report of the watchdog has of dumps.

use super::super::stalled_poll::StalledPoll;
use super::stack::ThreadStack;
use super::task::Dump;
use crate::sys::NoStack;

impl StalledPoll {
    /// The calls that the poll was in when it was reported: what keeps it from returning. With the feature `taskdump`.
    ///
    /// # Errors
    /// Why there is no stack: other systems than Linux, and other processors than x86-64 and 64-bit ARM have none.
    pub fn stack(&self) -> Result<ThreadStack, NoStack> {
        self.stack.clone().map(ThreadStack)
    }

    /// Makes a [dump](crate::runtime::Handle::dump) of the runtime: where all its tasks wait meanwhile. `None`: it has gone.
    /// With the feature `taskdump`.
    ///
    /// # Cost
    /// It blocks the calling thread, that of the watchdog as a rule, for about a second.
    pub fn dump(&self) -> Option<Dump> {
        self.dumper.as_ref().and_then(|dumper| dumper())
    }
}
