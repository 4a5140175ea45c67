//! An operation that a stub has taken, done by the ordinary system call.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use io_uring::opcode;

use super::entry::{BUFFER, BUNDLE, MORE, MULTISHOT, StubEntry};
use super::group::Group;
use super::plan::{Plan, PlannedOutcome};

/// An operation that the stub has taken.
pub(super) struct InFlight {
    pub(super) wanted: StubEntry,
    pub(super) fate: Plan,
    /// The reference to the file.
    pub(super) file: Option<OwnedFd>,
    pub(super) turns_left: u32,
    /// Bytes of a send that went so far, completions told so far.
    pub(super) sent: usize,
    pub(super) told: u32,
    /// It ends as soon as it would wait: it was to be cancelled.
    pub(super) expires: bool,
    pub(super) is_notification: bool,
}

/// What one try of an operation came to.
pub(super) enum TryOutcome {
    Waits,
    Goes(i32, u32),
    Ends(i32, u32),
}

/// What a call came to: `None` if it would wait.
pub(super) fn outcome(result: isize) -> Option<i32> {
    if result >= 0 {
        return Some(result as i32);
    }
    let errno = io::Error::last_os_error().raw_os_error().unwrap();
    (errno != libc::EAGAIN).then_some(-errno)
}

pub(super) fn fd_of(file: Option<&OwnedFd>) -> RawFd {
    file.map_or(-1, AsRawFd::as_raw_fd)
}

pub(super) fn receive(fd: RawFd, address: u64, len: u32) -> Option<i32> {
    // SAFETY: the buffer was provided, and is the stub's until it is reported.
    outcome(unsafe { libc::recv(fd, address as *mut _, len as usize, libc::MSG_DONTWAIT) })
}

impl InFlight {
    /// One try.
    pub(super) fn go(&mut self, groups: &mut HashMap<u16, Group>) -> TryOutcome {
        let is_multishot = self.is_multishot();
        let tried = match self.fate.how {
            PlannedOutcome::Fails(errno) => return TryOutcome::Ends(-errno, 0),
            PlannedOutcome::Zero => return TryOutcome::Ends(0, 0),
            PlannedOutcome::FailsWithBuffer(errno) => {
                let group = groups.get_mut(&self.wanted.group).expect("there is one");
                let number = group.take().map(|(_, _, number)| u32::from(number));
                let flags = number.map_or(0, |number| BUFFER | number << 16);
                return TryOutcome::Ends(-errno, flags);
            }
            PlannedOutcome::DoneButFails(errno) => match self.call(groups) {
                None => None,
                Some(_) => return TryOutcome::Ends(-errno, 0),
            },
            PlannedOutcome::Done | PlannedOutcome::Short => self.call(groups),
        };
        let Some((result, flags)) = tried else {
            return TryOutcome::Waits;
        };
        self.told += 1;
        let is_last = self.fate.ends_after.is_some_and(|count| self.told >= count);
        let ends_itself =
            result < 0 || (result == 0 && self.wanted.code != opcode::AcceptMulti::CODE);
        if is_multishot && !is_last && !ends_itself && !self.expires {
            TryOutcome::Goes(result, flags | MORE)
        } else {
            TryOutcome::Ends(result, flags)
        }
    }

    pub(super) fn is_multishot(&self) -> bool {
        let is_accept = self.wanted.code == opcode::AcceptMulti::CODE;
        is_accept || self.wanted.code == opcode::Recv::CODE && self.wanted.priority & MULTISHOT != 0
    }

    /// The operation by its system call; `None` if it would wait.
    pub(super) fn call(&mut self, groups: &mut HashMap<u16, Group>) -> Option<(i32, u32)> {
        let fd = fd_of(self.file.as_ref());
        let wanted = self.wanted;
        let len = match self.fate.how {
            PlannedOutcome::Short => wanted.len.min(1),
            _ => wanted.len,
        };
        let (address, offset) = (wanted.address, wanted.offset as libc::off_t);
        let result = match wanted.code {
            opcode::Nop::CODE => Some(0),
            opcode::Read::CODE => {
                // SAFETY: the entry owns so much memory (I1).
                let read = unsafe { libc::pread(fd, address as *mut _, len as usize, offset) };
                outcome(read)
            }
            opcode::Write::CODE => {
                // SAFETY: as above.
                let written =
                    unsafe { libc::pwrite(fd, address as *const _, len as usize, offset) };
                outcome(written)
            }
            // SAFETY: the file is open.
            opcode::Fsync::CODE => outcome(unsafe { libc::fsync(fd) } as isize),
            opcode::AcceptMulti::CODE => accept(fd, wanted.op_flags),
            opcode::Recv::CODE => return self.receive(groups),
            opcode::Send::CODE | opcode::SendZc::CODE => self.send(fd, len),
            other => panic!("the stub has no operation {other}"),
        };
        result.map(|result| (result, 0))
    }

    pub(super) fn send(&mut self, fd: RawFd, len: u32) -> Option<i32> {
        let flags = self.wanted.op_flags as i32;
        loop {
            let start = self.wanted.address as usize + self.sent;
            let left = len as usize - self.sent;
            let flags = flags & !libc::MSG_WAITALL | libc::MSG_DONTWAIT;
            // SAFETY: the entry owns so much memory (I1).
            let sent = outcome(unsafe { libc::send(fd, start as *const _, left, flags) });
            match sent {
                Some(errno @ ..0) if self.sent == 0 => return Some(errno),
                Some(..0) => return Some(self.sent as i32),
                Some(more) => self.sent += more as usize,
                None if self.sent > 0 && (self.expires || flags & libc::MSG_WAITALL == 0) => {}
                None => return None,
            }
            let waits_for_all = self.wanted.op_flags as i32 & libc::MSG_WAITALL != 0;
            if self.sent == len as usize || !waits_for_all || self.expires {
                return Some(self.sent as i32);
            }
        }
    }

    pub(super) fn receive(&self, groups: &mut HashMap<u16, Group>) -> Option<(i32, u32)> {
        let fd = fd_of(self.file.as_ref());
        let mut asked = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one structure, alive for the call.
        if unsafe { libc::poll(&raw mut asked, 1, 0) } == 0 {
            return None;
        }
        let group = groups.get_mut(&self.wanted.group).expect("there is one");
        let Some((address, size, first)) = group.take() else {
            return Some((-libc::ENOBUFS, 0));
        };
        let len = match self.fate.how {
            PlannedOutcome::Short => 1,
            _ => size,
        };
        let told = receive(fd, address, len);
        let Some(mut bytes @ 1..) = told else {
            // Nothing went into the buffer, which the system keeps.
            group.head = group.head.wrapping_sub(1);
            return told.map(|told| (told, 0));
        };
        let is_bundle =
            self.wanted.priority & BUNDLE != 0 && self.fate.how != PlannedOutcome::Short;
        let mut is_full = bytes as u32 == size;
        while is_bundle && is_full {
            let Some((address, size, _)) = group.take() else {
                break;
            };
            match receive(fd, address, size) {
                Some(more @ 1..) => {
                    bytes += more;
                    is_full = more as u32 == size;
                }
                _ => {
                    group.head = group.head.wrapping_sub(1);
                    break;
                }
            }
        }
        Some((bytes, BUFFER | u32::from(first) << 16))
    }
}

pub(super) fn accept(fd: RawFd, flags: u32) -> Option<i32> {
    let mut asked = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one structure, alive for the call.
    if unsafe { libc::poll(&raw mut asked, 1, 0) } == 0 {
        return None;
    }
    let nowhere = std::ptr::null_mut();
    // SAFETY: no address is asked for.
    outcome(unsafe { libc::accept4(fd, nowhere, nowhere.cast(), flags as i32) } as isize)
}
