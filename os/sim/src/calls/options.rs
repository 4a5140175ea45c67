//! Options of sockets: those that the simulation acts on, and the others, which it remembers.
#![allow(unsafe_code)]

use libc::{c_int, c_void, socklen_t, timeval};

use super::answer::{answer_int, real};
use super::descriptors::is_ours;
use crate::errno::Errno;
use crate::host::process_number;
use crate::ids::ObjectId;
use crate::kernel::{Object, State, read};

/// Options that this network does not have, as an old kernel has them not.
const ABSENT: &[(c_int, c_int)] = &[
    (libc::SOL_UDP, libc::UDP_SEGMENT),
    (libc::SOL_UDP, libc::UDP_GRO),
    (libc::SOL_SOCKET, libc::SO_BINDTODEVICE),
];

/// Levels of options that there are.
const LEVELS: &[c_int] = &[
    libc::SOL_SOCKET,
    libc::IPPROTO_IP,
    libc::IPPROTO_IPV6,
    libc::IPPROTO_TCP,
    libc::SOL_UDP,
];

/// Whether there is such an option of this object.
fn check(state: &mut State, id: ObjectId, option: (c_int, c_int)) -> Result<(), Errno> {
    let is_socket = matches!(
        state.objects.get(id).object,
        Object::Socket | Object::Stream(_) | Object::Listener | Object::Datagram
    );
    if !is_socket {
        return Err(Errno(libc::ENOTSOCK));
    }
    // No level has more than these.
    let is_known = LEVELS.contains(&option.0) && option.1 < 256;
    if ABSENT.contains(&option) || !is_known {
        return Err(Errno(libc::ENOPROTOOPT));
    }
    Ok(())
}

/// Who a process is, as C has it: its number, its user, its group.
fn credentials(process: c_int) -> Vec<u8> {
    // SAFETY: the calls touch no memory.
    let user = unsafe { libc::getuid() };
    // SAFETY: as above.
    let group = unsafe { libc::getgid() };
    let process = process.to_ne_bytes();
    [process, user.to_ne_bytes(), group.to_ne_bytes()].concat()
}

fn set(
    state: &mut State,
    descriptor: c_int,
    option: (c_int, c_int),
    value: &[u8],
) -> Result<c_int, Errno> {
    let id = state.descriptors.get(descriptor)?;
    check(state, id, option)?;
    let open = state.objects.get(id);
    if value.len() < size_of::<c_int>() && option.0 != libc::IPPROTO_IP {
        return Err(Errno(libc::EINVAL));
    }
    let way = match option {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO) => Some(0),
        (libc::SOL_SOCKET, libc::SO_SNDTIMEO) => Some(1),
        _ => None,
    };
    if let Some(way) = way {
        if value.len() < size_of::<timeval>() {
            return Err(Errno(libc::EINVAL));
        }
        // SAFETY: long enough, and any bytes are a time.
        let time = unsafe { value.as_ptr().cast::<timeval>().read_unaligned() };
        let nanoseconds = time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
        open.limits[way] = (nanoseconds != 0).then_some(nanoseconds);
    }
    open.options.insert(option, value.to_vec());
    Ok(0)
}

fn get(state: &mut State, descriptor: c_int, option: (c_int, c_int)) -> Result<Vec<u8>, Errno> {
    let id = state.descriptors.get(descriptor)?;
    let number = |number: c_int| Ok(number.to_ne_bytes().to_vec());
    check(state, id, option)?;
    let host = state.host();
    let starts = state.hosts[host.0].starts;
    let open = state.objects.get(id);
    let domain = open.domain;
    let is_datagram = matches!(open.object, Object::Datagram);
    match option {
        (libc::SOL_SOCKET, libc::SO_ERROR) => {
            let error = match open.object {
                Object::Stream(end) => state
                    .network
                    .endpoints
                    .get_mut(&end)
                    .and_then(|end| end.error.take()),
                Object::Datagram => state
                    .network
                    .datagrams
                    .get_mut(&id)
                    .and_then(|socket| socket.error.take()),
                _ => None,
            };
            number(error.map_or(0, |error| error.0))
        }
        (libc::SOL_SOCKET, libc::SO_TYPE) => {
            let socket = state.network.datagrams.get(&id);
            number(match socket {
                Some(socket) if socket.is_sequenced => libc::SOCK_SEQPACKET,
                Some(_) => libc::SOCK_DGRAM,
                None => libc::SOCK_STREAM,
            })
        }
        (libc::SOL_SOCKET, libc::SO_DOMAIN) => number(domain),
        (libc::SOL_SOCKET, libc::SO_PROTOCOL) => number(match (domain, is_datagram) {
            (libc::AF_UNIX, _) => 0,
            (_, true) => libc::IPPROTO_UDP,
            (_, false) => libc::IPPROTO_TCP,
        }),
        // Whoever is at the other end is of the same host, and so the same process.
        (libc::SOL_SOCKET, libc::SO_PEERCRED) if domain == libc::AF_UNIX => {
            Ok(credentials(process_number(host, starts)))
        }
        (libc::IPPROTO_IP, libc::IP_TTL) if !open.options.contains_key(&option) => number(64),
        (libc::SOL_SOCKET, libc::SO_ACCEPTCONN) => {
            number(matches!(open.object, Object::Listener).into())
        }
        (libc::SOL_SOCKET, libc::SO_RCVBUF | libc::SO_SNDBUF) => {
            // The system doubles what is asked for, because of what it needs itself.
            let set = open
                .options
                .get(&option)
                .and_then(|value| value.first_chunk());
            let set = set.map(|&bytes| c_int::from_ne_bytes(bytes).saturating_mul(2));
            number(set.unwrap_or(212_992))
        }
        option => {
            let set = open.options.get(&option).cloned();
            Ok(set.unwrap_or_else(|| default_of(option)))
        }
    }
}

/// What an option is before anybody sets it.
fn default_of(option: (c_int, c_int)) -> Vec<u8> {
    match option {
        (libc::SOL_SOCKET, libc::SO_LINGER) => vec![0; size_of::<libc::linger>()],
        (libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP)
        | (libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP) => c_int::from(true).to_ne_bytes().into(),
        _ => vec![0; 4],
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn setsockopt(
    descriptor: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    length: socklen_t,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            level as usize,
            name as usize,
            value as usize,
            length as usize,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_setsockopt, arguments) } as c_int;
    }
    let value = if value.is_null() {
        &[]
    } else {
        // SAFETY: the caller lends these bytes.
        unsafe { std::slice::from_raw_parts(value.cast::<u8>(), length as usize) }
    };
    answer_int(
        read(|state| set(state, descriptor, (level, name), value)).map(|value| value as isize),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    descriptor: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            level as usize,
            name as usize,
            value as usize,
            length as usize,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_getsockopt, arguments) } as c_int;
    }
    let found = read(|state| get(state, descriptor, (level, name)));
    answer_int(found.map(|bytes| {
        // SAFETY: the caller's pointer is one to a length.
        let count = bytes.len().min(unsafe { *length } as usize);
        // SAFETY: the caller lends so many bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), value.cast(), count) };
        // SAFETY: as above.
        unsafe { *length = count as socklen_t };
        0_isize
    }))
}
