//! The signal handler that copies its thread's registers and stack.
//!
//! Idea        There is one sample at a time in the process. Whoever wants one writes the thread and the limits of its stack
//!             into statics, sets the word to *wanted* and sends the signal. The handler takes the sample by a
//!             compare-and-swap, copies, and sets the word to *done*. It calls nothing but `pthread_self`, allocates nothing, takes no
//!             lock, and has nothing that it could change `errno` by. The copy is unwound later, elsewhere.
//! States      idle → wanted → copying → done → idle; wanted → idle when the thread does not answer in time
//! Invariants  I1 the statics belong to whoever holds `SAMPLER`, but while copying to the handler. The word has a number that
//!                changes with each sample, so that a handler which comes late takes nothing.
//!             I2 the limits are those of the stack of the thread that is wanted; nothing beyond them is read.
//! Rejected    Unwinding in the handler: the loader's lock, and allocations of the library that unwinds. A record of the
//!             sample that is freed: a handler that comes late would look at it.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::raw_stack::NoStack;
use super::registers::{Registers, copy_words};

/// Bytes of a stack that are copied at most, from its inner end.
const STACK_BYTES: usize = 512 * 1024;
/// How long a thread may take to answer: it may have no processor, for some periods of a scheduler that limits a container.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it may take to copy, once it has begun.
const PATIENCE_COPYING: Duration = Duration::from_secs(1);
/// Between two looks whether it has answered.
const LOOK: Duration = Duration::from_micros(50);

const PHASE: usize = 3;
const IDLE: usize = 0;
const WANTED: usize = 1;
const COPYING: usize = 2;
const DONE: usize = 3;

/// The phase, and above it the number of the sample.
static WORD: AtomicUsize = AtomicUsize::new(IDLE);
static THREAD: AtomicUsize = AtomicUsize::new(0);
static LOW: AtomicUsize = AtomicUsize::new(0);
static HIGH: AtomicUsize = AtomicUsize::new(0);
static PC: AtomicUsize = AtomicUsize::new(0);
static SP: AtomicUsize = AtomicUsize::new(0);
static FP: AtomicUsize = AtomicUsize::new(0);
static LR: AtomicUsize = AtomicUsize::new(0);
static COPIED_WORDS: AtomicUsize = AtomicUsize::new(0);
/// Memory of [`STACK_BYTES`], made once and never freed.
static BUFFER: AtomicPtr<u8> = AtomicPtr::new(null_mut());

/// The process of whoever takes a sample, or 0. After a fork the child has the number of its parent here, if that was taking
/// a sample; there is nobody to wait for then.
static SAMPLER: AtomicU32 = AtomicU32::new(0);

const SIGNALS: usize = 65;
/// What each signal did before; made once and never freed.
static PREVIOUS: [AtomicPtr<libc::sigaction>; SIGNALS] =
    [const { AtomicPtr::new(null_mut()) }; SIGNALS];

/// A thread's registers and the inner end of its stack.
#[derive(Debug)]
pub(super) struct StackCopy {
    pub(super) registers: Registers,
    /// What stands at the stack pointer and above it.
    pub(super) words: Vec<u64>,
    /// The outer end of the stack.
    pub(super) high: usize,
}

fn this_thread() -> usize {
    // SAFETY: it has no requirement, and may be called in handlers.
    unsafe { libc::pthread_self() as usize }
}

extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // Acquire: pairs with the Release in `take`: the thread and the limits are those of this sample.
    let word = WORD.load(Ordering::Acquire);
    // Relaxed: as above; if another sample was begun since, the exchange fails.
    let is_wanted = word & PHASE == WANTED && THREAD.load(Ordering::Relaxed) == this_thread();
    let copying = word & !PHASE | COPYING;
    // Acquire: as above.
    let take = || WORD.compare_exchange(word, copying, Ordering::Acquire, Ordering::Relaxed);
    if is_wanted && take().is_ok() {
        // SAFETY: what the handler was given, and the statics are ours (I1).
        unsafe { copy(context) };
        // Release: pairs with the Acquire in `wait`: the copy is whole.
        WORD.store(word | DONE, Ordering::Release);
    } else {
        call_previous(signal, info, context);
    }
}

/// # Safety
/// `context` is what a handler was given, and the word says that this thread is copying.
unsafe fn copy(context: *mut c_void) {
    // SAFETY: by the caller's promise.
    let registers = unsafe { Registers::of(context) };
    // Relaxed, here and below: the word orders all of them (I1).
    let (low, high) = (LOW.load(Ordering::Relaxed), HIGH.load(Ordering::Relaxed));
    PC.store(registers.pc, Ordering::Relaxed);
    SP.store(registers.sp, Ordering::Relaxed);
    FP.store(registers.fp, Ordering::Relaxed);
    LR.store(registers.lr, Ordering::Relaxed);
    let sp = registers.sp & !7;
    // A stack that is not the thread's own, as of a coroutine, has limits that nobody knows.
    let is_own = low <= sp && sp < high;
    let bytes = if is_own {
        (high - sp).min(STACK_BYTES)
    } else {
        0
    };
    // SAFETY: within the stack, above its pointer (I2); the buffer is as long.
    unsafe { copy_words(sp, BUFFER.load(Ordering::Relaxed), bytes / 8) };
    COPIED_WORDS.store(bytes / 8, Ordering::Relaxed);
}

/// The signal is not ours: does what it did before.
fn call_previous(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(previous) = usize::try_from(signal).ok().and_then(|at| PREVIOUS.get(at)) else {
        return;
    };
    // Acquire: pairs with the Release in `install`.
    // SAFETY: null, or an action that is never freed.
    let Some(action) = (unsafe { previous.load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    if action.sa_sigaction == libc::SIG_DFL || action.sa_sigaction == libc::SIG_IGN {
        return;
    }
    if action.sa_flags & libc::SA_SIGINFO != 0 {
        type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
        // SAFETY: an action with this flag has a handler of this type.
        let handler = unsafe { std::mem::transmute::<usize, Handler>(action.sa_sigaction) };
        handler(signal, info, context);
    } else {
        // SAFETY: an action without the flag has a handler of this type.
        let handler =
            unsafe { std::mem::transmute::<usize, extern "C" fn(c_int)>(action.sa_sigaction) };
        handler(signal);
    }
}

/// The right to take a sample.
struct SamplerGuard;

impl Drop for SamplerGuard {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `sampler`.
        SAMPLER.store(0, Ordering::Release);
    }
}

/// Waits for the right to take a sample.
fn sampler() -> SamplerGuard {
    let here = std::process::id();
    loop {
        // Acquire: pairs with the Release of the guard before.
        let taken = SAMPLER.compare_exchange(0, here, Ordering::Acquire, Ordering::Relaxed);
        match taken {
            Ok(_) => return SamplerGuard,
            Err(process) if process == here => thread::sleep(LOOK),
            Err(process) => {
                // Acquire: the fork has ordered what the parent's thread did.
                let stolen =
                    SAMPLER.compare_exchange(process, here, Ordering::Acquire, Ordering::Relaxed);
                if stolen.is_ok() {
                    // Nobody copies here. Relaxed: ours alone.
                    WORD.fetch_and(!PHASE, Ordering::Relaxed);
                    return SamplerGuard;
                }
            }
        }
    }
}

/// Installs the handler for `signal`, once in a process, and makes the memory for copies.
///
/// # Errors
/// If the signal is one that a fault causes, or the system refuses it.
pub(super) fn install(signal: c_int) -> io::Result<()> {
    const FAULTS: [c_int; 6] = [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGABRT,
        libc::SIGTRAP,
    ];
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not a signal for stacks");
    let index = usize::try_from(signal).map_err(|_| invalid())?;
    if FAULTS.contains(&signal) || index >= SIGNALS {
        return Err(invalid());
    }
    let _one = sampler();
    // Relaxed: written under the lock that we hold.
    if BUFFER.load(Ordering::Relaxed).is_null() {
        let buffer = Box::leak(vec![0_u64; STACK_BYTES / 8].into_boxed_slice());
        BUFFER.store(buffer.as_mut_ptr().cast(), Ordering::Relaxed);
    }
    if !PREVIOUS[index].load(Ordering::Relaxed).is_null() {
        return Ok(());
    }
    let before = action(signal, None)?;
    let previous = Box::into_raw(Box::new(before));
    // Release: pairs with the Acquire in `call_previous`.
    PREVIOUS[index].store(previous, Ordering::Release);
    // SAFETY: zeros are an action.
    let mut ours: libc::sigaction = unsafe { std::mem::zeroed() };
    ours.sa_sigaction = handle as *const () as usize;
    // On the stack for handlers if the thread has one, and calls of the system go on where they can.
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    if let Err(error) = action(signal, Some(&ours)) {
        // The handler is not there, so nobody reads it.
        PREVIOUS[index].store(null_mut(), Ordering::Release);
        // SAFETY: made above, and out of reach again.
        drop(unsafe { Box::from_raw(previous) });
        return Err(error);
    }
    Ok(())
}

/// What `signal` did, and does `then` from here on.
fn action(signal: c_int, then: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: zeros are an action.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    let then = then.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: both are actions, or null.
    match unsafe { libc::sigaction(signal, then, &mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Copies the stack of `thread`, which is between `low` and `high`.
///
/// # Safety
/// The thread is alive and stays so meanwhile, and the limits are those of its stack (I2).
pub(super) unsafe fn take(
    thread: libc::pthread_t,
    (low, high): (usize, usize),
    signal: c_int,
) -> Result<StackCopy, NoStack> {
    let _one = sampler();
    // Relaxed, here and below: the handler gets all of it by the word (I1).
    let before = WORD.load(Ordering::Relaxed);
    if before & PHASE == COPYING {
        return Err(NoStack::NoAnswer); // A thread that was stopped while it copied.
    }
    THREAD.store(thread as usize, Ordering::Relaxed);
    LOW.store(low, Ordering::Relaxed);
    HIGH.store(high, Ordering::Relaxed);
    let idle = (before & !PHASE).wrapping_add(PHASE + 1);
    // Release: pairs with the Acquire in `handle`.
    WORD.store(idle | WANTED, Ordering::Release);
    // SAFETY: the thread is alive.
    let code = unsafe { libc::pthread_kill(thread, signal) };
    let answer = match code {
        0 => wait(idle),
        code => {
            let _never_sent = give_up(idle);
            Err(NoStack::Refused(code))
        }
    };
    answer.map(|()| {
        let copy = read_copy(high);
        WORD.store(idle, Ordering::Relaxed);
        copy
    })
}

/// Waits until the sample `idle` is done.
fn wait(idle: usize) -> Result<(), NoStack> {
    let begun = Instant::now();
    // Acquire: pairs with the Release in `handle`.
    while WORD.load(Ordering::Acquire) != idle | DONE {
        if begun.elapsed() > PATIENCE {
            return give_up(idle);
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Wants the sample `idle` no more, unless it is being made.
fn give_up(idle: usize) -> Result<(), NoStack> {
    // Acquire: pairs with the Release in `handle`, if it is done meanwhile.
    let given_up = WORD.compare_exchange(idle | WANTED, idle, Ordering::Relaxed, Ordering::Acquire);
    let begun = Instant::now();
    match given_up {
        Ok(_) => Err(NoStack::NoAnswer),
        Err(_) => loop {
            // Acquire: as above.
            if WORD.load(Ordering::Acquire) == idle | DONE {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE_COPYING {
                return Err(NoStack::NoAnswer);
            }
            thread::sleep(LOOK);
        },
    }
}

fn read_copy(high: usize) -> StackCopy {
    // Relaxed, here and below: `wait` has seen that the copy is whole.
    let count = COPIED_WORDS.load(Ordering::Relaxed);
    let mut words = Vec::<u64>::with_capacity(count);
    let buffer = BUFFER.load(Ordering::Relaxed).cast::<u64>();
    // SAFETY: the buffer is as long, and ours until the word changes (I1).
    unsafe { buffer.copy_to_nonoverlapping(words.as_mut_ptr(), count) };
    // SAFETY: just written.
    unsafe { words.set_len(count) };
    let registers = Registers {
        pc: PC.load(Ordering::Relaxed),
        sp: SP.load(Ordering::Relaxed),
        fp: FP.load(Ordering::Relaxed),
        lr: LR.load(Ordering::Relaxed),
    };
    StackCopy {
        registers,
        words,
        high,
    }
}
