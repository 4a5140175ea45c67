//! Stacks of threads by a signal.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;

use super::super::raw_stack::{NoStack, RawStack, StackSignal};
use super::handler::{install, take};
use super::unwind::unwind;

/// A thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NativeThread(libc::pthread_t);

// SAFETY: the handle is used only as the functions below allow.
unsafe impl Send for NativeThread {}
// SAFETY: as above.
unsafe impl Sync for NativeThread {}

/// The number of the signal, unless there is to be none.
///
/// `SIGURG` is ignored where nobody handles it, hardly any program does, debuggers pass it on without a word, and handlers
/// have to bear it without a reason, since it says that some socket may have urgent data.
fn number(signal: StackSignal) -> Option<c_int> {
    match signal {
        StackSignal::Default => Some(libc::SIGURG),
        StackSignal::Number(number) => Some(number),
        StackSignal::Never => None,
    }
}

/// Installs the handler for the signal.
///
/// # Errors
/// If the signal is one that a fault causes, or the system refuses it.
pub(crate) fn prepare_stack_signal(signal: StackSignal) -> io::Result<()> {
    number(signal).map_or(Ok(()), install)
}

impl NativeThread {
    /// The calling thread.
    pub(crate) fn here() -> Self {
        // SAFETY: it has no requirement.
        Self(unsafe { libc::pthread_self() })
    }

    /// The calls that the thread is in.
    ///
    /// # Safety
    /// The thread is alive and stays so meanwhile.
    pub(crate) unsafe fn stack(self, signal: StackSignal) -> Result<RawStack, NoStack> {
        let signal = number(signal).ok_or(NoStack::Disabled)?;
        // SAFETY: by the caller's promise.
        let limits = unsafe { self.limits() }.map_err(NoStack::Refused)?;
        // SAFETY: by the caller's promise; the limits are the thread's.
        let copy = unsafe { take(self.0, limits, signal) }?;
        Ok(unwind(&copy))
    }

    /// The lowest and the highest address of the thread's stack.
    ///
    /// # Safety
    /// The thread is alive.
    unsafe fn limits(self) -> Result<(usize, usize), c_int> {
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        // SAFETY: the thread is alive, and the call writes the attributes.
        let code = unsafe { libc::pthread_getattr_np(self.0, attributes.as_mut_ptr()) };
        if code != 0 {
            return Err(code);
        }
        let (mut low, mut bytes) = (std::ptr::null_mut::<c_void>(), 0);
        // SAFETY: written above.
        let code =
            unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut bytes) };
        // SAFETY: written above, and not used any more.
        unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
        match code {
            0 => Ok((low.addr(), low.addr() + bytes)),
            code => Err(code),
        }
    }
}
