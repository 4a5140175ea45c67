//! Threads: each that a simulated thread starts is simulated too, on the same host.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::sync::Arc;

use libc::{c_int, c_void, pthread_attr_t, pthread_t, timespec};

use super::lock::until_on;
use crate::ids::{HostId, ThreadId};
use crate::kernel::{
    Channel, Step, add_thread, begin_thread, call, end_thread, has_ended, is_simulated, read,
};
use crate::sys::{self, OriginalFunction, WaitWord};

type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

thread_local! {
    /// The host of the next thread that this thread starts, where that is not its own.
    static NEXT_HOST: Cell<Option<HostId>> = const { Cell::new(None) };
    static ENDING: EndGuard = const { EndGuard };
}

/// Starts threads in `start` that belong to `host`.
pub(crate) fn start_on<T>(host: HostId, start: impl FnOnce() -> T) -> T {
    struct RestoreGuard(Option<HostId>);
    impl Drop for RestoreGuard {
        fn drop(&mut self) {
            NEXT_HOST.set(self.0);
        }
    }
    let _restore = RestoreGuard(NEXT_HOST.replace(Some(host)));
    start()
}

/// Its drop ends the simulated thread: it is the first thread-local value with a destructor, and so the last that is dropped.
struct EndGuard;

impl Drop for EndGuard {
    fn drop(&mut self) {
        end_thread();
    }
}

/// What a new thread gets.
struct ThreadStart {
    thread: ThreadId,
    word: Arc<WaitWord>,
    start: Start,
    argument: *mut c_void,
}

// `pthread_exit` unwinds: nothing that is to be dropped may be alive when the thread's function runs.
extern "C-unwind" fn begin(argument: *mut c_void) -> *mut c_void {
    let (start, argument) = wait_for_turn(argument);
    start(argument)
}

fn wait_for_turn(argument: *mut c_void) -> (Start, *mut c_void) {
    // SAFETY: `pthread_create` below made it for this thread.
    let begin = unsafe { Box::from_raw(argument.cast::<ThreadStart>()) };
    begin_thread(begin.thread, &begin.word);
    ENDING.with(|_| ());
    (begin.start, begin.argument)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut pthread_t,
    attributes: *const pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    let host = match NEXT_HOST.get() {
        Some(host) => host,
        None if is_simulated() => read(|state| state.host()),
        // SAFETY: the caller's promise.
        None => return unsafe { sys::pthread_create(thread, attributes, start, argument) },
    };
    let (id, word) = add_thread(host);
    let begun = Box::new(ThreadStart {
        thread: id,
        word,
        start,
        argument,
    });
    let begun = Box::into_raw(begun).cast();
    // SAFETY: the caller's promise; `begin` takes the box.
    let result = unsafe { sys::pthread_create(thread, attributes, begin, begun) };
    assert_eq!(result, 0, "a thread of the simulation cannot be started");
    // SAFETY: written by the call that succeeded.
    let handle = unsafe { *thread };
    read(|state| state.threads[id.0 as usize].handle = Some(handle));
    0
}

/// The running thread waits until the thread with this handle has ended, or until `until`; whether it has ended.
fn wait_for(handle: pthread_t, until: Option<u64>) -> bool {
    let thread = read(|state| {
        let mut threads = state.threads.iter().enumerate().rev();
        let found = threads.find(|(_, thread)| thread.handle == Some(handle));
        found.map(|(at, _)| ThreadId(at as u32))
    });
    let Some(thread) = thread else { return true };
    call(|state| {
        let is_ended = has_ended(state, thread);
        if is_ended || state.timed_out() {
            return Step::Done(is_ended);
        }
        let channels = vec![Channel::End(thread)];
        Step::Wait { channels, until }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_join(thread: pthread_t, value: *mut *mut c_void) -> c_int {
    if is_simulated() {
        wait_for(thread, None);
    }
    // SAFETY: the caller's promise.
    unsafe { sys::pthread_join(thread, value) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_timedjoin_np(
    thread: pthread_t,
    value: *mut *mut c_void,
    time: *const timespec,
) -> c_int {
    static JOIN: OriginalFunction = OriginalFunction::new(c"pthread_timedjoin_np");
    type JoinFunction = unsafe extern "C" fn(pthread_t, *mut *mut c_void, *const timespec) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let join = unsafe { std::mem::transmute::<usize, JoinFunction>(JOIN.address()) };
        // SAFETY: the caller's promise.
        return unsafe { join(thread, value, time) };
    }
    // SAFETY: the caller's pointer is none, or to a time of the wall clock.
    let time = unsafe { time.as_ref() };
    let until = time.map(|time| until_on(libc::CLOCK_REALTIME, time));
    if !wait_for(thread, until) {
        return libc::ETIMEDOUT;
    }
    // SAFETY: the caller's promise; the thread has ended.
    unsafe { sys::pthread_join(thread, value) }
}
