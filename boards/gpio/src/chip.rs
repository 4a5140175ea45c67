//! A line of a chip, held by this program.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;

use crate::abi::{
    EVENT_FALLING, EVENT_RISING, Event, FLAG_EDGE_FALLING, FLAG_EDGE_RISING, FLAG_INPUT,
    FLAG_PULL_UP, GET_LINE, GET_VALUES, Request, Values,
};
use crate::line::{Device, Edge, Line};

/// Opens line `offset` of a chip (`/dev/gpiochip0`, …) as an input with a pull-up, whose both edges
/// are events; `consumer` is what tools show as its user, cut after 31 bytes.
///
/// # Errors
/// If the device cannot be opened or is no GPIO chip, or another program holds the line.
///
/// # Panics
/// Outside of a runtime with I/O enabled.
pub fn open(chip: impl AsRef<Path>, offset: u32, consumer: &str) -> io::Result<Line<ChipLine>> {
    let chip = OpenOptions::new().read(true).write(true).open(chip)?;
    let flags = FLAG_INPUT | FLAG_EDGE_RISING | FLAG_EDGE_FALLING | FLAG_PULL_UP;
    let mut request = Request::one(offset, flags);
    // The last byte stays zero.
    let room = request.consumer.len() - 1;
    for (to, from) in request.consumer[..room].iter_mut().zip(consumer.bytes()) {
        *to = from;
    }
    // SAFETY: the command takes a `Request`, which outlives the call.
    let status = unsafe { libc::ioctl(chip.as_raw_fd(), GET_LINE as _, &raw mut request) };
    if status < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel opened it for us.
    let fd = unsafe { OwnedFd::from_raw_fd(request.fd) };
    // SAFETY: the descriptor is open.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    // SAFETY: as above.
    if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Line::new(ChipLine { fd })
}

/// A line that the kernel gave this program.
#[derive(Debug)]
pub struct ChipLine {
    fd: OwnedFd,
}

impl AsRawFd for ChipLine {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

// SAFETY: it owns one descriptor and returns that.
unsafe impl Device for ChipLine {
    fn level(&self) -> io::Result<bool> {
        let mut values = Values { bits: 0, mask: 1 };
        // SAFETY: the command takes `Values`, which outlive the call.
        let status = unsafe { libc::ioctl(self.as_raw_fd(), GET_VALUES as _, &raw mut values) };
        if status < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(values.bits & 1 != 0)
    }

    fn read_edge(&self) -> io::Result<Edge> {
        let mut event = Event::default();
        let bytes = size_of::<Event>();
        // SAFETY: the buffer is one event long.
        let read = unsafe { libc::read(self.as_raw_fd(), (&raw mut event).cast(), bytes) };
        match (usize::try_from(read), event.id) {
            (Err(_negative), _) => Err(io::Error::last_os_error()),
            (Ok(read), EVENT_RISING) if read == bytes => Ok(Edge::Rising),
            (Ok(read), EVENT_FALLING) if read == bytes => Ok(Edge::Falling),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
