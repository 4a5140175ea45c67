//! A line of a GPIO chip that this program has requested; `gpiocdev` speaks to the device.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;

use gpiocdev::Request;
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};
use gpiocdev_uapi::Errno;

use crate::line::{Device, Edge, Line};

/// Bytes of a consumer's name, by the kernel's interface.
const CONSUMER_BYTES: usize = 31;

/// Opens line `offset` of a chip (`/dev/gpiochip0`, …) as an input with a pull-up, both of whose edges
/// are events; `consumer` is what tools show as its user, cut after 31 bytes.
///
/// # Errors
/// If the device cannot be opened or is no GPIO chip, or another program holds the line.
///
/// # Panics
/// Outside of a runtime with I/O enabled.
pub fn open(chip: impl AsRef<Path>, offset: u32, consumer: &str) -> io::Result<Line<ChipLine>> {
    let mut end = consumer.len().min(CONSUMER_BYTES);
    while !consumer.is_char_boundary(end) {
        end -= 1;
    }
    let request = Request::builder()
        .on_chip(chip.as_ref())
        .with_consumer(&consumer[..end])
        .with_line(offset)
        .as_input()
        .with_bias(Bias::PullUp)
        .with_edge_detection(EdgeDetection::BothEdges)
        .request()
        .map_err(into_io)?;
    Line::new(ChipLine { request })
}

/// The system's own error where there is one, so that its kind tells what is wrong.
fn into_io(error: gpiocdev::Error) -> io::Error {
    match error {
        gpiocdev::Error::Os(Errno(code))
        | gpiocdev::Error::Uapi(_, gpiocdev_uapi::Error::Os(Errno(code))) => {
            io::Error::from_raw_os_error(code)
        }
        other => io::Error::other(other),
    }
}

/// A line that the kernel gave this program.
#[derive(Debug)]
pub struct ChipLine {
    request: Request,
}

impl AsRawFd for ChipLine {
    fn as_raw_fd(&self) -> RawFd {
        self.request.as_raw_fd()
    }
}

// SAFETY: the request owns one descriptor, and returns that each time.
unsafe impl Device for ChipLine {
    fn level(&self) -> io::Result<bool> {
        let value = self.request.lone_value().map_err(into_io)?;
        Ok(value == Value::Active)
    }

    fn read_edge(&self) -> io::Result<Edge> {
        // The descriptor blocks, and nobody else reads from it: if there is an edge, the read finds it.
        if !self.request.has_edge_event().map_err(into_io)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let event = self.request.read_edge_event().map_err(into_io)?;
        Ok(match event.kind {
            EdgeKind::Rising => Edge::Rising,
            EdgeKind::Falling => Edge::Falling,
        })
    }
}
