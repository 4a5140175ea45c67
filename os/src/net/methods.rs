//! Methods that all sockets have in common, written once.
//!
//! Each macro expects the socket to hold its source in `self.io: Evented<_>`.

/// `ready`, `readable`, `writable`, `try_io`, `async_io`.
///
/// For the examples: `$pair` makes `client` and `server`, whose methods `$send` and `$recv` do not wait; `$operation`
/// writes four bytes to `client`.
macro_rules! readiness_methods {
    ($pair:literal, $send:ident, $recv:ident, $operation:literal) => {
        /// Waits until the socket is ready for any of `interest`, and returns for which.
        ///
        /// Readiness is what the system reported last: the next operation may still find that it would block.
        /// Many tasks may wait at once.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::Interest;
        ///
        #[doc = $pair]
        /// let ready = client.ready(Interest::READABLE | Interest::WRITABLE).await?;
        /// if ready.is_writable() {
        #[doc = concat!("    assert_eq!(client.", stringify!($send), "(b\"ping\")?, 4);")]
        /// }
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn ready(
            &self,
            interest: crate::async_io::Interest,
        ) -> std::io::Result<crate::async_io::Ready> {
            self.io.ready(interest).await
        }

        /// Waits until the socket is ready to be read, or its reading side was closed.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::ErrorKind;
        ///
        #[doc = $pair]
        /// client.writable().await?;
        #[doc = concat!("client.", stringify!($send), "(b\"ping\")?;")]
        /// let mut buffer = [0; 16];
        /// let length = loop {
        ///     server.readable().await?;
        #[doc = concat!("    match server.", stringify!($recv), "(&mut buffer) {")]
        ///         // Another task was faster, or the poller was wrong: wait again.
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
        ///         outcome => break outcome?,
        ///     }
        /// };
        /// assert_eq!(&buffer[..length], b"ping");
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn readable(&self) -> std::io::Result<()> {
            self.ready(crate::async_io::Interest::READABLE)
                .await
                .map(drop)
        }

        /// Waits until the socket is ready to be written, or its writing side was closed.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::ErrorKind;
        ///
        #[doc = $pair]
        /// let sent = loop {
        ///     client.writable().await?;
        #[doc = concat!("    match client.", stringify!($send), "(b\"ping\") {")]
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
        ///         outcome => break outcome?,
        ///     }
        /// };
        /// assert_eq!(sent, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn writable(&self) -> std::io::Result<()> {
            self.ready(crate::async_io::Interest::WRITABLE)
                .await
                .map(drop)
        }

        /// Calls `f`, an operation on this socket, if the socket is thought ready for `interest`.
        ///
        /// When `f` returns `WouldBlock` the readiness is cleared; so `f` must return that only if the socket
        /// itself did.
        ///
        /// # Errors
        /// `WouldBlock` if the socket is not thought ready; what `f` returns otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::Interest;
        ///
        #[doc = $pair]
        /// client.writable().await?;
        /// // An operation that this type has no method for.
        #[doc = concat!("let sent = client.try_io(Interest::WRITABLE, || ", $operation, ")?;")]
        /// assert_eq!(sent, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_io<R>(
            &self,
            interest: crate::async_io::Interest,
            f: impl FnOnce() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.registration().try_io(interest, f)
        }

        /// Runs `f`, an operation on this socket, until it does something else than block.
        ///
        /// # Errors
        /// What `f` returns other than `WouldBlock`, or that the runtime shuts down.
        ///
        /// # Cancel safety
        /// Between two runs of `f` nothing is held; what `f` did before is done.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::Interest;
        ///
        #[doc = $pair]
        /// // An operation that this type has no method for, as often as it would block.
        #[doc = concat!("let sent = client.async_io(Interest::WRITABLE, || ", $operation, ").await?;")]
        /// assert_eq!(sent, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn async_io<R>(
            &self,
            interest: crate::async_io::Interest,
            f: impl FnMut() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.registration().async_io(interest, f).await
        }
    };
}

/// Conversions from a socket of std and back. `$what` names the socket, `$kind` is its kind of source, and
/// `$interest` what it is registered for. For the examples, `$made` makes one of std's.
macro_rules! std_conversions {
    ($socket:ident, $std:ty, $source:ty, $what:literal, $kind:ident, $interest:expr, $made:literal) => {
        impl $socket {
            #[doc = concat!("Takes over ", $what, " of std's, which must be in non-blocking mode.")]
            ///
            /// # Errors
            /// If the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled; in debug builds if the socket is in blocking
            /// mode.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $made]
            /// socket.set_nonblocking(true)?;
            #[doc = concat!("let socket = selkie::net::", stringify!($socket), "::from_std(socket)?;")]
            /// assert!(socket.local_addr().is_ok());
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_std(socket: $std) -> std::io::Result<Self> {
                crate::sys::assert_nonblocking(&socket);
                let socket = <$source>::from_std(socket);
                let kind = crate::driver::SourceKind::$kind;
                Ok(Self {
                    io: crate::source::Evented::from_outside(socket, kind, $interest)?,
                })
            }

            #[doc = concat!("Gives it to std as ", $what, ", still in non-blocking mode.")]
            ///
            /// # Errors
            /// If it cannot be deregistered.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $made]
            /// socket.set_nonblocking(true)?;
            #[doc = concat!("let socket = selkie::net::", stringify!($socket), "::from_std(socket)?;")]
            /// let socket = socket.into_std()?;
            /// // Of std's again, which blocks where a task would wait.
            /// socket.set_nonblocking(false)?;
            /// assert!(socket.local_addr().is_ok());
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn into_std(self) -> std::io::Result<$std> {
                self.io.into_inner().map(<$std>::from)
            }
        }

        impl TryFrom<$std> for $socket {
            type Error = std::io::Error;

            #[inline]
            fn try_from(socket: $std) -> std::io::Result<Self> {
                Self::from_std(socket)
            }
        }
    };
}

pub(super) use {readiness_methods, std_conversions};
