//! Addresses of sockets as C has them.
#![allow(unsafe_code)]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use libc::{sa_family_t, sockaddr, sockaddr_in, sockaddr_in6, socklen_t};

use crate::errno::Errno;
use crate::network::Address;

/// Where the path of a local socket's address begins.
const PATH: usize = size_of::<sa_family_t>();

/// The address that a caller gives; none if there is none.
///
/// # Safety
/// `address` is null, or has `length` bytes.
pub(super) unsafe fn read(
    address: *const sockaddr,
    length: socklen_t,
) -> Result<Option<Address>, Errno> {
    if address.is_null() || (length as usize) < PATH {
        return Ok(None);
    }
    let length = length as usize;
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(address.cast::<u8>(), length) };
    // SAFETY: long enough for the family.
    let family = unsafe { address.cast::<sa_family_t>().read_unaligned() };
    match i32::from(family) {
        libc::AF_INET if length >= size_of::<sockaddr_in>() => {
            // SAFETY: long enough, and any bytes are an address.
            let read = unsafe { address.cast::<sockaddr_in>().read_unaligned() };
            let ip = Ipv4Addr::from(u32::from_be(read.sin_addr.s_addr));
            let address = SocketAddrV4::new(ip, u16::from_be(read.sin_port));
            Ok(Some(Address::Inet(SocketAddr::V4(address))))
        }
        libc::AF_INET6 if length >= size_of::<sockaddr_in6>() => {
            // SAFETY: long enough, and any bytes are an address.
            let read = unsafe { address.cast::<sockaddr_in6>().read_unaligned() };
            let ip = Ipv6Addr::from(read.sin6_addr.s6_addr);
            let address =
                SocketAddrV6::new(ip, u16::from_be(read.sin6_port), 0, read.sin6_scope_id);
            Ok(Some(Address::Inet(SocketAddr::V6(address))))
        }
        libc::AF_UNIX => {
            let path = &bytes[PATH..];
            let is_abstract = path.first() == Some(&0);
            let end = path
                .iter()
                .position(|&byte| byte == 0)
                .filter(|_| !is_abstract);
            Ok(Some(Address::Unix(
                path[..end.unwrap_or(path.len())].to_vec(),
            )))
        }
        libc::AF_INET | libc::AF_INET6 => Err(Errno(libc::EINVAL)),
        libc::AF_UNSPEC => Ok(None),
        _ => Err(Errno(libc::EAFNOSUPPORT)),
    }
}

/// The bytes of an address.
pub(super) fn bytes(address: &Address) -> Vec<u8> {
    fn of<T>(value: &T) -> Vec<u8> {
        // SAFETY: addresses of C are plain numbers without gaps.
        let bytes = unsafe {
            std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>())
        };
        bytes.to_vec()
    }
    match address {
        Address::Inet(SocketAddr::V4(address)) => {
            // SAFETY: all zero is an address.
            let mut value: sockaddr_in = unsafe { std::mem::zeroed() };
            value.sin_family = libc::AF_INET as sa_family_t;
            value.sin_port = address.port().to_be();
            value.sin_addr.s_addr = u32::from(*address.ip()).to_be();
            of(&value)
        }
        Address::Inet(SocketAddr::V6(address)) => {
            // SAFETY: all zero is an address.
            let mut value: sockaddr_in6 = unsafe { std::mem::zeroed() };
            value.sin6_family = libc::AF_INET6 as sa_family_t;
            value.sin6_port = address.port().to_be();
            value.sin6_addr.s6_addr = address.ip().octets();
            value.sin6_scope_id = address.scope_id();
            of(&value)
        }
        Address::Unix(path) => {
            let mut bytes = (libc::AF_UNIX as sa_family_t).to_ne_bytes().to_vec();
            bytes.extend_from_slice(path);
            if path.first().is_some_and(|&first| first != 0) {
                bytes.push(0);
            }
            bytes
        }
    }
}

/// Gives a caller an address, as much of it as there is room for.
///
/// # Safety
/// `address` is null, or has room for the bytes that `length` says.
pub(super) unsafe fn write(from: &Address, address: *mut sockaddr, length: *mut socklen_t) {
    if address.is_null() || length.is_null() {
        return;
    }
    let bytes = bytes(from);
    // SAFETY: the caller's promise.
    let room = unsafe { *length } as usize;
    let count = room.min(bytes.len());
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address.cast(), count) };
    // SAFETY: the caller's promise.
    unsafe { *length = bytes.len() as socklen_t };
}
