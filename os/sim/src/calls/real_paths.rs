//! Paths that the real kernel answers, even on a simulated thread.
//!
//! Idea        A stack trace is made by reading the program's own file and the libraries that it has loaded, through mappings. These
//!             files are the program itself, so they are opened for real, and only for reading. Devices without a state are, too.
//! Invariant   Nothing here enters the simulated kernel: the loader's lock may be held, so the turn must not be given away.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::OnceLock;

use libc::{c_int, c_void, dl_phdr_info};

use crate::sys;

/// What the system says of this process, as far as stack traces need it.
const OWN: &[&[u8]] = &[b"/proc/self/exe", b"/proc/self/maps"];
/// Devices that are the same for everyone.
const DEVICES: &[&[u8]] = &[b"/dev/full", b"/dev/null", b"/dev/zero"];

/// The program and the libraries that it has loaded.
static LOADED: OnceLock<Vec<Vec<u8>>> = OnceLock::new();

/// Whether the path is of the kind of `/proc/self/exe`.
pub(super) fn is_own(path: &[u8]) -> bool {
    OWN.contains(&path)
}

/// Whether the real kernel opens this.
pub(super) fn is_real(path: &[u8], flags: c_int) -> bool {
    if is_own(path) || DEVICES.contains(&path) {
        return true;
    }
    let changes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_DIRECTORY;
    path.starts_with(b"/")
        && flags & changes == libc::O_RDONLY
        && loaded().iter().any(|name| name == path)
}

fn loaded() -> &'static [Vec<u8>] {
    LOADED.get_or_init(|| {
        let mut names = vec![own_path()];
        // SAFETY: the function is one that the call asks for, and the list lives until it returns.
        unsafe { libc::dl_iterate_phdr(Some(add_name), (&raw mut names).cast()) };
        names
    })
}

/// The path of the program's own file.
fn own_path() -> Vec<u8> {
    let mut path = vec![0; libc::PATH_MAX as usize];
    let arguments = [
        libc::AT_FDCWD as usize,
        c"/proc/self/exe".as_ptr() as usize,
        path.as_mut_ptr() as usize,
        path.len(),
        0,
        0,
    ];
    // SAFETY: the path is a text, the room is as long as is said.
    let length = unsafe { sys::syscall(libc::SYS_readlinkat, arguments) };
    path.truncate(usize::try_from(length).unwrap_or(0));
    path
}

unsafe extern "C" fn add_name(info: *mut dl_phdr_info, _size: usize, names: *mut c_void) -> c_int {
    // SAFETY: `loaded` passes its list.
    let names = unsafe { &mut *names.cast::<Vec<Vec<u8>>>() };
    // SAFETY: the loader passes a valid entry.
    let name = unsafe { (*info).dlpi_name };
    if !name.is_null() {
        // SAFETY: a name is a text.
        names.push(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec());
    }
    0
}
