//! Calls on the disk of a host: the thread waits as long as the disk takes.
#![allow(unsafe_code)]

use std::ffi::CStr;

use libc::{c_char, c_int};

use super::clock::nanoseconds;
use crate::disk::{Disk, Ino, OpenFile};
use crate::errno::Errno;
use crate::ids::HostId;
use crate::kernel::{Channel, State, Step, call};

/// What is taken from the modes of new files.
pub(super) const UMASK: u32 = 0o022;

/// The bytes of a path.
///
/// # Safety
/// The pointer is null or one to a text that ends in zero, and stays so while the slice lives.
pub(super) unsafe fn bytes_of<'a>(path: *const c_char) -> &'a [u8] {
    if path.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(path) }.to_bytes()
}

/// The time that files are stamped with.
pub(super) fn wall_clock(state: &State) -> u64 {
    nanoseconds(state, libc::CLOCK_REALTIME)
}

/// Asks the disk of the host that `ask` says, once; the answer comes when the disk's time has passed.
pub(super) fn ask_disk<T>(ask: impl FnOnce(&mut State) -> (HostId, T)) -> T {
    let mut ask = Some(ask);
    let mut answer = None;
    let mut until = 0;
    call(|state| {
        if let Some(ask) = ask.take() {
            let (host, value) = ask(state);
            answer = Some(value);
            until = state.now + state.hosts[host.0].disk.take_latency();
        }
        if state.now < until {
            let channels = vec![Channel::Time];
            let until = Some(until);
            return Step::Wait { channels, until };
        }
        Step::Done(answer.take().expect("the disk was asked"))
    })
}

/// Asks the disk of the running thread's host, with the time.
pub(super) fn on_disk<T>(ask: impl FnOnce(&mut Disk, u64) -> T) -> T {
    ask_disk(|state| {
        let (host, now) = (state.host(), wall_clock(state));
        (host, state.on_disk(host, |disk| ask(disk, now)))
    })
}

/// Asks the disk about a path, which begins at a directory's descriptor if it is relative.
pub(super) fn on_path<T>(
    directory: c_int,
    path: &[u8],
    ask: impl FnOnce(&mut Disk, Ino, u64) -> Result<T, Errno>,
) -> Result<T, Errno> {
    ask_disk(|state| {
        let (host, now) = (state.host(), wall_clock(state));
        let start = state.start_of(directory, path);
        let answer = start.and_then(|start| state.on_disk(host, |disk| ask(disk, start, now)));
        (host, answer)
    })
}

/// Asks the disk about two paths.
pub(super) fn on_paths<T>(
    [one, two]: [(c_int, &[u8]); 2],
    ask: impl FnOnce(&mut Disk, [(Ino, &[u8]); 2], u64) -> Result<T, Errno>,
) -> Result<T, Errno> {
    ask_disk(|state| {
        let (host, now) = (state.host(), wall_clock(state));
        let mut start = |(directory, path)| Ok((state.start_of(directory, path)?, path));
        let starts = start(one).and_then(|one| Ok([one, start(two)?]));
        let answer = starts.and_then(|starts| state.on_disk(host, |disk| ask(disk, starts, now)));
        (host, answer)
    })
}

/// Asks the disk about an open file; `otherwise` is the error if the descriptor stands for something else.
pub(super) fn on_file<T>(
    descriptor: c_int,
    otherwise: c_int,
    ask: impl FnOnce(&mut Disk, OpenFile, u64) -> Result<T, Errno>,
) -> Result<T, Errno> {
    ask_disk(|state| {
        let now = wall_clock(state);
        match state.file(descriptor, otherwise) {
            Ok((host, file)) => {
                let shared = state.shared_ino(host, file);
                if let Some(ino) = shared {
                    state.store_shared(host, ino, now);
                }
                let answer = state.on_disk(host, |disk| ask(disk, file, now));
                if let Some(ino) = shared {
                    let took = state.hosts[host.0].disk.take_latency();
                    state.fetch_shared(host, ino, now);
                    state.hosts[host.0].disk.add_latency(took);
                }
                (host, answer)
            }
            Err(error) => (state.host(), Err(error)),
        }
    })
}
