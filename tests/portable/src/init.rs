//! What the first process of a guest does besides running the cases: it mounts file systems, and powers the machine off.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io::Write;
use std::path::Path;

/// Mounts what the suite looks at and raises the loopback interface.
pub(crate) fn prepare() {
    for (kind, place) in [
        (c"proc", c"/proc"),
        (c"sysfs", c"/sys"),
        (c"devtmpfs", c"/dev"),
        (c"tmpfs", c"/tmp"),
    ] {
        mount(kind, place);
    }
    // Not every kernel has it.
    if Path::new("/sys/kernel/config").exists() {
        mount(c"configfs", c"/sys/kernel/config");
    }
    raise_loopback();
}

fn mount(kind: &CStr, place: &CStr) {
    let _exists = std::fs::create_dir_all(place.to_str().expect("ASCII"));
    // SAFETY: the strings end with zero and outlive the call; there is no data.
    let status = unsafe {
        libc::mount(
            kind.as_ptr(),
            place.as_ptr(),
            kind.as_ptr(),
            0,
            std::ptr::null(),
        )
    };
    if status != 0 {
        let error = std::io::Error::last_os_error();
        println!("not mounted: {place:?}: {error}");
    }
}

fn raise_loopback() {
    // SAFETY: no pointers.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    assert!(socket >= 0, "no socket for the loopback interface");
    // SAFETY: all zero is a valid value of the C structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request outlives the call and is of the kind that the command wants.
    let status = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS as _, &raw const request) };
    if status != 0 {
        let error = std::io::Error::last_os_error();
        println!("the loopback interface is down: {error}");
    }
    // SAFETY: the descriptor is ours and is not used again.
    unsafe { libc::close(socket) };
}

/// Tells the status on the console and powers the machine off.
pub(crate) fn power_off(status: u8) -> ! {
    println!("exit status: {status}");
    let _console_gone = std::io::stdout().flush();
    // SAFETY: no pointers.
    unsafe { libc::sync() };
    // SAFETY: no pointers; it does not return when it works.
    unsafe { libc::reboot(libc::RB_POWER_OFF) };
    loop {
        std::thread::park();
    }
}
