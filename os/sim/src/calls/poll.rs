//! Waiting for many descriptors.
#![allow(unsafe_code)]

use libc::{c_int, c_void, epoll_event, nfds_t, pollfd, sigset_t, timespec};

use super::answer::{answer_int, real};
use super::clock::{from_timespec, in_time};
use super::descriptors::is_ours;
use crate::errno::Errno;
use crate::kernel::{
    Channel, FIRST_DESCRIPTOR, Object, Poller, State, Step, call, is_simulated, read,
};

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_create1(flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [flags as usize, 0, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_epoll_create1, arguments) } as c_int;
    }
    if flags & !libc::EPOLL_CLOEXEC != 0 {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    read(|state| state.open(Object::Poller(Poller::default()), flags))
}

/// The older function, which says how many descriptors there will be.
#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_create(_count: c_int) -> c_int {
    // SAFETY: the call touches no memory.
    unsafe { epoll_create1(0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_ctl(
    poller: c_int,
    operation: c_int,
    descriptor: c_int,
    event: *mut epoll_event,
) -> c_int {
    if !is_ours(poller) {
        let arguments = [
            poller as usize,
            operation as usize,
            descriptor as usize,
            event as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_epoll_ctl, arguments) } as c_int;
    }
    // SAFETY: the caller's pointer is none, or to an event.
    let event = (!event.is_null()).then(|| unsafe { event.read_unaligned() });
    let wanted = event.map(|event| (event.events, event.u64));
    answer_int(read(|state| {
        let poller = state.descriptors.get(poller)?;
        // A real file is always ready, and cannot be watched.
        let is_real = descriptor < FIRST_DESCRIPTOR;
        let object = state
            .descriptors
            .get(descriptor)
            .map_err(|bad| if is_real { Errno(libc::EPERM) } else { bad })?;
        let is_poller = matches!(state.objects.get(poller).object, Object::Poller(_));
        if !is_poller || poller == object {
            return Err(Errno(libc::EINVAL));
        }
        let excludes = |(events, _)| {
            let others = libc::EPOLLONESHOT | libc::EPOLLEXCLUSIVE;
            events & libc::EPOLLEXCLUSIVE as u32 != 0
                && events & others as u32 != libc::EPOLLEXCLUSIVE as u32
        };
        if wanted.is_some_and(excludes) {
            return Err(Errno(libc::EINVAL));
        }
        if !state.can_be_watched(object) {
            return Err(Errno(libc::EPERM));
        }
        state.control_poller(poller, operation, descriptor, object, wanted)?;
        Ok(0_isize)
    }))
}

/// Waits until something is ready, or for so many nanoseconds.
fn wait(poller: c_int, limit: usize, timeout: Option<u64>) -> Result<Vec<(u32, u64)>, Errno> {
    let mut until = None;
    let mut held = None;
    call(|state| {
        // It is the same one, also if its descriptor is closed meanwhile.
        let id = match held.map_or_else(|| state.descriptors.get(poller), Ok) {
            Ok(id) => id,
            Err(error) => return Step::Done(Err(error)),
        };
        if limit == 0 || !matches!(state.objects.get(id).object, Object::Poller(_)) {
            return Step::Done(Err(Errno(libc::EINVAL)));
        }
        let ready = state.poll(id, limit);
        let is_over = timeout == Some(0) || (held.is_some() && state.timed_out());
        if !ready.is_empty() || is_over {
            if held.is_some() {
                state.release(id);
            }
            return Step::Done(Ok(ready));
        }
        if held.is_none() {
            held = Some(id);
            state.objects.get(id).references += 1;
        }
        until = until.or(timeout.map(|timeout| in_time(state, timeout)));
        let channels = vec![Channel::Object(id)];
        Step::Wait { channels, until }
    })
}

fn milliseconds(timeout: c_int) -> Option<u64> {
    u64::try_from(timeout)
        .ok()
        .map(|timeout| timeout * 1_000_000)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_wait(
    poller: c_int,
    events: *mut epoll_event,
    limit: c_int,
    timeout: c_int,
) -> c_int {
    if !is_ours(poller) {
        let arguments = [
            poller as usize,
            events as usize,
            limit as usize,
            timeout as usize,
            0,
            8,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_epoll_pwait, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    unsafe { give_ready(poller, events, limit, milliseconds(timeout)) }
}

/// # Safety
/// There is room for `limit` events.
unsafe fn give_ready(
    poller: c_int,
    events: *mut epoll_event,
    limit: c_int,
    timeout: Option<u64>,
) -> c_int {
    let limit = usize::try_from(limit).unwrap_or(0);
    let ready = wait(poller, limit, timeout);
    answer_int(ready.map(|ready| {
        for (at, &(bits, data)) in ready.iter().enumerate() {
            let event = epoll_event {
                events: bits,
                u64: data,
            };
            // SAFETY: the caller lends room for `limit` events.
            let room = unsafe { events.add(at) };
            // SAFETY: as above.
            unsafe { room.write_unaligned(event) };
        }
        ready.len()
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_pwait(
    poller: c_int,
    events: *mut epoll_event,
    limit: c_int,
    timeout: c_int,
    signals: *const sigset_t,
) -> c_int {
    if !is_ours(poller) {
        let arguments = [
            poller as usize,
            events as usize,
            limit as usize,
            timeout as usize,
            signals as usize,
            8,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_epoll_pwait, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    unsafe { epoll_wait(poller, events, limit, timeout) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_pwait2(
    poller: c_int,
    events: *mut epoll_event,
    limit: c_int,
    timeout: *const timespec,
    signals: *const sigset_t,
) -> c_int {
    if !is_ours(poller) {
        let arguments = [
            poller as usize,
            events as usize,
            limit as usize,
            timeout as usize,
            signals as usize,
            8,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_epoll_pwait2, arguments) } as c_int;
    }
    // SAFETY: the caller's pointer is none, or to a time.
    let timeout = unsafe { timeout.as_ref() }.map(from_timespec);
    // SAFETY: the caller's promise.
    unsafe { give_ready(poller, events, limit, timeout) }
}

/// What is ready among `wanted`, and how many.
fn look(state: &mut State, wanted: &mut [pollfd]) -> usize {
    for one in &mut *wanted {
        one.revents = match state.descriptors.get(one.fd) {
            Ok(id) => {
                let always = (libc::POLLERR | libc::POLLHUP) as u32;
                (state.readiness(id) & (one.events as u32 | always)) as i16
            }
            Err(_) if one.fd < 0 => 0,
            // A real file is always ready.
            Err(_) if one.fd < FIRST_DESCRIPTOR => one.events,
            Err(_) => libc::POLLNVAL,
        };
    }
    wanted.iter().filter(|one| one.revents != 0).count()
}

pub(super) fn poll_for(wanted: &mut [pollfd], timeout: Option<u64>) -> usize {
    let mut until = None;
    let mut has_waited = false;
    call(|state| {
        let ready = look(state, wanted);
        if ready > 0 || timeout == Some(0) || (has_waited && state.timed_out()) {
            return Step::Done(ready);
        }
        has_waited = true;
        until = until.or(timeout.map(|timeout| in_time(state, timeout)));
        let known = wanted
            .iter()
            .filter_map(|one| state.descriptors.get(one.fd).ok());
        let mut channels: Vec<_> = known.map(Channel::Object).collect();
        channels.push(Channel::Time);
        Step::Wait { channels, until }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn poll(wanted: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    if !is_simulated() {
        let limit = timespec {
            tv_sec: (timeout / 1000).into(),
            tv_nsec: (timeout % 1000 * 1_000_000).into(),
        };
        let limit = if timeout < 0 {
            std::ptr::null()
        } else {
            &raw const limit
        };
        let arguments = [wanted as usize, count as usize, limit as usize, 0, 8, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_ppoll, arguments) } as c_int;
    }
    // SAFETY: the caller lends so many.
    let wanted = unsafe { std::slice::from_raw_parts_mut(wanted, count as usize) };
    poll_for(wanted, milliseconds(timeout)) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ppoll(
    wanted: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    signals: *const c_void,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            wanted as usize,
            count as usize,
            timeout as usize,
            signals as usize,
            8,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_ppoll, arguments) } as c_int;
    }
    // SAFETY: the caller lends so many.
    let wanted = unsafe { std::slice::from_raw_parts_mut(wanted, count as usize) };
    // SAFETY: the caller's pointer is none, or to a time.
    let timeout = unsafe { timeout.as_ref() }.map(from_timespec);
    poll_for(wanted, timeout) as c_int
}
