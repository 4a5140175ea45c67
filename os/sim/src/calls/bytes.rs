//! Bytes in and out of whatever a descriptor stands for.

use libc::c_int;

use super::answer::answer;
use super::datagrams;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Channel, Object, State, Step, call};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

/// Makes a call on a descriptor that may have to wait: until it says something other than `EAGAIN`.
pub(super) fn on_descriptor<T>(
    descriptor: c_int,
    direction: Direction,
    never_waits: bool,
    mut attempt: impl FnMut(&mut State, ObjectId) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut until = None;
    call(|state| {
        let object = match state.descriptors.get(descriptor) {
            Ok(object) => object,
            Err(error) => return Step::Done(Err(error)),
        };
        let timed_out = until.is_some() && state.timed_out();
        let result = attempt(state, object);
        if !matches!(result, Err(Errno(libc::EAGAIN))) {
            return Step::Done(result);
        }
        let now = state.now;
        let open = state.objects.get(object);
        if never_waits || open.is_nonblocking || timed_out {
            return Step::Done(result);
        }
        let limit = open.limits[usize::from(direction == Direction::Out)];
        until = until.or(limit.map(|limit| now.saturating_add(limit)));
        let channels = vec![Channel::Object(object)];
        Step::Wait { channels, until }
    })
}

/// Receives into `buffer`.
pub(super) fn receive(
    state: &mut State,
    object: ObjectId,
    buffer: &mut [u8],
    peeks: bool,
) -> Result<usize, Errno> {
    match &mut state.objects.get(object).object {
        Object::Counter {
            value,
            is_semaphore,
        } => {
            let room = buffer.first_chunk_mut::<8>().ok_or(Errno(libc::EINVAL))?;
            if *value == 0 {
                return Err(Errno(libc::EAGAIN));
            }
            let taken = if *is_semaphore { 1 } else { *value };
            *value -= taken;
            *room = taken.to_ne_bytes();
            state.changed(object);
            Ok(8)
        }
        &mut Object::Stream(end) => state.on_network(|network| network.receive(end, buffer, peeks)),
        Object::Datagram => {
            datagrams::receive(state, object, buffer, peeks).map(|(count, ..)| count)
        }
        Object::Entropy => {
            state.fill_random(buffer);
            Ok(buffer.len())
        }
        Object::File(_) => Err(Errno(libc::ENOTSOCK)),
        Object::Socket { .. } => Err(Errno(libc::ENOTCONN)),
        Object::Poller(_) | Object::Listener => Err(Errno(libc::EINVAL)),
    }
}

/// Sends `bytes`.
pub(super) fn send(state: &mut State, object: ObjectId, bytes: &[u8]) -> Result<usize, Errno> {
    match &mut state.objects.get(object).object {
        Object::Counter { value, .. } => {
            let added = bytes.first_chunk::<8>().ok_or(Errno(libc::EINVAL))?;
            let sum = value.checked_add(u64::from_ne_bytes(*added));
            *value = sum
                .filter(|&sum| sum < u64::MAX)
                .ok_or(Errno(libc::EAGAIN))?;
            state.changed(object);
            Ok(8)
        }
        &mut Object::Stream(end) => state.on_network(|network| network.send(end, bytes)),
        Object::Datagram => datagrams::send(state, object, None, bytes),
        Object::Entropy => Ok(bytes.len()),
        Object::File(_) => Err(Errno(libc::ENOTSOCK)),
        Object::Socket { .. } => Err(Errno(libc::ENOTCONN)),
        Object::Poller(_) | Object::Listener => Err(Errno(libc::EINVAL)),
    }
}

fn never_waits(flags: c_int) -> bool {
    flags & libc::MSG_DONTWAIT != 0
}

/// Sends `bytes`, all of them where the call may wait.
pub(super) fn send_all(descriptor: c_int, bytes: &[u8], flags: c_int) -> isize {
    let mut sent = 0;
    let result = on_descriptor(
        descriptor,
        Direction::Out,
        never_waits(flags),
        |state, object| {
            let waits = !never_waits(flags) && !state.objects.get(object).is_nonblocking;
            match send(state, object, &bytes[sent..]) {
                Ok(count) => {
                    sent += count;
                    if sent < bytes.len() && waits && count > 0 {
                        return Err(Errno(libc::EAGAIN));
                    }
                    Ok(sent)
                }
                // What was sent counts; the next call says what went wrong.
                Err(error) if sent > 0 && !(waits && error == Errno(libc::EAGAIN)) => Ok(sent),
                Err(error) => Err(error),
            }
        },
    );
    answer(result)
}
