//! What the system says of itself: the same everywhere, so that programs choose the same ways.
#![allow(unsafe_code)]

use std::ffi::c_char;

use libc::{c_int, utsname};

use super::answer::real;
use crate::kernel::{is_simulated, read};

/// The kernel that the simulation plays: what the simulated calls can do is what this one could, and more.
const RELEASE: &str = "6.1.0-selkie-sim";

fn fill(room: &mut [c_char], text: &str) {
    room.fill(0);
    let last = room.len() - 1;
    for (to, from) in room[..last].iter_mut().zip(text.bytes()) {
        *to = from as c_char;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn uname(name: *mut utsname) -> c_int {
    // SAFETY: the caller lends the room.
    let result = unsafe { real(libc::SYS_uname, [name as usize, 0, 0, 0, 0, 0]) };
    if result == 0 && is_simulated() {
        let host = read(|state| state.hosts[state.host().0].name.clone());
        // SAFETY: the system has filled it.
        let name = unsafe { &mut *name };
        fill(&mut name.nodename, &host);
        fill(&mut name.release, RELEASE);
        fill(&mut name.version, "#1");
    }
    result as c_int
}
