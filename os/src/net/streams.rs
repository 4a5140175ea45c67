//! What byte streams, and their listeners, have in common, written once.
//!
//! Each macro expects the stream to hold its source in `self.io: Evented<_>`.

/// What streams have that can be read: `poll_read_ready`, `try_read*`, `read_vectored`.
///
/// The stream has `fn read_some(&Source, &mut [MaybeUninit<u8>])`. For the examples, `$pair` makes `client` and `server`.
macro_rules! read_methods {
    ($pair:literal) => {
        /// Waits until the stream is ready to be read, as a poll.
        ///
        /// Only the task of the last call to this or to a read is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        #[inline]
        pub fn poll_read_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_read_ready(cx)
        }

        /// Reads what is there into `buf` and returns how many bytes; zero is the end, if `buf` has room.
        ///
        /// # Errors
        /// `WouldBlock` if nothing is there; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::ErrorKind;
        ///
        #[doc = $pair]
        /// let mut buffer = [0; 16];
        /// let nothing = server.try_read(&mut buffer).unwrap_err();
        /// assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        /// client.writable().await?;
        /// client.try_write(b"ping")?;
        /// server.readable().await?;
        /// assert_eq!(server.try_read(&mut buffer)?, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::READABLE, &mut || {
                    (&*self.io).read(buf)
                })
        }

        /// Reads what is there into several buffers in order, and returns how many bytes.
        ///
        /// # Errors
        /// `WouldBlock` if nothing is there; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSliceMut;
        ///
        #[doc = $pair]
        /// client.writable().await?;
        /// client.try_write(b"headbody")?;
        /// server.readable().await?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let length = server.try_read_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)])?;
        /// assert_eq!((&head, &body[..length - 4]), (b"head", &b"body"[..]));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::READABLE, &mut || {
                    (&*self.io).read_vectored(bufs)
                })
        }

        /// Appends what is there to `buf`, as far as it has spare capacity, and returns how many bytes.
        ///
        /// # Errors
        /// `WouldBlock` if nothing is there; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.writable().await?;
        /// client.try_write(b"ping")?;
        /// server.readable().await?;
        /// let mut received = Vec::with_capacity(64);
        /// assert_eq!(server.try_read_buf(&mut received)?, 4);
        /// assert_eq!(received, b"ping");
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::READABLE, &mut || {
                    let (n, ()) = crate::source::fill_with(buf, |free| {
                        Ok((Self::read_some(&self.io, free)?, ()))
                    })?;
                    Ok(n)
                })
        }

        /// Reads what is there into several buffers in order, waiting for something, and returns how many bytes;
        /// zero is the end, if they have room.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// Nothing was read if the future is dropped before it is ready.
        ///
        /// # Cost
        /// One system call, if something is there.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSliceMut;
        ///
        #[doc = $pair]
        /// client.writable().await?;
        /// client.try_write(b"head")?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let length = server.read_vectored(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)]).await?;
        /// // Nothing waits for the body: it is read when it comes.
        /// assert_eq!((length, &head), (4, b"head"));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            let read = || (&*self.io).read_vectored(bufs);
            self.io
                .call(crate::async_io::Interest::READABLE, read)
                .await
        }
    };
}

/// What streams have that can be written: `poll_write_ready`, `try_write*`. For the examples, `$pair` makes `client` and
/// `server`.
macro_rules! write_methods {
    ($pair:literal) => {
        /// Waits until the stream is ready to be written, as a poll.
        ///
        /// Only the task of the last call to this or to a write is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        #[inline]
        pub fn poll_write_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_write_ready(cx)
        }

        /// Writes as much of `buf` as there is room for, and returns how many bytes.
        ///
        /// # Errors
        /// `WouldBlock` if there is no room; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.writable().await?;
        /// assert_eq!(client.try_write(b"ping")?, 4);
        /// server.readable().await?;
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.try_read(&mut buffer)?, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::WRITABLE, &mut || {
                    (&*self.io).write(buf)
                })
        }

        /// Writes as much of several buffers, in order, as there is room for.
        ///
        /// # Errors
        /// `WouldBlock` if there is no room; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSlice;
        ///
        #[doc = $pair]
        /// client.writable().await?;
        /// let parts = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        /// assert_eq!(client.try_write_vectored(&parts)?, 8);
        /// server.readable().await?;
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.try_read(&mut buffer)?, 8);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::WRITABLE, &mut || {
                    (&*self.io).write_vectored(bufs)
                })
        }
    };
}

/// `AsyncWrite` for what writes to the source `$io` and is closed by `$close`; `$me` is the writer.
macro_rules! write_impl {
    ($writer:ty, $me:ident => $io:expr, $close:expr) => {
        impl crate::async_io::AsyncWrite for $writer {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $me = self.get_mut();
                $io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $me = self.get_mut();
                $io.poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(())) // The system has all bytes.
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $me = self.get_mut();
                std::task::Poll::Ready($close)
            }
        }
    };
}

/// `AsyncRead` by `poll_read_shared`.
macro_rules! read_impl {
    ($reader:ty, $me:ident => $stream:expr) => {
        impl crate::async_io::AsyncRead for $reader {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut crate::async_io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $me = self.get_mut();
                $stream.poll_read_shared(cx, buf)
            }
        }
    };
}

/// What sockets that are streams have in common; `read_some` and `poll_read_shared` are theirs.
macro_rules! socket_stream {
    ($stream:ident, $source:ty, $pair:literal) => {
        impl $stream {
            /// Waits until a connection that was begun is established.
            pub(super) async fn connected(stream: $source) -> std::io::Result<Self> {
                let stream = Self::from_mio(stream, crate::async_io::Ready::EMPTY)?;
                // The poller reports when: asking the system now would be in vain, as a rule.
                stream.io.registration().register_deferred()?;
                stream.writable().await?;
                match stream.take_error()? {
                    None => Ok(stream),
                    Some(error) => Err(error),
                }
            }

            /// A stream that was made here, assumed to be ready for `assumed` until an operation finds
            /// otherwise.
            #[track_caller]
            pub(super) fn from_mio(
                stream: $source,
                assumed: crate::async_io::Ready,
            ) -> std::io::Result<Self> {
                let kind = crate::driver::SourceKind::Stream;
                Ok(Self {
                    io: crate::source::Evented::new(stream, kind, assumed)?,
                })
            }

            /// A stream that a listener accepted: its peer may have sent something, and there is room to
            /// answer.
            #[track_caller]
            pub(super) fn accepted(stream: $source) -> std::io::Result<Self> {
                use crate::async_io::Ready;

                Self::from_mio(stream, Ready::READABLE | Ready::WRITABLE)
            }

            /// The pending error of the socket, which this clears.
            ///
            /// # Errors
            /// What the system reports about the call.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $pair]
            /// // Whatever went wrong in the background; nothing, as a rule.
            /// assert!(client.take_error()?.is_none());
            /// # drop(server);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.io.take_error()
            }

            pub(super) fn shutdown_write(&self) -> std::io::Result<()> {
                match self.io.shutdown(std::net::Shutdown::Write) {
                    // The peer reset the connection, or is gone: that closes it, too.
                    Err(error) if error.kind() == std::io::ErrorKind::NotConnected => Ok(()),
                    outcome => outcome,
                }
            }

            $crate::net::methods::readiness_methods!(
                $pair,
                try_write,
                try_read,
                "socket2::SockRef::from(&client).send(b\"ping\")"
            );
            $crate::net::streams::read_methods!($pair);
            $crate::net::streams::write_methods!($pair);
        }

        $crate::net::streams::read_impl!($stream, me => me);
        $crate::net::streams::write_impl!($stream, me => me.io, me.shutdown_write());

        impl AsRef<Self> for $stream {
            #[inline]
            fn as_ref(&self) -> &Self {
                self
            }
        }
    };
}

/// `accept` and `poll_accept` of a listener for `$stream`. For the examples, `$pair` makes `listener` and `client`.
macro_rules! accept_methods {
    ($stream:ident, $addr:ty, $pair:literal) => {
        /// Waits for a connection.
        ///
        /// Several tasks may wait at once.
        ///
        /// # Errors
        /// What the system reports; being out of descriptors, for one, which passes.
        ///
        /// # Cancel safety
        /// No connection is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = $pair]
        /// selkie::spawn(async move {
        ///     // A server accepts for ever; one task for each connection does the rest.
        ///     while let Ok((mut connection, _)) = listener.accept().await {
        ///         selkie::spawn(async move { connection.write_all(b"welcome").await });
        ///     }
        /// });
        /// let mut greeting = String::new();
        /// client.read_to_string(&mut greeting).await?;
        /// assert_eq!(greeting, "welcome");
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn accept(&self) -> std::io::Result<($stream, $addr)> {
            let accept = || self.io.accept();
            let (stream, addr) = self
                .io
                .call(crate::async_io::Interest::READABLE, accept)
                .await?;
            Ok(($stream::accepted(stream)?, <$addr>::from(addr)))
        }

        /// Waits for a connection, as a poll; only the last caller's task is woken.
        ///
        /// # Errors
        /// As for [`accept`](Self::accept).
        #[inline]
        pub fn poll_accept(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<($stream, $addr)>> {
            let direction = crate::driver::Direction::Read;
            let accept = &mut || self.io.accept();
            let accepted = self.io.registration().poll_io(cx, direction, accept);
            accepted.map(|outcome| {
                let (stream, addr) = outcome?;
                Ok(($stream::accepted(stream)?, <$addr>::from(addr)))
            })
        }
    };
}

pub(super) use {
    accept_methods, read_impl, read_methods, socket_stream, write_impl, write_methods,
};
