//! Bytes in and out of whatever a descriptor stands for.

use libc::c_int;

use super::answer::answer;
use super::clock::in_time;
use super::datagrams;
use super::passed_descriptors::close_passed;
use super::received::Received;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Channel, Object, State, Step, call};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

/// Makes a call on a descriptor that may have to wait: until it says something other than `EAGAIN`. What the descriptor stood for
/// when the call began is what it is about, also if the descriptor is closed meanwhile, or stands for something else.
pub(super) fn on_descriptor<T>(
    descriptor: c_int,
    direction: Direction,
    never_waits: bool,
    mut attempt: impl FnMut(&mut State, ObjectId) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut until = None;
    let mut held = None;
    call(|state| {
        let object = match held.map_or_else(|| state.descriptors.get(descriptor), Ok) {
            Ok(object) => object,
            Err(error) => return Step::Done(Err(error)),
        };
        let timed_out = until.is_some() && state.timed_out();
        let result = attempt(state, object);
        let is_over = !matches!(result, Err(Errno(libc::EAGAIN)));
        let open = state.objects.get(object);
        if is_over || never_waits || open.is_nonblocking || timed_out {
            if held.is_some() {
                state.release(object);
            }
            return Step::Done(result);
        }
        if held.is_none() {
            held = Some(object);
            open.references += 1;
        }
        let limit = open.limits[usize::from(direction == Direction::Out)];
        until = until.or(limit.map(|limit| in_time(state, limit)));
        let channels = vec![Channel::Object(object)];
        Step::Wait { channels, until }
    })
}

/// Through which calls bytes go: those of files, or those of sockets, which other things refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    File,
    Socket,
}

fn check(state: &mut State, object: ObjectId, kind: CallKind) -> Result<(), Errno> {
    let is_socket = matches!(
        state.objects.get(object).object,
        Object::Socket | Object::Stream(_) | Object::Listener | Object::Datagram
    );
    if kind == CallKind::Socket && !is_socket {
        return Err(Errno(libc::ENOTSOCK));
    }
    Ok(())
}

/// Receives into `buffer`: with `MSG_WAITALL` all of it, if so much comes.
pub(super) fn receive(
    descriptor: c_int,
    buffer: &mut [u8],
    flags: c_int,
    kind: CallKind,
) -> Result<Received, Errno> {
    let peeks = flags & libc::MSG_PEEK != 0;
    let wants_all = flags & libc::MSG_WAITALL != 0 && !peeks;
    let (mut done, mut passed) = (0, Vec::new());
    let never = never_waits(flags);
    let result = on_descriptor(descriptor, Direction::In, never, |state, object| {
        check(state, object, kind)?;
        let open = state.objects.get(object);
        let waits = !never && !open.is_nonblocking;
        let stream = match open.object {
            Object::Stream(end) => end,
            Object::Datagram => return datagrams::receive(state, object, buffer, (peeks, waits)),
            _ => {
                let count = receive_once(state, object, buffer)?;
                let whole = count;
                return Ok(Received {
                    count,
                    whole,
                    ..Received::default()
                });
            }
        };
        if kind == CallKind::File && buffer.is_empty() {
            return Ok(Received::default());
        }
        loop {
            // An error is the next call's if this one has something to return; a local socket forgets it.
            let fails = done > 0 && state.network.has_error(stream);
            let is_local = state.objects.get(object).domain == libc::AF_UNIX;
            let room = &mut buffer[done..];
            let count = if fails && !is_local {
                0
            } else {
                let received =
                    state.on_network(|network| network.receive(stream, room, peeks, &mut passed));
                match received {
                    Err(_) if fails => 0,
                    received => received?,
                }
            };
            done += count;
            let is_over = !wants_all || count == 0 || done == buffer.len() || !passed.is_empty();
            if is_over {
                break;
            }
        }
        Ok(Received {
            count: done,
            whole: done,
            ..Received::default()
        })
    });
    match result {
        Err(Errno(libc::EAGAIN)) if done > 0 => Ok(Received {
            count: done,
            whole: done,
            from: None,
            passed,
        }),
        Ok(received) => Ok(Received { passed, ..received }),
        Err(error) => Err(error),
    }
}

/// Receives what is there of something that is no connection.
fn receive_once(state: &mut State, object: ObjectId, buffer: &mut [u8]) -> Result<usize, Errno> {
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
        &mut Object::Pipe { pipe, is_writer } => {
            if is_writer {
                return Err(Errno(libc::EBADF));
            }
            state.read_pipe(pipe, buffer)
        }
        Object::Entropy => {
            state.fill_random(buffer);
            Ok(buffer.len())
        }
        Object::Socket | Object::Listener => {
            let is_local = state.objects.get(object).domain == libc::AF_UNIX;
            Err(Errno(if is_local {
                libc::EINVAL
            } else {
                libc::ENOTCONN
            }))
        }
        _ => Err(Errno(libc::EINVAL)),
    }
}

/// Sends what there is room for.
fn send_once(
    state: &mut State,
    object: ObjectId,
    bytes: &[u8],
    passed: &mut Vec<ObjectId>,
) -> Result<usize, Errno> {
    match &mut state.objects.get(object).object {
        Object::Counter { value, .. } => {
            let added = bytes.first_chunk::<8>().ok_or(Errno(libc::EINVAL))?;
            let added = u64::from_ne_bytes(*added);
            if added == u64::MAX {
                return Err(Errno(libc::EINVAL));
            }
            let sum = value.checked_add(added);
            *value = sum
                .filter(|&sum| sum < u64::MAX)
                .ok_or(Errno(libc::EAGAIN))?;
            if added > 0 {
                state.changed(object);
            }
            Ok(8)
        }
        &mut Object::Stream(end) => state.on_network(|network| network.send(end, bytes, passed)),
        &mut Object::Pipe { pipe, is_writer } => {
            if !is_writer {
                return Err(Errno(libc::EBADF));
            }
            state.write_pipe(pipe, bytes)
        }
        Object::Datagram => datagrams::send(state, object, None, bytes),
        Object::Entropy => Ok(bytes.len()),
        Object::Socket | Object::Listener => {
            let is_local = state.objects.get(object).domain == libc::AF_UNIX;
            Err(Errno(if is_local {
                libc::ENOTCONN
            } else {
                libc::EPIPE
            }))
        }
        _ => Err(Errno(libc::EINVAL)),
    }
}

fn never_waits(flags: c_int) -> bool {
    flags & libc::MSG_DONTWAIT != 0
}

/// Sends `bytes`, all of them where the call may wait, and objects with the first of them.
pub(super) fn send_all(
    descriptor: c_int,
    bytes: &[u8],
    flags: c_int,
    kind: CallKind,
    mut passed: Vec<ObjectId>,
) -> isize {
    let mut sent = 0;
    let never = never_waits(flags);
    let result = on_descriptor(descriptor, Direction::Out, never, |state, object| {
        check(state, object, kind)?;
        let waits = !never && !state.objects.get(object).is_nonblocking;
        // An error is the next call's if this one has something to return.
        let fails = match state.objects.get(object).object {
            Object::Stream(end) => sent > 0 && state.network.has_error(end),
            _ => false,
        };
        if fails {
            return Ok(sent);
        }
        match send_once(state, object, &bytes[sent..], &mut passed) {
            Ok(count) => {
                sent += count;
                if sent < bytes.len() && waits && count > 0 {
                    return Err(Errno(libc::EAGAIN));
                }
                Ok(sent)
            }
            Err(error) if sent > 0 && !(waits && error == Errno(libc::EAGAIN)) => Ok(sent),
            Err(error) => Err(error),
        }
    });
    close_passed(passed);
    match result {
        // The time for it was up.
        Err(Errno(libc::EAGAIN)) if sent > 0 => answer(Ok(sent)),
        result => answer(result),
    }
}
