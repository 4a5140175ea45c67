//! What datagram sockets have in common, written once.
//!
//! The macro expects the socket to hold its source in `self.io: Evented<_>`.

/// Sends to the connected address, and receives. `$address` makes the `$addr` of this socket from that of
/// socket2. For the examples, `$pair` makes `client` and `server`, of which the first is connected to the other.
macro_rules! datagram_methods {
    ($addr:ty, $address:path, $pair:literal) => {
        // The system calls, made through `try_io` of mio as it requires.

        #[inline]
        fn recv_now(&self, free: &mut [std::mem::MaybeUninit<u8>]) -> std::io::Result<usize> {
            self.io
                .try_io(|| socket2::SockRef::from(&*self.io).recv(free))
        }

        #[inline]
        fn recv_from_now(
            &self,
            free: &mut [std::mem::MaybeUninit<u8>],
        ) -> std::io::Result<(usize, $addr)> {
            let (n, from) = self
                .io
                .try_io(|| socket2::SockRef::from(&*self.io).recv_from(free))?;
            Ok((n, $address(&from)?))
        }

        #[inline]
        fn send_vectored_now(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io
                .try_io(|| socket2::SockRef::from(&*self.io).send_vectored(bufs))
        }

        #[inline]
        fn recv_vectored_now(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io.try_io(|| {
                std::io::Read::read_vectored(&mut &*socket2::SockRef::from(&*self.io), bufs)
            })
        }

        #[inline]
        fn poll_recv_with(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut crate::async_io::ReadBuf<'_>,
            recv: fn(&Self, &mut [std::mem::MaybeUninit<u8>]) -> std::io::Result<usize>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let direction = crate::driver::Direction::Read;
            let recv = &mut || crate::source::fill(buf, |free| recv(self, free));
            let received = self.io.registration().poll_transfer(cx, direction, recv);
            received.map_ok(drop)
        }

        #[inline]
        fn poll_recv_from_with(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut crate::async_io::ReadBuf<'_>,
            recv: fn(&Self, &mut [std::mem::MaybeUninit<u8>]) -> std::io::Result<(usize, $addr)>,
        ) -> std::task::Poll<std::io::Result<$addr>> {
            let direction = crate::driver::Direction::Read;
            let recv = &mut || crate::source::fill_with(buf, |free| recv(self, free));
            let received = self.io.registration().poll_io(cx, direction, recv);
            received.map_ok(|(_, from)| from)
        }

        /// Waits until a datagram can be sent, as a poll; only the last caller's task is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        #[inline]
        pub fn poll_send_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_write_ready(cx)
        }

        /// Waits until a datagram can be received, as a poll; only the last caller's task is woken.
        ///
        /// # Errors
        /// If the runtime shuts down.
        #[inline]
        pub fn poll_recv_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_read_ready(cx)
        }

        /// Sends `buf` to the connected address, waiting for room; returns how many bytes were sent.
        ///
        /// # Errors
        /// What the system reports, for example not connected.
        ///
        /// # Cancel safety
        /// Nothing was sent if the future is dropped before it is ready.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// assert_eq!(client.send(b"ping").await?, 4);
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.recv(&mut buffer).await?, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn send(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io
                .call(crate::async_io::Interest::WRITABLE, || self.io.send(buf))
                .await
        }

        /// Sends `buf` to the connected address, as a poll; only the last caller's task is woken.
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn poll_send(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.io
                .registration()
                .poll_transfer(cx, crate::driver::Direction::Write, &mut || {
                    self.io.send(buf)
                })
        }

        /// Sends `buf` to the connected address if there is room now.
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
        /// assert_eq!(client.try_send(b"ping")?, 4);
        /// # drop(server);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_send(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::WRITABLE, &mut || {
                    self.io.send(buf)
                })
        }

        /// Receives a datagram, waiting for one; returns its length.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// No datagram is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"one").await?;
        /// client.send(b"three").await?;
        /// // Each receive takes a datagram, however much room there is.
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.recv(&mut buffer).await?, 3);
        /// assert_eq!(server.recv(&mut buffer).await?, 5);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io
                .call(crate::async_io::Interest::READABLE, || {
                    self.recv_now(crate::source::as_uninit(buf))
                })
                .await
        }

        /// Receives a datagram into `buf`, as a poll; only the last caller's task is woken.
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn poll_recv(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut crate::async_io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.poll_recv_with(cx, buf, Self::recv_now)
        }

        /// Receives a datagram if one is here.
        ///
        /// # Errors
        /// `WouldBlock` if none is here; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::ErrorKind;
        ///
        #[doc = $pair]
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.try_recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
        /// client.send(b"ping").await?;
        /// server.readable().await?;
        /// assert_eq!(server.try_recv(&mut buffer)?, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::READABLE, &mut || {
                    self.recv_now(crate::source::as_uninit(buf))
                })
        }

        /// As [`recv`](Self::recv), into the spare capacity of `buf`.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// No datagram is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// let mut received = Vec::with_capacity(16);
        /// server.recv_buf(&mut received).await?;
        /// assert_eq!(received, b"ping");
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            let recv = || crate::source::fill_with(buf, |free| Ok((self.recv_now(free)?, ())));
            Ok(self
                .io
                .call(crate::async_io::Interest::READABLE, recv)
                .await?
                .0)
        }

        /// As [`try_recv`](Self::try_recv), into the spare capacity of `buf`.
        ///
        /// # Errors
        /// `WouldBlock` if none is here; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// server.readable().await?;
        /// let mut received = Vec::with_capacity(16);
        /// assert_eq!(server.try_recv_buf(&mut received)?, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            let recv = &mut || crate::source::fill_with(buf, |free| Ok((self.recv_now(free)?, ())));
            let received = self
                .io
                .registration()
                .try_call(crate::async_io::Interest::READABLE, recv);
            received.map(|(n, ())| n)
        }

        /// Receives a datagram, waiting for one; returns its length and its sender.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// No datagram is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// let mut buffer = [0; 16];
        /// let (length, sender) = server.recv_from(&mut buffer).await?;
        /// assert_eq!(&buffer[..length], b"ping");
        /// assert_eq!(format!("{sender:?}"), format!("{:?}", client.local_addr()?));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn recv_from(&self, buf: &mut [u8]) -> std::io::Result<(usize, $addr)> {
            self.io
                .call(crate::async_io::Interest::READABLE, || {
                    self.recv_from_now(crate::source::as_uninit(buf))
                })
                .await
        }

        /// Receives a datagram into `buf`, as a poll, and returns its sender; only the last
        /// caller's task is woken.
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn poll_recv_from(
            &self,
            cx: &mut std::task::Context<'_>,
            buf: &mut crate::async_io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<$addr>> {
            self.poll_recv_from_with(cx, buf, Self::recv_from_now)
        }

        /// Receives a datagram if one is here.
        ///
        /// # Errors
        /// `WouldBlock` if none is here; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// server.readable().await?;
        /// let mut buffer = [0; 16];
        /// let (length, _sender) = server.try_recv_from(&mut buffer)?;
        /// assert_eq!(&buffer[..length], b"ping");
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_recv_from(&self, buf: &mut [u8]) -> std::io::Result<(usize, $addr)> {
            self.io
                .registration()
                .try_call(crate::async_io::Interest::READABLE, &mut || {
                    self.recv_from_now(crate::source::as_uninit(buf))
                })
        }

        /// As [`recv_from`](Self::recv_from), into the spare capacity of `buf`.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// No datagram is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// let mut received = Vec::with_capacity(16);
        /// let (length, _sender) = server.recv_buf_from(&mut received).await?;
        /// assert_eq!((length, received.as_slice()), (4, &b"ping"[..]));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn recv_buf_from<B: bytes::BufMut>(
            &self,
            buf: &mut B,
        ) -> std::io::Result<(usize, $addr)> {
            let recv = || crate::source::fill_with(buf, |free| self.recv_from_now(free));
            self.io
                .call(crate::async_io::Interest::READABLE, recv)
                .await
        }

        /// As [`try_recv_from`](Self::try_recv_from), into the spare capacity of `buf`.
        ///
        /// # Errors
        /// `WouldBlock` if none is here; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// client.send(b"ping").await?;
        /// server.readable().await?;
        /// let mut received = Vec::with_capacity(16);
        /// let (length, _sender) = server.try_recv_buf_from(&mut received)?;
        /// assert_eq!(length, 4);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_recv_buf_from<B: bytes::BufMut>(
            &self,
            buf: &mut B,
        ) -> std::io::Result<(usize, $addr)> {
            let recv = &mut || crate::source::fill_with(buf, |free| self.recv_from_now(free));
            self.io
                .registration()
                .try_call(crate::async_io::Interest::READABLE, recv)
        }

        /// As [`send`](Self::send), of several buffers in order, as one datagram.
        ///
        /// # Errors
        /// What the system reports, for example not connected.
        ///
        /// # Cancel safety
        /// Nothing was sent if the future is dropped before it is ready.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSlice;
        ///
        #[doc = $pair]
        /// // One datagram of two parts, without a copy that joins them.
        /// let parts = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        /// assert_eq!(client.send_vectored(&parts).await?, 8);
        /// let mut buffer = [0; 16];
        /// assert_eq!(server.recv(&mut buffer).await?, 8);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn send_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io
                .call(crate::async_io::Interest::WRITABLE, || {
                    self.send_vectored_now(bufs)
                })
                .await
        }

        /// As [`try_send`](Self::try_send), of several buffers in order, as one datagram.
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
        /// assert_eq!(client.try_send_vectored(&parts)?, 8);
        /// # drop(server);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_send_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::WRITABLE, &mut || {
                    self.send_vectored_now(bufs)
                })
        }

        /// As [`recv`](Self::recv), into several buffers in order.
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Cancel safety
        /// No datagram is lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSliceMut;
        ///
        #[doc = $pair]
        /// client.send(b"headbody").await?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
        /// let length = server.recv_vectored(&mut buffers).await?;
        /// assert_eq!((&head, &body[..length - 4]), (b"head", &b"body"[..]));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn recv_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io
                .call(crate::async_io::Interest::READABLE, || {
                    self.recv_vectored_now(bufs)
                })
                .await
        }

        /// As [`try_recv`](Self::try_recv), into several buffers in order.
        ///
        /// # Errors
        /// `WouldBlock` if none is here; what the system reports otherwise.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSliceMut;
        ///
        #[doc = $pair]
        /// client.send(b"headbody").await?;
        /// server.readable().await?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
        /// assert_eq!(server.try_recv_vectored(&mut buffers)?, 8);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_recv_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.io
                .registration()
                .try_transfer(crate::async_io::Interest::READABLE, &mut || {
                    self.recv_vectored_now(bufs)
                })
        }
    };
}

pub(super) use datagram_methods;
