//! Methods that sockets have in common, written once.
//!
//! Each macro expects the socket to hold its source in `self.io: Evented<_>`.

/// `ready`, `readable`, `writable`, `try_io`, `async_io`.
macro_rules! readiness_methods {
    () => {
        /// Waits until the socket is ready for any of `interest`, and says for which.
        ///
        /// Readiness is what the system told last: the operation after it may still find that it
        /// would block. Many tasks may wait at once.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        pub async fn ready(
            &self,
            interest: crate::io::Interest,
        ) -> std::io::Result<crate::io::Ready> {
            self.io.ready(interest).await
        }

        /// Waits until the socket is ready to be read, or its reading side was closed.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        pub async fn readable(&self) -> std::io::Result<()> {
            self.ready(crate::io::Interest::READABLE).await.map(drop)
        }

        /// Waits until the socket is ready to be written, or its writing side was closed.
        ///
        /// # Errors
        /// If the runtime shuts down.
        ///
        /// # Cancel safety
        /// Nothing is lost when the future is dropped.
        pub async fn writable(&self) -> std::io::Result<()> {
            self.ready(crate::io::Interest::WRITABLE).await.map(drop)
        }

        /// Runs `f`, an operation on this socket, if the socket is thought ready for `interest`.
        ///
        /// When `f` says would-block the readiness is forgotten; so `f` must say so only if the
        /// socket itself did.
        ///
        /// # Errors
        /// Would-block if the socket is not thought ready; what `f` returns otherwise.
        pub fn try_io<R>(
            &self,
            interest: crate::io::Interest,
            f: impl FnOnce() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.registration().try_io(interest, f)
        }

        /// Runs `f`, an operation on this socket, until it does something else than block.
        ///
        /// # Errors
        /// What `f` returns other than would-block, or that the runtime shuts down.
        ///
        /// # Cancel safety
        /// Between two runs of `f` nothing is held; what `f` did before is done.
        pub async fn async_io<R>(
            &self,
            interest: crate::io::Interest,
            f: impl FnMut() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.registration().async_io(interest, f).await
        }
    };
}

/// What byte streams have beside: `poll_*_ready`, `try_read*`, `try_write*`.
macro_rules! stream_methods {
    () => {
        /// Waits until the stream is ready to be read, as a poll.
        ///
        /// Only the task of the last call to this or to a read is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        pub fn poll_read_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_read_ready(cx)
        }

        /// Waits until the stream is ready to be written, as a poll.
        ///
        /// Only the task of the last call to this or to a write is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        pub fn poll_write_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_write_ready(cx)
        }

        /// Reads what is there into `buf` and says how much; zero is the end, if `buf` has room.
        ///
        /// # Errors
        /// Would-block if nothing is there; what the system says otherwise.
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io
                .try_call(crate::io::Interest::READABLE, || (&*self.io).read(buf))
        }

        /// Reads what is there into several buffers in order, and says how much.
        ///
        /// # Errors
        /// Would-block if nothing is there; what the system says otherwise.
        pub fn try_read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io.try_call(crate::io::Interest::READABLE, || {
                (&*self.io).read_vectored(bufs)
            })
        }

        /// Appends what is there to `buf`, as far as it has room at hand, and says how much.
        ///
        /// # Errors
        /// Would-block if nothing is there; what the system says otherwise.
        pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.io.try_call(crate::io::Interest::READABLE, || {
                let (n, ()) = crate::source::fill_with(buf, |free| {
                    Ok((Self::read_some(&self.io, free)?, ()))
                })?;
                Ok(n)
            })
        }

        /// Writes as much of `buf` as there is room for, and says how much.
        ///
        /// # Errors
        /// Would-block if there is no room; what the system says otherwise.
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io
                .try_call(crate::io::Interest::WRITABLE, || (&*self.io).write(buf))
        }

        /// Writes as much of several buffers, in order, as there is room for.
        ///
        /// # Errors
        /// Would-block if there is no room; what the system says otherwise.
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io.try_call(crate::io::Interest::WRITABLE, || {
                (&*self.io).write_vectored(bufs)
            })
        }
    };
}

/// `AsyncWrite` for a stream that has `fn shutdown_write(&self)`.
macro_rules! stream_write_impl {
    ($stream:ty) => {
        impl crate::io::AsyncWrite for $stream {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.poll_write_shared(cx, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.poll_write_vectored_shared(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(())) // A socket holds nothing back.
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(self.shutdown_write())
            }
        }
    };
}

pub(super) use {readiness_methods, stream_methods, stream_write_impl};
