//! Processes: the own one ends and gets signals; others are not here.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_void, pid_t};

use super::absent_calls::warn_of;
use super::answer::{answer_int, real};
use crate::errno::Errno;
use crate::host::{WORLD, process_number};
use crate::ids::HostId;
use crate::kernel::{State, Step, call, finish, is_simulated, read};
use crate::sys::OriginalFunction;

/// The program of the running thread's host has ended: nothing of it runs any more.
pub(crate) fn end_host(how: Result<(), String>) -> ! {
    if read(|state| state.host()) == WORLD {
        finish(Err(String::from("the script ended its process")));
    }
    call::<()>(|state| {
        let host = state.host();
        if state.hosts[host.0].is_up {
            state.end_program(host, how.clone());
        }
        Step::Wait {
            channels: Vec::new(),
            until: None,
        }
    });
    unreachable!("its threads never run again")
}

#[unsafe(no_mangle)]
unsafe extern "C" fn exit(code: c_int) -> ! {
    static EXIT: OriginalFunction = OriginalFunction::new(c"exit");
    if is_simulated() {
        let how = match code {
            0 => Ok(()),
            code => Err(format!("exit code {code}")),
        };
        end_host(how);
    }
    // SAFETY: the C library's function of this name has this type.
    let exit = unsafe { std::mem::transmute::<usize, extern "C" fn(c_int) -> !>(EXIT.address()) };
    exit(code)
}

/// Gives the running thread's host a signal: its handler runs on this thread, as the system would have it run on any.
pub(crate) fn deliver_signal(host: HostId, signal: c_int) {
    // SAFETY: zeros are a disposition, which the call overwrites.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the call writes one disposition, and reads none where null is.
    let known = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut now) };
    if known != 0 || now.sa_sigaction == libc::SIG_IGN {
        return;
    }
    if now.sa_sigaction == libc::SIG_DFL {
        read(|state| state.end_program(host, Err(format!("signal {signal}"))));
        return;
    }
    read(|state| state.act_for(Some(host)));
    // SAFETY: the calls touch no memory.
    let process = unsafe { crate::sys::syscall(libc::SYS_getpid, [0; 6]) };
    // SAFETY: as above.
    let thread = unsafe { crate::sys::syscall(libc::SYS_gettid, [0; 6]) };
    let arguments = [process as usize, thread as usize, signal as usize, 0, 0, 0];
    // SAFETY: the signal has a handler, which runs before the call returns.
    unsafe { crate::sys::syscall(libc::SYS_tgkill, arguments) };
    read(|state| state.act_for(None));
}

/// The host whose process has this number.
fn host_of(state: &State, process: pid_t) -> Option<HostId> {
    let mut hosts = state.hosts.iter().enumerate();
    let found =
        hosts.find(|(at, host)| host.is_up && process_number(HostId(*at), host.starts) == process);
    found.map(|(at, _)| HostId(at))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn kill(process: pid_t, signal: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [process as usize, signal as usize, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_kill, arguments) } as c_int;
    }
    let Some(host) = read(|state| host_of(state, process).filter(|&host| host == state.host()))
    else {
        return answer_int(Err::<isize, _>(Errno(libc::ESRCH)));
    };
    if signal != 0 {
        deliver_signal(host, signal);
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn raise(signal: c_int) -> c_int {
    if is_simulated() {
        deliver_signal(read(|state| state.host()), signal);
        return 0;
    }
    // SAFETY: the call touches no memory.
    let process = unsafe { crate::sys::syscall(libc::SYS_getpid, [0; 6]) };
    // SAFETY: as above.
    let thread = unsafe { crate::sys::syscall(libc::SYS_gettid, [0; 6]) };
    let arguments = [process as usize, thread as usize, signal as usize, 0, 0, 0];
    // SAFETY: as above.
    unsafe { real(libc::SYS_tgkill, arguments) as c_int }
}

/// There are no other programs in the simulated world.
fn not_here(what: &'static str) -> c_int {
    warn_of(what);
    libc::ENOSYS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fork() -> pid_t {
    static FORK: OriginalFunction = OriginalFunction::new(c"fork");
    if is_simulated() {
        return answer_int(Err::<isize, _>(Errno(not_here("fork"))));
    }
    // SAFETY: the C library's function of this name has this type.
    let fork = unsafe { std::mem::transmute::<usize, extern "C" fn() -> pid_t>(FORK.address()) };
    fork()
}

type SpawnFunction = unsafe extern "C" fn(
    *mut pid_t,
    *const c_char,
    *const c_void,
    *const c_void,
    *const *mut c_char,
    *const *mut c_char,
) -> c_int;

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_spawnp(
    process: *mut pid_t,
    file: *const c_char,
    actions: *const c_void,
    attributes: *const c_void,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    static SPAWN: OriginalFunction = OriginalFunction::new(c"posix_spawnp");
    if is_simulated() {
        return not_here("posix_spawnp");
    }
    // SAFETY: the C library's function of this name has this type.
    let spawn = unsafe { std::mem::transmute::<usize, SpawnFunction>(SPAWN.address()) };
    // SAFETY: the caller's promise.
    unsafe { spawn(process, file, actions, attributes, arguments, environment) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pidfd_spawnp(
    process: *mut pid_t,
    file: *const c_char,
    actions: *const c_void,
    attributes: *const c_void,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    static SPAWN: OriginalFunction = OriginalFunction::new(c"pidfd_spawnp");
    if is_simulated() {
        return not_here("pidfd_spawnp");
    }
    let Some(address) = SPAWN.find() else {
        return libc::ENOSYS;
    };
    // SAFETY: the C library's function of this name has this type.
    let spawn = unsafe { std::mem::transmute::<usize, SpawnFunction>(address) };
    // SAFETY: the caller's promise.
    unsafe { spawn(process, file, actions, attributes, arguments, environment) }
}
