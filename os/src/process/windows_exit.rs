//! The end of a child: the system calls back when the process's handle says so.
//!
//! States      waiting ─the child ends→ called back;   waiting ─drop→ unregistered
//! Invariants  I1 the callback owns one count of `Told`: it gives it back when it runs, and whoever
//!                unregisters it before it ran does so instead.
//!             I2 the process's handle is open until the wait is unregistered.
//!             I3 the waker is woken with no lock held; what that drops may be this very watch.
//! Rejected    To wait in the drop until a callback is through: the callback's wake may drop the task
//!             that owns the watch, and would wait for itself.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::ExitStatus;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use selkie_core::raw::platform::Lock;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, RegisterWaitForSingleObject, UnregisterWaitEx,
    WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE,
};

use crate::driver::Handle;

#[derive(Debug, Default)]
struct Told {
    /// Whether the callback has begun.
    begun: AtomicBool,
    waker: Lock<Option<Waker>>,
}

impl Told {
    fn replace(&self, waker: Option<Waker>) -> Option<Waker> {
        std::mem::replace(&mut *self.waker.lock(), waker)
    }
}

/// How the end of a child is waited for.
#[derive(Debug)]
pub(super) struct Watch {
    wait: HANDLE,
    told: Arc<Told>,
    _process: OwnedHandle,
}

// SAFETY: the wait's handle is used by the owner alone, in any thread.
unsafe impl Send for Watch {}
// SAFETY: a shared reference gives access to nothing of it.
unsafe impl Sync for Watch {}

unsafe extern "system" fn on_end(told: *mut c_void, _is_timeout: bool) {
    // SAFETY: made by `Arc::into_raw`, and this callback's (I1).
    let told = unsafe { Arc::from_raw(told.cast_const().cast::<Told>()) };
    // Release: pairs with the Acquire in `drop`.
    told.begun.store(true, Ordering::Release);
    if let Some(waker) = told.replace(None) {
        waker.wake(); // I3
    }
}

impl Watch {
    /// Watches the child with the number `pid`, which has a handle, so that the number stays its own.
    pub(super) fn new(pid: u32, _driver: Handle) -> io::Result<Self> {
        // SAFETY: no pointers.
        let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
        if process.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else's.
        let process = unsafe { OwnedHandle::from_raw_handle(process) };
        let told = Arc::new(Told::default());
        let theirs = Arc::into_raw(Arc::clone(&told));
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
            told,
            _process: process,
        })
    }

    /// Asks `ended` whether the child has ended, after leaving the waker for its end.
    pub(super) fn poll_end<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut ended: impl FnMut() -> io::Result<Option<R>>,
    ) -> Poll<io::Result<R>> {
        drop(self.told.replace(Some(cx.waker().clone())));
        match ended()? {
            Some(status) => Poll::Ready(Ok(status)),
            None => Poll::Pending,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: registered in `new`, and unregistered here only. Null: do not wait for a callback
        // that is running, it takes its count with it.
        let is_through = unsafe { UnregisterWaitEx(self.wait, ptr::null_mut()) } != 0;
        // Acquire: pairs with the Release in `on_end`.
        if is_through && !self.told.begun.load(Ordering::Acquire) {
            // SAFETY: the callback has not run and never will, so that its count is ours (I1).
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&self.told)) };
        }
    }
}

/// How `child` ended, if it has.
pub(super) fn try_wait(child: &mut std::process::Child) -> io::Result<Option<ExitStatus>> {
    child.try_wait()
}
