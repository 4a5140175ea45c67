//! Calls of the C library as functions on numbers and slices: what they return, or the number of the error.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io::Error;
use std::mem::{size_of, size_of_val, zeroed};

/// What a call returns, or the number of its error.
pub(crate) type Outcome = Result<isize, i32>;

fn outcome(returned: isize) -> Outcome {
    if returned >= 0 {
        return Ok(returned);
    }
    Err(Error::last_os_error().raw_os_error().unwrap_or(0))
}

pub(crate) fn socket(domain: i32, kind: i32) -> Outcome {
    // SAFETY: the call touches no memory.
    outcome(unsafe { libc::socket(domain, kind, 0) } as isize)
}

pub(crate) fn close(descriptor: i32) -> Outcome {
    // SAFETY: the call touches no memory, and the scenarios own their descriptors.
    outcome(unsafe { libc::close(descriptor) } as isize)
}

pub(crate) fn dup(descriptor: i32) -> Outcome {
    // SAFETY: the call touches no memory.
    outcome(unsafe { libc::dup(descriptor) } as isize)
}

pub(crate) fn dup2(descriptor: i32, other: i32) -> Outcome {
    // SAFETY: the call touches no memory, and the scenarios own their descriptors.
    outcome(unsafe { libc::dup2(descriptor, other) } as isize)
}

pub(crate) fn control(descriptor: i32, command: i32, argument: i32) -> Outcome {
    // SAFETY: the scenarios use commands whose argument is a number.
    outcome(unsafe { libc::fcntl(descriptor, command, argument) } as isize)
}

/// An address of the own host.
pub(crate) fn inet(port: u16) -> Vec<u8> {
    inet_of([127, 0, 0, 1], port)
}

pub(crate) fn inet_of(ip: [u8; 4], port: u16) -> Vec<u8> {
    let mut bytes = (libc::AF_INET as u16).to_ne_bytes().to_vec();
    bytes.extend(port.to_be_bytes());
    bytes.extend(ip);
    bytes.extend([0; 8]);
    bytes
}

/// The same of the sixth version.
pub(crate) fn inet6(port: u16) -> Vec<u8> {
    let mut bytes = (libc::AF_INET6 as u16).to_ne_bytes().to_vec();
    bytes.extend(port.to_be_bytes());
    bytes.extend([0; 19]);
    bytes.push(1);
    bytes.extend([0; 4]);
    bytes
}

/// A local address; an abstract one begins with a zero.
pub(crate) fn local(name: &[u8]) -> Vec<u8> {
    let mut bytes = (libc::AF_UNIX as u16).to_ne_bytes().to_vec();
    bytes.extend(name);
    bytes
}

pub(crate) fn bind(descriptor: i32, address: &[u8]) -> Outcome {
    // SAFETY: the address has the length that is said.
    outcome(
        unsafe { libc::bind(descriptor, address.as_ptr().cast(), address.len() as u32) } as isize,
    )
}

pub(crate) fn connect(descriptor: i32, address: &[u8]) -> Outcome {
    // SAFETY: the address has the length that is said.
    outcome(
        unsafe { libc::connect(descriptor, address.as_ptr().cast(), address.len() as u32) }
            as isize,
    )
}

pub(crate) fn listen(descriptor: i32, backlog: i32) -> Outcome {
    // SAFETY: the call touches no memory.
    outcome(unsafe { libc::listen(descriptor, backlog) } as isize)
}

pub(crate) fn accept(descriptor: i32) -> Outcome {
    let none = std::ptr::null_mut();
    // SAFETY: the caller wants no address.
    outcome(unsafe { libc::accept4(descriptor, none, std::ptr::null_mut(), 0) } as isize)
}

pub(crate) fn shutdown(descriptor: i32, how: i32) -> Outcome {
    // SAFETY: the call touches no memory.
    outcome(unsafe { libc::shutdown(descriptor, how) } as isize)
}

type NameFunction = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut u32) -> i32;

fn name(function: NameFunction, descriptor: i32) -> Result<Vec<u8>, i32> {
    let mut room = [0_u8; 128];
    let mut length = 128;
    // SAFETY: the room has the length that is said.
    let returned = unsafe { function(descriptor, room.as_mut_ptr().cast(), &raw mut length) };
    outcome(returned as isize).map(|_| room[..(length as usize).min(128)].to_vec())
}

/// The own address.
pub(crate) fn own_name(descriptor: i32) -> Result<Vec<u8>, i32> {
    name(libc::getsockname, descriptor)
}

/// The address of the other end.
pub(crate) fn peer_name(descriptor: i32) -> Result<Vec<u8>, i32> {
    name(libc::getpeername, descriptor)
}

/// The port of a socket.
pub(crate) fn port(descriptor: i32) -> u16 {
    let name = own_name(descriptor).expect("a socket with an address");
    u16::from_be_bytes([name[2], name[3]])
}

pub(crate) fn receive(descriptor: i32, room: &mut [u8], flags: i32) -> Outcome {
    // SAFETY: the room has the length that is said.
    outcome(unsafe { libc::recv(descriptor, room.as_mut_ptr().cast(), room.len(), flags) })
}

pub(crate) fn send(descriptor: i32, bytes: &[u8], flags: i32) -> Outcome {
    let flags = flags | libc::MSG_NOSIGNAL;
    // SAFETY: the bytes have the length that is said.
    outcome(unsafe { libc::send(descriptor, bytes.as_ptr().cast(), bytes.len(), flags) })
}

pub(crate) fn send_to(descriptor: i32, bytes: &[u8], address: &[u8]) -> Outcome {
    let (to, length) = (address.as_ptr().cast(), address.len() as u32);
    // SAFETY: bytes and address have the lengths that are said.
    outcome(unsafe {
        libc::sendto(
            descriptor,
            bytes.as_ptr().cast(),
            bytes.len(),
            libc::MSG_NOSIGNAL,
            to,
            length,
        )
    })
}

pub(crate) fn read(descriptor: i32, room: &mut [u8]) -> Outcome {
    // SAFETY: the room has the length that is said.
    outcome(unsafe { libc::read(descriptor, room.as_mut_ptr().cast(), room.len()) })
}

pub(crate) fn write(descriptor: i32, bytes: &[u8]) -> Outcome {
    // SAFETY: the bytes have the length that is said.
    outcome(unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) })
}

/// The two ends of a pipe: the one that reads, the one that writes.
pub(crate) fn pipe(flags: i32) -> [i32; 2] {
    let mut ends = [0; 2];
    // SAFETY: room for two numbers.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), flags) }, 0);
    ends
}

pub(crate) fn pair(kind: i32) -> Result<[i32; 2], i32> {
    let mut ends = [0; 2];
    // SAFETY: room for two numbers.
    let returned = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    outcome(returned as isize).map(|_| ends)
}

pub(crate) fn counter(value: u32, flags: i32) -> Outcome {
    // SAFETY: the call touches no memory.
    outcome(unsafe { libc::eventfd(value, flags) } as isize)
}

/// What descriptors are ready for: how many are, and the events of each.
pub(crate) fn poll(wanted: &[(i32, i16)], timeout: i32) -> (Outcome, Vec<i16>) {
    let entry = |&(fd, events): &(i32, i16)| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    let mut all: Vec<_> = wanted.iter().map(entry).collect();
    // SAFETY: as many entries as are said.
    let returned = unsafe { libc::poll(all.as_mut_ptr(), all.len() as u64, timeout) };
    (
        outcome(returned as isize),
        all.iter().map(|one| one.revents).collect(),
    )
}

pub(crate) fn poller() -> i32 {
    // SAFETY: the call touches no memory.
    unsafe { libc::epoll_create1(0) }
}

pub(crate) fn watch(
    poller: i32,
    operation: i32,
    descriptor: i32,
    events: i32,
    data: u64,
) -> Outcome {
    let mut event = libc::epoll_event {
        events: events as u32,
        u64: data,
    };
    // SAFETY: the event is the caller's own.
    outcome(unsafe { libc::epoll_ctl(poller, operation, descriptor, &raw mut event) } as isize)
}

/// What a poller says, sorted by what it was given to say.
pub(crate) fn poll_all(poller: i32, limit: i32, timeout: i32) -> Result<Vec<(u64, u32)>, i32> {
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
    // SAFETY: there is room for 64 events, and no more are asked for.
    let returned = unsafe { libc::epoll_wait(poller, events.as_mut_ptr(), limit, timeout) };
    let count = outcome(returned as isize)? as usize;
    let mut ready: Vec<_> = events[..count]
        .iter()
        .map(|event| (event.u64, event.events))
        .collect();
    ready.sort_unstable();
    Ok(ready)
}

pub(crate) fn set_option<T>(descriptor: i32, level: i32, name: i32, value: &T) -> Outcome {
    let length = size_of_val(value) as u32;
    let value: *const c_void = std::ptr::from_ref(value).cast();
    // SAFETY: the value has the length that is said.
    outcome(unsafe { libc::setsockopt(descriptor, level, name, value, length) } as isize)
}

pub(crate) fn option(descriptor: i32, level: i32, name: i32) -> Outcome {
    let mut value = 0_i32;
    let mut length = size_of::<i32>() as u32;
    let room = (&raw mut value).cast();
    // SAFETY: room for a number.
    let returned = unsafe { libc::getsockopt(descriptor, level, name, room, &raw mut length) };
    outcome(returned as isize).map(|_| value as isize)
}

/// Bytes that can be read at once.
pub(crate) fn waiting(descriptor: i32) -> Outcome {
    let mut count = 0_i32;
    // SAFETY: room for a number.
    let returned = unsafe { libc::ioctl(descriptor, libc::FIONREAD, &raw mut count) };
    outcome(returned as isize).map(|_| count as isize)
}

/// A message with descriptors.
pub(crate) fn send_descriptors(descriptor: i32, bytes: &[u8], passed: &[i32]) -> Outcome {
    send_descriptors_to(descriptor, bytes, passed, &[])
}

/// A message with descriptors, to a name if it is not empty.
pub(crate) fn send_descriptors_to(
    descriptor: i32,
    bytes: &[u8],
    passed: &[i32],
    name: &[u8],
) -> Outcome {
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut room = [0_u64; 16];
    // SAFETY: all zero is a message.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if !name.is_empty() {
        message.msg_name = name.as_ptr().cast_mut().cast();
        message.msg_namelen = name.len() as u32;
    }
    if !passed.is_empty() {
        let length = size_of_val(passed) as u32;
        message.msg_control = room.as_mut_ptr().cast();
        // SAFETY: the function only counts.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(length) } as usize;
        // SAFETY: the message has room for a header.
        let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: as above.
        let header = unsafe { &mut *header };
        header.cmsg_level = libc::SOL_SOCKET;
        header.cmsg_type = libc::SCM_RIGHTS;
        // SAFETY: the function only counts.
        header.cmsg_len = unsafe { libc::CMSG_LEN(length) } as usize;
        // SAFETY: the data follow the header.
        let data = unsafe { libc::CMSG_DATA(header) };
        // SAFETY: there is room for them, as was said above.
        unsafe { std::ptr::copy_nonoverlapping(passed.as_ptr().cast(), data, length as usize) };
    }
    // SAFETY: the message and its parts live.
    outcome(unsafe { libc::sendmsg(descriptor, &raw const message, libc::MSG_NOSIGNAL) })
}

/// Receives a message: how long it was, the descriptors that came with it, its flags.
pub(crate) fn receive_descriptors(
    descriptor: i32,
    bytes: &mut [u8],
    control: usize,
    flags: i32,
) -> Result<(isize, Vec<i32>, i32), i32> {
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let mut room = [0_u64; 16];
    // SAFETY: all zero is a message.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = room.as_mut_ptr().cast();
    message.msg_controllen = control.min(size_of_val(&room));
    // SAFETY: the message and its parts live.
    let count = outcome(unsafe { libc::recvmsg(descriptor, &raw mut message, flags) })?;
    let mut passed = Vec::new();
    // SAFETY: what was received.
    let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    if !header.is_null() {
        // SAFETY: a header of the message.
        let length = unsafe { (*header).cmsg_len };
        // SAFETY: as above.
        let data = unsafe { libc::CMSG_DATA(header) }.cast::<i32>();
        // SAFETY: the function only counts.
        let begins = unsafe { libc::CMSG_LEN(0) } as usize;
        for at in 0..(length - begins) / size_of::<i32>() {
            // SAFETY: below the length of the data.
            let number = unsafe { data.add(at) };
            // SAFETY: as above.
            passed.push(unsafe { number.read_unaligned() });
        }
    }
    Ok((count, passed, message.msg_flags))
}

/// What calls say that are given no bytes, at no address.
pub(crate) fn without_bytes(descriptor: i32) -> [Outcome; 4] {
    let none = std::ptr::null_mut::<c_void>();
    // SAFETY: the calls touch no bytes.
    let read = outcome(unsafe { libc::read(descriptor, none, 0) });
    // SAFETY: as above.
    let written = outcome(unsafe { libc::write(descriptor, none, 0) });
    // SAFETY: as above.
    let sent = outcome(unsafe { libc::send(descriptor, none, 0, libc::MSG_NOSIGNAL) });
    // SAFETY: as above.
    let waited = outcome(unsafe { libc::poll(std::ptr::null_mut(), 0, 1) } as isize);
    [read, written, sent, waited]
}
