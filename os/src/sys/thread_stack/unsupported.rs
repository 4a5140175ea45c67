//! No stacks of other threads here.

use super::raw_stack::{NoStack, RawStack, StackSignal};

/// A thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NativeThread;

impl NativeThread {
    /// The calling thread.
    pub(crate) fn here() -> Self {
        Self
    }

    /// No stack.
    ///
    /// # Safety
    /// None is needed.
    #[allow(unsafe_code, clippy::unused_self)]
    pub(crate) unsafe fn stack(self, signal: StackSignal) -> Result<RawStack, NoStack> {
        Err(match signal {
            StackSignal::Never => NoStack::Disabled,
            StackSignal::Default | StackSignal::Number(_) => NoStack::Unsupported,
        })
    }
}

/// Nothing is to be prepared.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn prepare_stack_signal(_signal: StackSignal) -> std::io::Result<()> {
    Ok(())
}
