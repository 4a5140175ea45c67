//! How many processors there are, and which process and thread this is.
#![allow(unsafe_code)]

use libc::{c_int, c_long, cpu_set_t, pid_t};

use super::answer::real;
use crate::host::process_number;
use crate::kernel::{is_simulated, read};
use crate::sys::OriginalFunction;

/// The number of the first simulated thread.
pub(super) const FIRST_THREAD: i32 = 1_000_000;

fn processors() -> usize {
    read(|state| state.hosts[state.host().0].processors)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sched_getaffinity(process: pid_t, size: usize, set: *mut cpu_set_t) -> c_int {
    if !is_simulated() {
        let arguments = [process as usize, size, set as usize, 0, 0, 0];
        // SAFETY: the caller's promise.
        let returned = unsafe { real(libc::SYS_sched_getaffinity, arguments) };
        return returned.min(0) as c_int;
    }
    // SAFETY: the caller lends these bytes.
    let set = unsafe { std::slice::from_raw_parts_mut(set.cast::<u8>(), size) };
    set.fill(0);
    for processor in 0..processors().min(size * 8) {
        set[processor / 8] |= 1 << (processor % 8);
    }
    0
}

/// The processor that the thread is on: always the first, since one thread runs at a time.
#[unsafe(no_mangle)]
unsafe extern "C" fn sched_getcpu() -> c_int {
    if is_simulated() {
        return 0;
    }
    let mut processor = 0_u32;
    let arguments = [(&raw mut processor) as usize, 0, 0, 0, 0, 0];
    // SAFETY: the call writes one number of this function's own.
    let returned = unsafe { real(libc::SYS_getcpu, arguments) };
    if returned < 0 { -1 } else { processor as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sysconf(name: c_int) -> c_long {
    static SYSCONF: OriginalFunction = OriginalFunction::new(c"sysconf");
    let counts = matches!(
        name,
        libc::_SC_NPROCESSORS_ONLN | libc::_SC_NPROCESSORS_CONF
    );
    if is_simulated() && counts {
        return processors() as c_long;
    }
    // SAFETY: the C library's function of this name has this type.
    let sysconf = unsafe {
        std::mem::transmute::<usize, unsafe extern "C" fn(c_int) -> c_long>(SYSCONF.address())
    };
    // SAFETY: any number is allowed.
    unsafe { sysconf(name) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getpid() -> pid_t {
    if !is_simulated() {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_getpid, [0; 6]) } as pid_t;
    }
    read(|state| process_number(state.host(), state.hosts[state.host().0].starts))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gettid() -> pid_t {
    if !is_simulated() {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_gettid, [0; 6]) } as pid_t;
    }
    read(|state| FIRST_THREAD + state.current.0 as i32)
}
