//! Event counters, pipes and pairs of sockets.
#![allow(unsafe_code)]

use libc::{c_int, c_uint};

use super::answer::{answer_int, real};
use crate::errno::Errno;
use crate::kernel::{Object, State, is_simulated, read};

#[unsafe(no_mangle)]
unsafe extern "C" fn eventfd(first: c_uint, flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [first as usize, flags as usize, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_eventfd2, arguments) } as c_int;
    }
    read(|state| {
        let object = Object::Counter {
            value: first.into(),
            is_semaphore: flags & libc::EFD_SEMAPHORE != 0,
        };
        state.open(object, flags & libc::EFD_NONBLOCK != 0)
    })
}

/// Two connected ends with their descriptors.
fn pair(state: &mut State, is_nonblocking: bool) -> [c_int; 2] {
    let host = state.host();
    let (one, two) = state.network.pair(host);
    [one, two].map(|end| {
        let descriptor = state.open(Object::Stream(end), is_nonblocking);
        let object = state.descriptors.get(descriptor).expect("just opened");
        if let Some(end) = state.network.endpoints.get_mut(&end) {
            end.object = Some(object);
        }
        descriptor
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pipe2(descriptors: *mut c_int, flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [descriptors as usize, flags as usize, 0, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pipe2, arguments) } as c_int;
    }
    let [reader, writer] = read(|state| {
        let ends = pair(state, flags & libc::O_NONBLOCK != 0);
        for (descriptor, is_reader) in [(ends[0], true), (ends[1], false)] {
            let object = state.descriptors.get(descriptor).expect("just opened");
            if let Object::Stream(end) = state.objects.get(object).object {
                let _shut = state.on_network(|network| network.shut_down(end, false, is_reader));
            }
        }
        ends
    });
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
    if domain != libc::AF_UNIX || kind & 0xf != libc::SOCK_STREAM {
        return answer_int(Err::<isize, _>(Errno(libc::EOPNOTSUPP)));
    }
    let pair = read(|state| pair(state, kind & libc::SOCK_NONBLOCK != 0));
    // SAFETY: the caller lends room for two numbers.
    unsafe { ends.cast::<[c_int; 2]>().write(pair) };
    0
}
