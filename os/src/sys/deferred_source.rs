//! Sources whose registration with the poller is deferred until it is needed.
//!
//! Idea        On Unix any descriptor can be registered at any time, and a socket that never has to wait is never
//!             registered. On Windows the poller keeps state in the source itself, so that every source is registered
//!             when it is made: there a `DeferredSource` is always absent.
#![allow(unsafe_code)]

#[cfg(unix)]
pub(crate) use descriptor::DeferredSource;
#[cfg(windows)]
pub(crate) use unsupported::DeferredSource;

/// Whether a source that was made here is registered later.
pub(crate) const DEFERS_REGISTRATION: bool = cfg!(unix);

/// A source whose registration may be deferred.
pub(crate) trait AsDeferredSource {
    /// What is registered later in place of this source; absent if the source is registered at once.
    fn deferred_source(&self) -> DeferredSource;
}

#[cfg(unix)]
mod descriptor {
    use std::io;
    use std::os::fd::{AsRawFd, RawFd};

    use mio::event::Source;
    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};

    use crate::sys::polled_readiness::PolledReadiness;

    /// The descriptor of a source, which it does not own.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct DeferredSource(RawFd);

    impl DeferredSource {
        /// Absent: the source itself is registered when it is made.
        pub(crate) const NONE: Self = Self(-1);

        pub(crate) const fn is_some(self) -> bool {
            self.0 >= 0
        }

        /// Asks the system, by `poll`, what the descriptor is ready for now; `None` if the system does not say.
        pub(crate) fn poll_now(self) -> Option<PolledReadiness> {
            let mut polled = libc::pollfd {
                fd: self.0,
                events: libc::POLLIN | libc::POLLPRI | libc::POLLOUT | READ_CLOSED,
                revents: 0,
            };
            // SAFETY: the system reads and writes one `pollfd`, and does not wait.
            let count = unsafe { libc::poll(&mut polled, 1, 0) };
            if count < 0 {
                return None; // The poller reports it a little later.
            }
            let is = |bit| polled.revents & bit != 0;
            let (hung_up, error) = (is(libc::POLLHUP), is(libc::POLLERR));
            Some(PolledReadiness {
                readable: is(libc::POLLIN) || is(libc::POLLPRI),
                writable: is(libc::POLLOUT),
                read_closed: hung_up || is(libc::POLLIN) && READ_CLOSED != 0 && is(READ_CLOSED),
                write_closed: hung_up
                    || is(libc::POLLOUT) && error
                    || polled.revents == libc::POLLERR,
                priority: is(libc::POLLPRI),
                error,
            })
        }
    }

    /// The bit by which `poll` reports that the peer has closed its writing side, on systems that have one.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const READ_CLOSED: libc::c_short = libc::POLLRDHUP;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const READ_CLOSED: libc::c_short = 0;

    impl<T: AsRawFd> super::AsDeferredSource for T {
        fn deferred_source(&self) -> DeferredSource {
            DeferredSource(self.as_raw_fd())
        }
    }

    impl Source for DeferredSource {
        fn register(
            &mut self,
            registry: &Registry,
            token: Token,
            interest: Interest,
        ) -> io::Result<()> {
            SourceFd(&self.0).register(registry, token, interest)
        }

        fn reregister(
            &mut self,
            registry: &Registry,
            token: Token,
            interest: Interest,
        ) -> io::Result<()> {
            SourceFd(&self.0).reregister(registry, token, interest)
        }

        fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
            SourceFd(&self.0).deregister(registry)
        }
    }
}

#[cfg(windows)]
mod unsupported {
    use std::io;

    use mio::event::Source;
    use mio::{Interest, Registry, Token};

    use crate::sys::polled_readiness::PolledReadiness;

    /// Always absent.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct DeferredSource;

    impl DeferredSource {
        pub(crate) const NONE: Self = Self;

        pub(crate) const fn is_some(self) -> bool {
            false
        }

        pub(crate) fn poll_now(self) -> Option<PolledReadiness> {
            None
        }
    }

    impl<T> super::AsDeferredSource for T {
        fn deferred_source(&self) -> DeferredSource {
            DeferredSource::NONE
        }
    }

    impl Source for DeferredSource {
        fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn deregister(&mut self, _: &Registry) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
