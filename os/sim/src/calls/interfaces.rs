//! The addresses that a host has.
#![allow(unsafe_code)]

use std::ffi::c_char;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use libc::{c_int, c_uint, ifaddrs, sockaddr};

use super::socket_address;
use crate::kernel::{is_simulated, read};
use crate::network::Address;
use crate::sys::OriginalFunction;

/// An entry and what it points to: the entry first, so that its address is that of all.
#[repr(C)]
struct Interface {
    entry: ifaddrs,
    name: [c_char; 8],
    address: [u64; 8],
    mask: [u64; 8],
}

fn place(room: &mut [u64; 8], ip: IpAddr) -> *mut sockaddr {
    let bytes = socket_address::bytes(&Address::Inet(SocketAddr::new(ip, 0)));
    for (word, part) in room.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..part.len()].copy_from_slice(part);
        *word = u64::from_ne_bytes(whole);
    }
    room.as_mut_ptr().cast()
}

fn interface(name: &str, ip: IpAddr, next: *mut ifaddrs) -> *mut ifaddrs {
    let flags = if ip.is_loopback() {
        libc::IFF_UP | libc::IFF_RUNNING | libc::IFF_LOOPBACK
    } else {
        libc::IFF_UP | libc::IFF_RUNNING
    };
    // SAFETY: all zero is an entry without anything.
    let entry: ifaddrs = unsafe { std::mem::zeroed() };
    let mut made = Box::new(Interface {
        entry,
        name: [0; 8],
        address: [0; 8],
        mask: [0; 8],
    });
    for (to, from) in made.name.iter_mut().zip(name.bytes()) {
        *to = from as c_char;
    }
    let mask = match ip {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::new(255, 0, 0, 0)),
        IpAddr::V6(_) => IpAddr::from([0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0_u16]),
    };
    made.entry.ifa_addr = place(&mut made.address, ip);
    made.entry.ifa_netmask = place(&mut made.mask, mask);
    made.entry.ifa_name = made.name.as_mut_ptr();
    made.entry.ifa_flags = flags as c_uint;
    made.entry.ifa_next = next;
    Box::into_raw(made).cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getifaddrs(found: *mut *mut ifaddrs) -> c_int {
    static REAL: OriginalFunction = OriginalFunction::new(c"getifaddrs");
    type Function = unsafe extern "C" fn(*mut *mut ifaddrs) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let real = unsafe { std::mem::transmute::<usize, Function>(REAL.address()) };
        // SAFETY: the caller's promise.
        return unsafe { real(found) };
    }
    let addresses = read(|state| state.hosts[state.host().0].addresses.clone());
    let mut first = std::ptr::null_mut();
    for ip in addresses.into_iter().rev() {
        first = interface("eth0", ip, first);
    }
    first = interface("lo", Ipv4Addr::LOCALHOST.into(), first);
    // SAFETY: the caller's pointer is one to room for the result.
    unsafe { found.write(first) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeifaddrs(first: *mut ifaddrs) {
    static REAL: OriginalFunction = OriginalFunction::new(c"freeifaddrs");
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let real = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(*mut ifaddrs)>(REAL.address())
        };
        // SAFETY: the caller's promise.
        unsafe { real(first) };
        return;
    }
    let mut next = first;
    while !next.is_null() {
        // SAFETY: a simulated thread has entries of `interface` only, each of which is freed once.
        let made = unsafe { Box::from_raw(next.cast::<Interface>()) };
        next = made.entry.ifa_next;
    }
}
