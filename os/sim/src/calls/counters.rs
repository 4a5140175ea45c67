//! Event counters, pipes and pairs of sockets.
#![allow(unsafe_code)]

use libc::{c_int, c_uint};

use super::answer::{answer_int, real};
use super::datagrams::unspecified;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Object, State, is_simulated, read};
use crate::network::DatagramSocket;

#[unsafe(no_mangle)]
unsafe extern "C" fn eventfd(first: c_uint, flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [first as usize, flags as usize, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_eventfd2, arguments) } as c_int;
    }
    if flags & !(libc::EFD_SEMAPHORE | libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) != 0 {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    read(|state| {
        let object = Object::Counter {
            value: first.into(),
            is_semaphore: flags & libc::EFD_SEMAPHORE != 0,
        };
        state.open(object, flags)
    })
}

/// Two connected ends with their descriptors.
fn pair(state: &mut State, kind: c_int) -> [c_int; 2] {
    let host = state.host();
    if kind & 0xf != libc::SOCK_STREAM {
        return pair_of_datagrams(state, kind);
    }
    let (one, two) = state.network.pair(host);
    [one, two].map(|end| {
        let (descriptor, object) = open_local(state, Object::Stream(end), kind);
        if let Some(end) = state.network.endpoints.get_mut(&end) {
            end.object = Some(object);
        }
        descriptor
    })
}

fn open_local(state: &mut State, object: Object, flags: c_int) -> (c_int, ObjectId) {
    let descriptor = state.open(object, flags);
    let object = state.descriptors.get(descriptor).expect("just opened");
    state.objects.get(object).domain = libc::AF_UNIX;
    (descriptor, object)
}

fn pair_of_datagrams(state: &mut State, kind: c_int) -> [c_int; 2] {
    let host = state.host();
    let ends = [(); 2].map(|()| open_local(state, Object::Datagram, kind));
    for (own, other) in [(0, 1), (1, 0)] {
        let mut socket = DatagramSocket::new(host, unspecified(libc::AF_UNIX));
        socket.peer = Some(ends[other].1);
        socket.remote = Some(unspecified(libc::AF_UNIX));
        socket.is_sequenced = kind & 0xf == libc::SOCK_SEQPACKET;
        state.network.datagrams.insert(ends[own].1, socket);
    }
    ends.map(|(descriptor, _)| descriptor)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pipe2(descriptors: *mut c_int, flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [descriptors as usize, flags as usize, 0, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pipe2, arguments) } as c_int;
    }
    if flags & !(libc::O_NONBLOCK | libc::O_CLOEXEC) != 0 {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    let [reader, writer] = read(|state| state.open_pipe(flags));
    // SAFETY: the caller lends room for two numbers.
    unsafe { descriptors.cast::<[c_int; 2]>().write([reader, writer]) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pipe(descriptors: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { pipe2(descriptors, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn socketpair(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    ends: *mut c_int,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            domain as usize,
            kind as usize,
            protocol as usize,
            ends as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_socketpair, arguments) } as c_int;
    }
    let is_known = matches!(
        kind & 0xf,
        libc::SOCK_STREAM | libc::SOCK_DGRAM | libc::SOCK_SEQPACKET
    );
    if domain != libc::AF_UNIX || !is_known {
        return answer_int(Err::<isize, _>(Errno(libc::EOPNOTSUPP)));
    }
    let pair = read(|state| pair(state, kind));
    // SAFETY: the caller lends room for two numbers.
    unsafe { ends.cast::<[c_int; 2]>().write(pair) };
    0
}
