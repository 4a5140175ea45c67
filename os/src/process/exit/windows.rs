//! Waiting for the exit of a child: the system calls back when the handle of the process is signalled.
//!
//! States      waiting ─the child ends→ called back; waiting ─drop→ unregistered
//! Invariants  I1 the callback owns one count of `CallbackState`. It gives the count back when it runs; if it is
//!                unregistered before it ran, whoever unregisters it does so instead.
//!             I2 the handle of the process is open until the wait is unregistered.
//!             I3 the waker is woken while no lock is held; the wake may drop this very listener.
//! Rejected    To wait in the drop until a callback has finished: the wake in the callback may drop the task that
//!             owns the listener, and would wait for itself.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::ExitStatus;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use selkie_core::raw::coop;
use selkie_core::raw::platform::Lock;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, RegisterWaitForSingleObject, UnregisterWaitEx,
    WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE,
};

use crate::driver::Handle;

#[derive(Debug, Default)]
struct CallbackState {
    /// Whether the callback has begun.
    has_run: AtomicBool,
    waker: Lock<Option<Waker>>,
}

impl CallbackState {
    fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        std::mem::replace(&mut *self.waker.lock(), waker)
    }
}

/// How the end of a child is waited for.
#[derive(Debug)]
pub(in crate::process) struct ExitListener {
    wait: HANDLE,
    state: Arc<CallbackState>,
    _process: OwnedHandle,
}

// SAFETY: the handle of the wait is used by the owner only, on any thread.
unsafe impl Send for ExitListener {}
// SAFETY: a shared reference gives access to nothing of it.
unsafe impl Sync for ExitListener {}

unsafe extern "system" fn on_end(state: *mut c_void, _is_timeout: bool) {
    // SAFETY: made by `Arc::into_raw`, and this callback's (I1).
    let state = unsafe { Arc::from_raw(state.cast_const().cast::<CallbackState>()) };
    // Release: pairs with the Acquire in `drop`.
    state.has_run.store(true, Ordering::Release);
    if let Some(waker) = state.replace(None) {
        waker.wake(); // I3
    }
}

impl ExitListener {
    /// Listens for the exit of the child `pid`, which has a handle, so that no other process gets its number.
    pub(in crate::process) fn new(pid: u32, _driver: Handle) -> io::Result<Self> {
        // SAFETY: no pointers.
        let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
        if process.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else's.
        let process = unsafe { OwnedHandle::from_raw_handle(process) };
        let state = Arc::new(CallbackState::default());
        let theirs = Arc::into_raw(Arc::clone(&state));
        let mut wait = ptr::null_mut();
        // SAFETY: the process is open until the wait is unregistered (I2), and the count that the
        // callback gets is its own (I1).
        let done = unsafe {
            RegisterWaitForSingleObject(
                &mut wait,
                process.as_raw_handle(),
                Some(on_end),
                theirs.cast(),
                INFINITE,
                WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD,
            )
        };
        if done == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: no callback will take it.
            drop(unsafe { Arc::from_raw(theirs) });
            return Err(error);
        }
        Ok(Self {
            wait,
            state,
            _process: process,
        })
    }

    /// Stores the waker, and then asks whether `child` has ended.
    pub(in crate::process) fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut std::process::Child,
    ) -> Poll<io::Result<ExitStatus>> {
        ready!(coop::poll_leaf(cx));
        drop(self.state.replace(Some(cx.waker().clone())));
        match try_wait(child)? {
            Some(status) => Poll::Ready(Ok(status)),
            None => Poll::Pending,
        }
    }
}

impl Drop for ExitListener {
    fn drop(&mut self) {
        // SAFETY: registered in `new`, and unregistered here only. Null: do not wait for a callback
        // that is running, it takes its count with it.
        let is_through = unsafe { UnregisterWaitEx(self.wait, ptr::null_mut()) } != 0;
        // Acquire: pairs with the Release in `on_end`.
        if is_through && !self.state.has_run.load(Ordering::Acquire) {
            // SAFETY: the callback has not run and never will, so that its count is ours (I1).
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&self.state)) };
        }
    }
}

/// The status of `child`, if it has ended.
pub(in crate::process) fn try_wait(
    child: &mut std::process::Child,
) -> io::Result<Option<ExitStatus>> {
    child.try_wait()
}
