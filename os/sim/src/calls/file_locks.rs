//! Locks of files, and what `fcntl` says of files.
#![allow(unsafe_code)]

use libc::c_int;

use super::answer::{answer_done, padded, real};
use super::descriptors::is_ours;
use crate::disk::{Disk, Lock, OpenFile};
use crate::errno::Errno;
use crate::kernel::{Channel, Step, call, read};

/// Locks; waits for others unless that is not wanted.
fn lock_file(descriptor: c_int, operation: c_int) -> Result<(), Errno> {
    let lock = match operation & !libc::LOCK_NB {
        libc::LOCK_UN => Lock::None,
        libc::LOCK_SH => Lock::Shared,
        libc::LOCK_EX => Lock::Exclusive,
        _ => return Err(Errno(libc::EINVAL)),
    };
    let mut is_first = true;
    call(|state| {
        let (host, file) = match state.file(descriptor, libc::EINVAL) {
            Ok(found) => found,
            Err(error) => return Step::Done(Err(error)),
        };
        let locked = state.on_disk(host, |disk| disk.flock(file, lock));
        if std::mem::take(&mut is_first) {
            // The lock that the file had is gone or another one, which may be what others wait for.
            state.wake(Channel::Lock(host));
        }
        if locked == Err(Errno(libc::EWOULDBLOCK)) && operation & libc::LOCK_NB == 0 {
            let channels = vec![Channel::Lock(host)];
            let until = None;
            return Step::Wait { channels, until };
        }
        Step::Done(locked)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn flock(descriptor: c_int, operation: c_int) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, operation as usize]);
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_flock, arguments) } as c_int;
    }
    answer_done(lock_file(descriptor, operation))
}

fn on_open_file<T>(
    descriptor: c_int,
    ask: impl FnOnce(&mut Disk, OpenFile) -> Result<T, Errno>,
) -> Result<T, Errno> {
    read(|state| {
        let (host, file) = state.file(descriptor, libc::EINVAL)?;
        state.on_disk(host, |disk| ask(disk, file))
    })
}

/// What `fcntl` says of a file; `None` where it says the same of everything.
///
/// Locks of a process exclude other processes, and a host has one: they are always granted. Those of open files are not known here.
pub(super) fn control_file(
    descriptor: c_int,
    command: c_int,
    argument: usize,
) -> Option<Result<c_int, Errno>> {
    let done = match command {
        libc::F_GETFL => on_open_file(descriptor, |disk, file| disk.flags(file)),
        libc::F_SETFL => on_open_file(descriptor, |disk, file| {
            disk.set_flags(file, argument as c_int).map(|()| 0)
        }),
        libc::F_SETLK | libc::F_SETLKW => Ok(0),
        libc::F_GETLK => {
            let lock = argument as *mut libc::flock;
            // SAFETY: the caller's pointer is one to a lock.
            unsafe { (*lock).l_type = libc::F_UNLCK as _ };
            Ok(0)
        }
        libc::F_OFD_SETLK | libc::F_OFD_SETLKW | libc::F_OFD_GETLK => Err(Errno(libc::EINVAL)),
        _ => return None,
    };
    Some(done)
}
