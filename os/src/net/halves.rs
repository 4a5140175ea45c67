//! The two directions of a stream as two values, borrowed or owned.
//!
//! Idea        A socket can be read and written at once through a shared reference, so a half is a reference, or a
//!             shared pointer, that offers one direction.
//! Invariants  I1 an owned write half that is dropped closes the writing side, unless it was forgotten or reunited.
//!             I2 after a fork the child process closes its own descriptors and does nothing more: the connection
//!                belongs to the parent.

/// Methods of a half that only pass the call on to the stream. For the examples, here and below, `$pair` makes `client`
/// and `server`, `$split` makes `reader` and `writer` of `client`, and `$half` is one of them.
macro_rules! half_common_methods {
    ($addr:ty, $pair:literal, $split:literal, $half:ident) => {
        /// The address of the other end.
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn peer_addr(&self) -> std::io::Result<$addr> {
            self.stream().peer_addr()
        }

        /// The address of this end.
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn local_addr(&self) -> std::io::Result<$addr> {
            self.stream().local_addr()
        }

        /// Waits until the stream is ready for any of `interest`, and returns for which.
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
        #[doc = $split]
        /// server.try_write(b"ping")?;
        #[doc = concat!("let ready = ", stringify!($half), ".ready(Interest::READABLE | Interest::WRITABLE).await?;")]
        /// assert!(ready.is_readable() || ready.is_writable());
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn ready(
            &self,
            interest: crate::async_io::Interest,
        ) -> std::io::Result<crate::async_io::Ready> {
            self.stream().ready(interest).await
        }
    };
}

macro_rules! read_half_methods {
    ($pair:literal, $split:literal) => {
        /// Waits until there is something to read, or the end.
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
        #[doc = $pair]
        #[doc = $split]
        /// server.try_write(b"ping")?;
        /// reader.readable().await?;
        /// assert_eq!(reader.try_read(&mut [0; 16])?, 4);
        /// # drop(writer);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn readable(&self) -> std::io::Result<()> {
            self.stream().readable().await
        }

        /// Reads what is there into `buf` and returns how many bytes.
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
        #[doc = $split]
        /// let mut buffer = [0; 16];
        /// assert_eq!(reader.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
        /// server.try_write(b"ping")?;
        /// reader.readable().await?;
        /// assert_eq!(reader.try_read(&mut buffer)?, 4);
        /// # drop(writer);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.stream().try_read(buf)
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
        #[doc = $split]
        /// server.try_write(b"headbody")?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
        /// reader.readable().await?;
        /// let length = reader.try_read_vectored(&mut buffers)?;
        /// assert_eq!((&head, &body[..length - 4]), (b"head", &b"body"[..]));
        /// # drop(writer);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.stream().try_read_vectored(bufs)
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
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::IoSliceMut;
        ///
        #[doc = $pair]
        #[doc = $split]
        /// server.try_write(b"headbody")?;
        /// let (mut head, mut body) = ([0; 4], [0; 16]);
        /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
        /// let length = reader.read_vectored(&mut buffers).await?;
        /// assert_eq!((&head, &body[..length - 4]), (b"head", &b"body"[..]));
        /// # drop(writer);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn read_vectored(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
        ) -> std::io::Result<usize> {
            self.stream().read_vectored(bufs).await
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
        #[doc = $split]
        /// server.try_write(b"ping")?;
        /// reader.readable().await?;
        /// let mut received = Vec::with_capacity(64);
        /// assert_eq!(reader.try_read_buf(&mut received)?, 4);
        /// # drop(writer);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.stream().try_read_buf(buf)
        }
    };
}

macro_rules! write_half_methods {
    ($pair:literal, $split:literal) => {
        /// Waits until there is room to write, or the writing side is closed.
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
        #[doc = $pair]
        #[doc = $split]
        /// writer.writable().await?;
        /// assert_eq!(writer.try_write(b"ping")?, 4);
        /// # drop((reader, server));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub async fn writable(&self) -> std::io::Result<()> {
            self.stream().writable().await
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
        /// use selkie::io::AsyncReadExt;
        ///
        #[doc = $pair]
        #[doc = $split]
        /// writer.writable().await?;
        /// writer.try_write(b"ping")?;
        /// let mut request = [0; 4];
        /// # let mut server = server;
        /// server.read_exact(&mut request).await?;
        /// assert_eq!(&request, b"ping");
        /// # drop(reader);
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.stream().try_write(buf)
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
        #[doc = $split]
        /// writer.writable().await?;
        /// let parts = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        /// assert_eq!(writer.try_write_vectored(&parts)?, 8);
        /// # drop((reader, server));
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.stream().try_write_vectored(bufs)
        }
    };
}

/// Access of a half to its stream.
macro_rules! half_as_ref {
    ($half:ty, $stream:ty) => {
        impl AsRef<$stream> for $half {
            #[inline]
            fn as_ref(&self) -> &$stream {
                self.stream()
            }
        }
    };
}

/// What both sides have beside their methods.
macro_rules! halves_impls {
    ($read:ty, $write:ty, $stream:ty) => {
        $crate::net::streams::read_impl!($read, me => me.stream());
        $crate::net::streams::write_impl!($write, me => me.stream().io, me.close());
        $crate::net::halves::half_as_ref!($read, $stream);
        $crate::net::halves::half_as_ref!($write, $stream);
    };
}

/// `ReadHalf` and `WriteHalf`, borrowed from a stream.
macro_rules! borrowed_halves {
    ($stream:ident, $addr:ty, $pair:literal) => {
        /// The reading side of a borrowed stream; made by its `split`.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = $pair]
        /// # let (mut client, mut server) = (client, server);
        /// let (mut reader, mut writer) = client.split();
        /// let mut answer = [0; 4];
        /// // Both directions at once, in one task.
        /// server.write_all(b"pong").await?;
        /// selkie::try_join!(writer.write_all(b"ping"), reader.read_exact(&mut answer))?;
        /// assert_eq!(&answer, b"pong");
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $stream);

        /// The writing side of a borrowed stream; made by its `split`.
        ///
        /// Dropping it does not close the writing side.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = $pair]
        /// # let (mut client, mut server) = (client, server);
        /// let (_reader, mut writer) = client.split();
        /// writer.write_all(b"bye").await?;
        /// writer.shutdown().await?;
        /// let mut text = String::new();
        /// server.read_to_string(&mut text).await?;
        /// assert_eq!(text, "bye");
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $stream);

        impl $stream {
            /// Borrows the stream as a reading and a writing side, to be used at once.
            ///
            /// See `into_split` for two values that can go to two tasks.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use selkie::io::{AsyncWriteExt, copy};
            ///
            #[doc = $pair]
            /// # let (mut client, mut server) = (client, server);
            /// client.write_all(b"echo").await?;
            /// client.shutdown().await?;
            /// // Sends back what comes, until it ends.
            /// let (mut reader, mut writer) = server.split();
            /// assert_eq!(copy(&mut reader, &mut writer).await?, 4);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn split<'a>(&'a mut self) -> (ReadHalf<'a>, WriteHalf<'a>) {
                (ReadHalf(self), WriteHalf(self))
            }
        }

        impl ReadHalf<'_> {
            #[inline]
            fn stream(&self) -> &$stream {
                self.0
            }

            $crate::net::halves::half_common_methods!(
                $addr,
                $pair,
                "# let mut client = client;\nlet (reader, writer) = client.split();",
                reader
            );
            $crate::net::halves::read_half_methods!(
                $pair,
                "# let mut client = client;\nlet (reader, writer) = client.split();"
            );
        }

        impl WriteHalf<'_> {
            #[inline]
            fn stream(&self) -> &$stream {
                self.0
            }

            #[inline]
            fn close(&self) -> std::io::Result<()> {
                self.0.shutdown_write()
            }

            $crate::net::halves::half_common_methods!(
                $addr,
                $pair,
                "# let mut client = client;\nlet (reader, writer) = client.split();",
                writer
            );
            $crate::net::halves::write_half_methods!(
                $pair,
                "# let mut client = client;\nlet (reader, writer) = client.split();"
            );
        }

        $crate::net::halves::halves_impls!(ReadHalf<'_>, WriteHalf<'_>, $stream);
    };
}

/// `OwnedReadHalf`, `OwnedWriteHalf` and `ReuniteError`.
macro_rules! owned_halves {
    ($stream:ident, $addr:ty, $pair:literal) => {
        /// The reading side of a stream; made by its `into_split`.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = $pair]
        /// let (mut reader, mut writer) = client.into_split();
        /// // One task for each direction.
        /// let receiver = selkie::spawn(async move { reader.read_u8().await });
        /// writer.write_all(b"ping").await?;
        /// # let mut server = server;
        /// server.write_u8(7).await?;
        /// assert_eq!(receiver.await.unwrap()?, 7);
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct OwnedReadHalf(std::sync::Arc<$stream>);

        /// The writing side of a stream; made by its `into_split`.
        ///
        /// Dropping it closes the writing side, so that the peer reads the end; see
        /// [`forget`](Self::forget).
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = $pair]
        /// let (_reader, mut writer) = client.into_split();
        /// selkie::spawn(async move {
        ///     writer.write_all(b"all there is").await
        ///     // Dropped here, so that the other side reads the end.
        /// });
        /// # let mut server = server;
        /// let mut text = String::new();
        /// server.read_to_string(&mut text).await?;
        /// assert_eq!(text, "all there is");
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: std::sync::Arc<$stream>,
            close_on_drop: bool,
            /// Whose half it is (I2).
            process: $crate::sys::OwningProcess,
        }

        /// Two halves that were not of one stream; they come back inside.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = $pair]
        /// let (reader, _writer) = client.into_split();
        /// let (_reader, writer) = server.into_split();
        /// let error = reader.reunite(writer).unwrap_err();
        /// assert!(error.to_string().contains("not of the same stream"));
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct ReuniteError(
            /// The reading half.
            pub OwnedReadHalf,
            /// The writing half.
            pub OwnedWriteHalf,
        );

        impl std::fmt::Display for ReuniteError {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the two halves are not of the same stream")
            }
        }

        impl std::error::Error for ReuniteError {}

        impl $stream {
            /// Divides the stream into a reading and a writing side that may go to two tasks.
            ///
            /// When the writing side drops the peer reads the end.
            ///
            /// # Cost
            /// One allocation.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
            ///
            #[doc = $pair]
            /// let (mut reader, mut writer) = client.into_split();
            /// let sender = selkie::spawn(async move { writer.write_all(b"from a task").await });
            /// # let mut server = server;
            /// let mut text = [0; 11];
            /// server.read_exact(&mut text).await?;
            /// sender.await.unwrap()?;
            /// // The task has dropped its half: we read the end. Ours is still open.
            /// assert_eq!(server.read(&mut text).await?, 0);
            /// server.write_u8(1).await?;
            /// assert_eq!(reader.read_u8().await?, 1);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
                let stream = std::sync::Arc::new(self);
                let read = OwnedReadHalf(std::sync::Arc::clone(&stream));
                (
                    read,
                    OwnedWriteHalf {
                        stream,
                        close_on_drop: true,
                        process: $crate::sys::OwningProcess::current(),
                    },
                )
            }
        }

        #[inline]
        fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
            if !std::sync::Arc::ptr_eq(&read.0, &write.stream) {
                return Err(ReuniteError(read, write));
            }
            write.forget(); // I1
            Ok(std::sync::Arc::into_inner(read.0).expect("two halves hold the stream"))
        }

        impl OwnedReadHalf {
            #[inline]
            fn stream(&self) -> &$stream {
                &self.0
            }

            /// Makes the stream whole again.
            ///
            /// # Errors
            /// Both halves, if they are not of one stream.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $pair]
            /// let (reader, writer) = client.into_split();
            /// let whole = reader.reunite(writer).unwrap();
            /// assert!(whole.peer_addr().is_ok());
            /// # drop(server);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
                reunite(self, other)
            }

            $crate::net::halves::half_common_methods!(
                $addr,
                $pair,
                "let (reader, writer) = client.into_split();",
                reader
            );
            $crate::net::halves::read_half_methods!(
                $pair,
                "let (reader, writer) = client.into_split();"
            );
        }

        impl OwnedWriteHalf {
            #[inline]
            fn stream(&self) -> &$stream {
                &self.stream
            }

            #[inline]
            fn close(&mut self) -> std::io::Result<()> {
                let outcome = self.stream.shutdown_write();
                if outcome.is_ok() {
                    self.close_on_drop = false;
                }
                outcome
            }

            /// Makes the stream whole again.
            ///
            /// # Errors
            /// Both halves, if they are not of one stream.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $pair]
            /// let (reader, writer) = client.into_split();
            /// let whole = writer.reunite(reader).unwrap();
            /// assert!(whole.peer_addr().is_ok());
            /// # drop(server);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$stream, ReuniteError> {
                reunite(other, self)
            }

            /// Drops this half and leaves the writing side open until the reading half drops.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::io::ErrorKind;
            ///
            #[doc = $pair]
            /// let (_reader, writer) = client.into_split();
            /// writer.forget();
            /// // The other side does not read the end.
            /// assert_eq!(server.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn forget(mut self) {
                self.close_on_drop = false;
            }

            $crate::net::halves::half_common_methods!(
                $addr,
                $pair,
                "let (reader, writer) = client.into_split();",
                writer
            );
            $crate::net::halves::write_half_methods!(
                $pair,
                "let (reader, writer) = client.into_split();"
            );
        }

        impl Drop for OwnedWriteHalf {
            #[inline]
            fn drop(&mut self) {
                if self.close_on_drop && self.process.is_current() {
                    // I1. An error means that the peer is gone.
                    let _ = self.stream.shutdown_write();
                }
            }
        }

        $crate::net::halves::halves_impls!(OwnedReadHalf, OwnedWriteHalf, $stream);
    };
}

pub(super) use {
    borrowed_halves, half_as_ref, half_common_methods, halves_impls, owned_halves,
    read_half_methods, write_half_methods,
};
