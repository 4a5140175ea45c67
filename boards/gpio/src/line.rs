//! A line as a pin that can be waited for.
//!
//! Idea        The device queues edges, and is readable while there are any. A level is waited for
//!             by looking at it and then waiting for the next edge: one that came in between is in
//!             the queue. An edge is waited for by emptying the queue first.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin};
use embedded_hal_async::digital::Wait;
use selkie::io::unix::AsyncFd;

/// A change of a line's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// From low to high.
    Rising,
    /// From high to low.
    Falling,
}

/// What a [`Line`] stands on: a descriptor that is readable while it has edges.
///
/// # Safety
/// The descriptor is the same each time, and stays open as long as the value lives.
pub unsafe trait Device: AsRawFd {
    /// Whether the line is high now.
    ///
    /// # Errors
    /// The device's.
    fn level(&self) -> io::Result<bool>;

    /// Takes the oldest edge.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; else the device's.
    fn read_edge(&self) -> io::Result<Edge>;
}

/// Why a line cannot be read.
#[derive(Debug)]
pub struct LineError(io::Error);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for LineError {}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl Error for LineError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A line as embedded-hal's pin.
#[derive(Debug)]
pub struct Line<D: Device> {
    device: AsyncFd<D>,
}

impl<D: Device> Line<D> {
    /// A line on `device`.
    ///
    /// # Errors
    /// If the poller does not take the descriptor.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    pub fn new(device: D) -> io::Result<Self> {
        // SAFETY: as `Device` promises.
        let device = unsafe { AsyncFd::register(device) }.map_err(io::Error::from)?;
        Ok(Self { device })
    }

    /// The next edge.
    ///
    /// # Cancel safety
    /// No edge is lost when the future is dropped.
    async fn edge(&self) -> Result<Edge, LineError> {
        loop {
            let mut ready = self.device.readable().await?;
            if let Ok(edge) = ready.try_io(|device| device.get_ref().read_edge()) {
                return Ok(edge?);
            }
        }
    }

    /// Forgets the edges so far.
    fn forget_edges(&self) -> Result<(), LineError> {
        loop {
            match self.device.get_ref().read_edge() {
                Ok(_edge) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn wait_for_level(&self, high: bool) -> Result<(), LineError> {
        while self.device.get_ref().level()? != high {
            self.edge().await?;
        }
        Ok(())
    }

    async fn wait_for_edge(&self, wanted: Option<Edge>) -> Result<(), LineError> {
        self.forget_edges()?;
        loop {
            let edge = self.edge().await?;
            if wanted.is_none_or(|wanted| wanted == edge) {
                return Ok(());
            }
        }
    }
}

impl<D: Device> ErrorType for Line<D> {
    type Error = LineError;
}

impl<D: Device> InputPin for Line<D> {
    fn is_high(&mut self) -> Result<bool, LineError> {
        Ok(self.device.get_ref().level()?)
    }

    fn is_low(&mut self) -> Result<bool, LineError> {
        Ok(!self.device.get_ref().level()?)
    }
}

impl<D: Device> Wait for Line<D> {
    async fn wait_for_high(&mut self) -> Result<(), LineError> {
        self.wait_for_level(true).await
    }

    async fn wait_for_low(&mut self) -> Result<(), LineError> {
        self.wait_for_level(false).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), LineError> {
        self.wait_for_edge(Some(Edge::Rising)).await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), LineError> {
        self.wait_for_edge(Some(Edge::Falling)).await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), LineError> {
        self.wait_for_edge(None).await
    }
}
