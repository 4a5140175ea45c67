//! Descriptors that are passed over local connections, `SCM_RIGHTS`.
//!
//! Idea        An object in flight has one reference more, and is none of the receiver's descriptors before it is received. Who
//!             receives the bytes without asking for it closes it.
#![allow(unsafe_code)]

use std::mem::size_of;

use libc::{c_int, c_uint, cmsghdr, msghdr};

use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{FIRST_DESCRIPTOR, Object, read};

/// The objects that a message passes, each with a reference more.
///
/// # Safety
/// The control data is what the message says.
pub(super) unsafe fn passed_with(
    descriptor: c_int,
    message: &msghdr,
) -> Result<Vec<ObjectId>, Errno> {
    let mut numbers = Vec::new();
    // SAFETY: the caller's promise.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: a header within the control data.
        let own = unsafe { header.read_unaligned() };
        if own.cmsg_level == libc::SOL_SOCKET && own.cmsg_type == libc::SCM_RIGHTS {
            // SAFETY: the function only counts.
            let begins = unsafe { libc::CMSG_LEN(0) } as usize;
            let count = own.cmsg_len.saturating_sub(begins as _) as usize / size_of::<c_int>();
            // SAFETY: the data follow the header.
            let data = unsafe { libc::CMSG_DATA(header) }.cast::<c_int>();
            for at in 0..count {
                // SAFETY: below the length of the data.
                let number = unsafe { data.add(at) };
                // SAFETY: as above.
                numbers.push(unsafe { number.read_unaligned() });
            }
        }
        // SAFETY: as above.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    read(|state| {
        let socket = state.descriptors.get(descriptor)?;
        let open = state.objects.get(socket);
        match open.object {
            Object::Socket | Object::Stream(_) | Object::Listener | Object::Datagram => (),
            _ => return Err(Errno(libc::ENOTSOCK)),
        }
        if open.domain != libc::AF_UNIX {
            // Only local sockets know them.
            return Ok(Vec::new());
        }
        if matches!(open.object, Object::Datagram) {
            state.note("descriptors are passed over local streams only");
            return Err(Errno(libc::EINVAL));
        }
        if numbers.iter().any(|&number| number < FIRST_DESCRIPTOR) {
            state.note("a descriptor of the real system cannot be passed");
            return Err(Errno(libc::EBADF));
        }
        let objects: Result<Vec<_>, _> = numbers
            .iter()
            .map(|&number| state.descriptors.get(number))
            .collect();
        let objects = objects?;
        for &object in &objects {
            state.objects.get(object).references += 1;
        }
        Ok(objects)
    })
}

/// Lets go of objects that were passed and that nobody has received.
pub(super) fn close_passed(passed: Vec<ObjectId>) {
    if passed.is_empty() {
        return;
    }
    read(|state| {
        for object in passed {
            state.release(object);
        }
    });
}

/// Gives the receiver descriptors of the objects that were passed, as many as it has room for.
///
/// # Safety
/// The message's room for control data is what it says.
pub(super) unsafe fn take_passed(message: &mut msghdr, passed: &mut Vec<ObjectId>, flags: c_int) {
    // SAFETY: the function only counts.
    let begins = unsafe { libc::CMSG_LEN(0) } as usize;
    // Other C libraries have a shorter number here.
    #[allow(clippy::unnecessary_cast)]
    let room = message.msg_controllen as usize;
    message.msg_controllen = 0;
    if passed.is_empty() {
        return;
    }
    let fits = room.saturating_sub(begins) / size_of::<c_int>();
    let fits = if message.msg_control.is_null() {
        0
    } else {
        fits.min(passed.len())
    };
    if fits < passed.len() {
        message.msg_flags |= libc::MSG_CTRUNC;
    }
    if fits == 0 {
        return;
    }
    let is_cloexec = flags & libc::MSG_CMSG_CLOEXEC != 0;
    message.msg_flags |= flags & libc::MSG_CMSG_CLOEXEC;
    let numbers: Vec<c_int> = read(|state| {
        let taken = passed.drain(..fits);
        let numbers = taken.map(|object| {
            let number = state.descriptors.add(object, 0);
            state.descriptors.set_cloexec(number, is_cloexec);
            number
        });
        numbers.collect()
    });
    let length = (fits * size_of::<c_int>()) as c_uint;
    let header = message.msg_control.cast::<cmsghdr>();
    // SAFETY: all zero is a header.
    let mut own: cmsghdr = unsafe { std::mem::zeroed() };
    own.cmsg_level = libc::SOL_SOCKET;
    own.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: the function only counts.
    own.cmsg_len = unsafe { libc::CMSG_LEN(length) } as _;
    // SAFETY: there is room for a header and so many numbers.
    unsafe { header.write_unaligned(own) };
    // SAFETY: the data follow the header.
    let data = unsafe { libc::CMSG_DATA(header) };
    // SAFETY: as above.
    unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr().cast(), data, length as usize) };
    // SAFETY: the function only counts.
    let space = unsafe { libc::CMSG_SPACE(length) } as usize;
    message.msg_controllen = space.min(room) as _;
}
