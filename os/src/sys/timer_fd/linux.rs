//! The timers of Linux that are descriptors, and its clock that counts suspension.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

/// A timer of the system, which becomes readable when it fires.
#[derive(Debug)]
pub(crate) struct SystemTimer(OwnedFd);

/// The outcome of a call as a result.
#[inline]
fn checked(outcome: libc::c_int) -> io::Result<libc::c_int> {
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(outcome)
}

/// `duration` as a `timespec`; at most 68 years.
#[inline]
fn timespec(duration: Duration) -> libc::timespec {
    // SAFETY: zeros are a timespec; some targets pad it with fields that cannot be named.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // The type is not named: musl's is about to change.
    time.tv_sec = duration.as_secs().try_into().unwrap_or(i32::MAX.into());
    time.tv_nsec = duration.subsec_nanos() as _;
    time
}

impl SystemTimer {
    /// A timer that is not set, on the clock that counts suspension, or on the one that does not.
    #[inline]
    pub(crate) fn new(counts_suspension: bool) -> io::Result<Self> {
        let clock = if counts_suspension {
            libc::CLOCK_BOOTTIME
        } else {
            libc::CLOCK_MONOTONIC
        };
        // SAFETY: the call takes two numbers.
        let fd = unsafe { libc::timerfd_create(clock, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) };
        // SAFETY: the system has just made the descriptor for us.
        checked(fd).map(|fd| Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Sets the timer to `duration` from now.
    #[inline]
    pub(crate) fn set(&self, duration: Duration) -> io::Result<()> {
        let time = libc::itimerspec {
            it_interval: timespec(Duration::ZERO),
            // Zero would unset it.
            it_value: timespec(duration.max(Duration::from_nanos(1))),
        };
        // SAFETY: the system reads one `itimerspec`, and writes nothing where null is.
        let set = unsafe {
            libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const time, std::ptr::null_mut())
        };
        checked(set).map(drop)
    }

    /// Returns once the timer has fired, else `WouldBlock`; consumes the event.
    #[inline]
    pub(crate) fn take(&self) -> io::Result<()> {
        let mut fired = 0_u64;
        // SAFETY: the system writes at most the eight bytes of `fired`.
        let read = unsafe {
            libc::read(
                self.0.as_raw_fd(),
                (&raw mut fired).cast(),
                size_of::<u64>(),
            )
        };
        checked(read.try_into().unwrap_or(-1)).map(drop)
    }
}

impl Source for SystemTimer {
    #[inline]
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
    }

    #[inline]
    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
    }

    #[inline]
    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

/// The time since the machine started, suspension included.
#[inline]
pub(crate) fn time_since_boot() -> io::Result<Duration> {
    let mut time = timespec(Duration::ZERO);
    // SAFETY: the system writes one `timespec`.
    checked(unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) })?;
    Ok(Duration::new(
        time.tv_sec.try_into().unwrap_or(0),
        time.tv_nsec.try_into().unwrap_or(0),
    ))
}
