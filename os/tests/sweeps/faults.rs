//! Makes the Nth system call of a thread, and of those that it makes, fail.
//!
//! Idea        A filter has the system ask before each call of the listed kinds, and a thread of this
//!             same process, which is not filtered, answers: go on, or fail so. All threads count
//!             together, and a whole sweep is one process.
//! Invariants  I1 the answering thread waits for nothing that an asking one may hold.
//!             I2 children have the filter, too, and are always told to go on.
//! Rejected    strace: a process for each point, and each thread counts for itself.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

/// A system call, and what it is made to fail with.
pub(crate) type Call = (c_long, &'static [c_int]);

#[derive(Default)]
struct Shared {
    is_armed: AtomicBool,
    errno: AtomicI32,
    /// The call that fails, counted from 1.
    nth: AtomicUsize,
    seen: AtomicUsize,
    /// The number of the system call that failed; 0 if none did.
    failed: AtomicI64,
    /// A call that fails always, and with what; 0 if none does.
    refused: AtomicI64,
    refused_with: AtomicI32,
    /// What is done instead of a call that fails, before it goes on; null if nothing is. Leaked, and no lock: who holds it
    /// may be interrupted by a signal whose handler makes a call, which waits for its answer.
    action: AtomicPtr<Action>,
}

/// What is done in place of a fault.
type Action = Box<dyn Fn() + Send>;

/// The faults of this thread and those that it makes from now on.
pub(crate) struct Faults {
    shared: Arc<Shared>,
}

impl Faults {
    /// Has each of `calls` ask from now on.
    pub(crate) fn install(calls: &'static [Call]) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (send, receive) = mpsc::channel::<RawFd>();
        let answering = Arc::clone(&shared);
        // Made before the filter is there, it has none.
        thread::spawn(move || {
            if let Ok(fd) = receive.recv() {
                answer(fd, calls, &answering);
            }
        });
        let fd = install_filter(calls)?;
        send.send(fd).expect("the answering thread lives");
        Ok(Self { shared })
    }

    /// Makes the `nth` call from now on fail that is listed with `errno`.
    pub(crate) fn arm(&self, errno: c_int, nth: usize) {
        let shared = &self.shared;
        shared.errno.store(errno, Ordering::SeqCst);
        shared.nth.store(nth, Ordering::SeqCst);
        shared.seen.store(0, Ordering::SeqCst);
        shared.failed.store(0, Ordering::SeqCst);
        shared.is_armed.store(true, Ordering::SeqCst);
    }

    /// Does `action` before the `nth` listed call from now on, which is then made.
    pub(crate) fn act_at(&self, nth: usize, action: impl Fn() + Send + 'static) {
        let action: &'static mut Action = Box::leak(Box::new(Box::new(action)));
        self.shared.action.store(action, Ordering::SeqCst);
        self.arm(0, nth);
    }

    /// Ends this process, as if by a crash, where it would make the `nth` listed call from now on.
    pub(crate) fn cut_at(&self, nth: usize) {
        // SAFETY: the call takes a number.
        self.act_at(nth, || unsafe {
            libc::raise(libc::SIGKILL);
        });
    }

    /// Lets calls be; says which has failed, or had an action before it.
    pub(crate) fn disarm(&self) -> Option<c_long> {
        self.shared.is_armed.store(false, Ordering::SeqCst);
        let none = std::ptr::null_mut();
        self.shared.action.store(none, Ordering::SeqCst);
        Some(self.shared.failed.load(Ordering::SeqCst)).filter(|&call| call != 0)
    }

    /// Makes `call` fail with `errno` from now on, always.
    pub(crate) fn refuse(&self, call: c_long, errno: c_int) {
        self.shared.refused_with.store(errno, Ordering::SeqCst);
        self.shared.refused.store(call, Ordering::SeqCst);
    }
}

fn instruction(code: u32, jump_if: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt: jump_if,
        jf: 0,
        k,
    }
}

/// Has this thread ask before each of `calls`; returns the descriptor by which it is answered.
fn install_filter(calls: &[Call]) -> io::Result<RawFd> {
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    // The number of the call stands first in what a filter looks at.
    let mut program = vec![instruction(
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        0,
        0,
    )];
    for (at, (call, _)) in calls.iter().enumerate() {
        // Over the rest of the list and the answer for all others.
        let over = u8::try_from(calls.len() - at).expect("a short list");
        program.push(instruction(equal, over, *call as u32));
    }
    let answer = libc::BPF_RET | libc::BPF_K;
    program.push(instruction(answer, 0, libc::SECCOMP_RET_ALLOW));
    program.push(instruction(answer, 0, libc::SECCOMP_RET_USER_NOTIF));
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the call takes no memory.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system reads the filter and its instructions.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &filter,
        )
    };
    if fd < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(fd as RawFd)
    }
}

/// Answers whoever asks, for ever.
fn answer(fd: RawFd, calls: &[Call], shared: &Shared) {
    // The caller waits anyway, and is answered sooner if it is answered on its own processor. Kernels before
    // 6.6 do not have the flag.
    const SYNC_WAKE_UP: libc::c_ulong = 1;
    // SAFETY: the call takes a number.
    unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
    loop {
        // SAFETY: zeros are a `seccomp_notif`.
        let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the system writes one `seccomp_notif`.
        if unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_RECV, &mut asked) } != 0 {
            continue; // Who asked is gone, or a signal came.
        }
        let errno = decide(&asked, calls, shared);
        let mut answer = libc::seccomp_notif_resp {
            id: asked.id,
            val: 0,
            error: -errno,
            flags: 0,
        };
        if errno == 0 {
            answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
        }
        // It fails if who asked is gone.
        // SAFETY: the system reads one `seccomp_notif_resp`.
        unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SEND, &mut answer) };
    }
}

/// What a call is to fail with; 0 if it is not.
fn decide(asked: &libc::seccomp_notif, calls: &[Call], shared: &Shared) -> c_int {
    let number = c_long::from(asked.data.nr);
    let is_refused = shared.refused.load(Ordering::SeqCst) == number;
    let errno = shared.errno.load(Ordering::SeqCst);
    // SAFETY: it is null, or leaked, and nobody changes what it points to.
    let action = unsafe { shared.action.load(Ordering::SeqCst).as_ref() };
    let is_listed =
        |call: &&Call| call.0 == number && (action.is_some() || call.1.contains(&errno));
    let counts =
        shared.is_armed.load(Ordering::SeqCst) && calls.iter().any(|call| is_listed(&call));
    if !(is_refused || counts) || !is_ours(asked.pid) {
        return 0;
    }
    if let Some(action) = action {
        if shared.seen.fetch_add(1, Ordering::SeqCst) + 1 == shared.nth.load(Ordering::SeqCst) {
            shared.failed.store(number, Ordering::SeqCst);
            action();
        }
        return 0;
    }
    if !is_possible(asked, errno) {
        return 0;
    }
    if is_refused {
        return shared.refused_with.load(Ordering::SeqCst);
    }
    if shared.seen.fetch_add(1, Ordering::SeqCst) + 1 != shared.nth.load(Ordering::SeqCst) {
        return 0;
    }
    shared.failed.store(number, Ordering::SeqCst);
    errno
}

/// Whether the thread is one of this process (I2).
fn is_ours(thread: u32) -> bool {
    Path::new(&format!("/proc/self/task/{thread}")).exists()
}

/// Whether the descriptor that is read from or written to may fail so: only a file has no room or a broken
/// disk, and the counter that wakes a poller never fails.
fn is_possible(asked: &libc::seccomp_notif, errno: c_int) -> bool {
    let number = c_long::from(asked.data.nr);
    if ![libc::SYS_read, libc::SYS_write, libc::SYS_writev].contains(&number) {
        return true;
    }
    let link = std::fs::read_link(format!("/proc/self/fd/{}", asked.data.args[0]));
    let link = link.unwrap_or_default();
    let is_interrupted = errno == libc::EINTR && !link.starts_with("anon_inode:[eventfd]");
    is_interrupted || link.is_absolute()
}
