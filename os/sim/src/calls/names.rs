//! Names of hosts: those of the world, and numbers.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use libc::{addrinfo, c_int, c_void, sockaddr, socklen_t};

use super::socket_address;
use crate::kernel::{is_simulated, read};
use crate::network::Address;
use crate::sys::OriginalFunction;

/// What stands behind an entry that this file made: the entry first, so that its address is that of both.
#[repr(C)]
struct Entry {
    info: addrinfo,
    address: [u64; 8],
}

fn lookup(name: Option<&str>, wants_all: bool) -> Vec<IpAddr> {
    let Some(name) = name else {
        let ip = if wants_all {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        return vec![ip.into()];
    };
    if let Ok(ip) = name.parse() {
        return vec![ip];
    }
    if name == "localhost" {
        return vec![Ipv4Addr::LOCALHOST.into()];
    }
    read(|state| {
        let host = state.hosts.iter().find(|host| host.name == name);
        host.map(|host| host.addresses.clone()).unwrap_or_default()
    })
}

fn entry(address: SocketAddr, kind: c_int, protocol: c_int, next: *mut addrinfo) -> *mut addrinfo {
    let bytes = socket_address::bytes(&Address::Inet(address));
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let entry = Entry {
        info: addrinfo {
            ai_flags: 0,
            ai_family: family,
            ai_socktype: kind,
            ai_protocol: protocol,
            ai_addrlen: bytes.len() as socklen_t,
            ai_addr: std::ptr::null_mut(),
            ai_canonname: std::ptr::null_mut(),
            ai_next: next,
        },
        address: [0; 8],
    };
    let entry = Box::into_raw(Box::new(entry));
    // SAFETY: the entry was just made, and has room for the longest address.
    let room = unsafe { (&raw mut (*entry).address).cast::<u8>() };
    // SAFETY: as above.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len()) };
    // SAFETY: as above.
    unsafe { (*entry).info.ai_addr = room.cast::<sockaddr>() };
    entry.cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    found: *mut *mut addrinfo,
) -> c_int {
    static REAL: OriginalFunction = OriginalFunction::new(c"getaddrinfo");
    type LookupFunction = unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const addrinfo,
        *mut *mut addrinfo,
    ) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let real = unsafe { std::mem::transmute::<usize, LookupFunction>(REAL.address()) };
        // SAFETY: the caller's promise.
        return unsafe { real(node, service, hints, found) };
    }
    // SAFETY: the caller's pointers are none, or to texts.
    let text = |at: *const c_char| (!at.is_null()).then(|| unsafe { CStr::from_ptr(at) });
    let port = text(service).and_then(|service| service.to_str().ok()?.parse::<u16>().ok());
    // SAFETY: the caller's pointer is none, or to hints.
    let hints = unsafe { hints.as_ref() };
    let (family, kind, flags) = hints.map_or((0, 0, 0), |hints| {
        (hints.ai_family, hints.ai_socktype, hints.ai_flags)
    });
    let name = match text(node).map(CStr::to_str) {
        Some(Ok(name)) => Some(name),
        Some(Err(_)) => return libc::EAI_NONAME,
        None => None,
    };
    let addresses = lookup(name, flags & libc::AI_PASSIVE != 0);
    let mut first = std::ptr::null_mut();
    for ip in addresses.into_iter().rev() {
        let fits = match family {
            libc::AF_INET => ip.is_ipv4(),
            libc::AF_INET6 => ip.is_ipv6(),
            _ => true,
        };
        let kind = if kind == 0 { libc::SOCK_STREAM } else { kind };
        if fits {
            let address = SocketAddr::new(ip, port.unwrap_or(0));
            first = entry(
                address,
                kind,
                hints.map_or(0, |hints| hints.ai_protocol),
                first,
            );
        }
    }
    if first.is_null() {
        return libc::EAI_NONAME;
    }
    // SAFETY: the caller's pointer is one to room for the result.
    unsafe { found.write(first) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(first: *mut addrinfo) {
    static REAL: OriginalFunction = OriginalFunction::new(c"freeaddrinfo");
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let real = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(*mut addrinfo)>(REAL.address())
        };
        // SAFETY: the caller's promise.
        unsafe { real(first) };
        return;
    }
    let mut next = first;
    while !next.is_null() {
        // SAFETY: a simulated thread has entries of `entry` only, each of which is freed once.
        let entry = unsafe { Box::from_raw(next.cast::<Entry>()) };
        next = entry.info.ai_next;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gethostname(name: *mut c_char, length: usize) -> c_int {
    static REAL: OriginalFunction = OriginalFunction::new(c"gethostname");
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let real = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(*mut c_char, usize) -> c_int>(
                REAL.address(),
            )
        };
        // SAFETY: the caller's promise.
        return unsafe { real(name, length) };
    }
    let own = read(|state| state.hosts[state.host().0].name.clone());
    // SAFETY: the caller lends these bytes.
    let room =
        unsafe { std::slice::from_raw_parts_mut(name.cast::<c_void>().cast::<u8>(), length) };
    let count = own.len().min(length.saturating_sub(1));
    room[..count].copy_from_slice(&own.as_bytes()[..count]);
    if let Some(end) = room.get_mut(count) {
        *end = 0;
    }
    0
}
