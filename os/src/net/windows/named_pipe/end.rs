//! What both ends of a named pipe have in common, written once.
//!
//! Invariants  I1 the handle of a pipe is open as long as its `Evented` lives.
#![allow(unsafe_code)]

use std::io::{self, Read};
use std::mem::MaybeUninit;

use mio::windows::NamedPipe;

/// Bytes that a read takes at most: what mio keeps.
const READ_BYTES: usize = 4 * 1024;

/// Reads what is there into memory that need not be initialised.
pub(super) fn read_some(pipe: &NamedPipe, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    let len = free.len().min(READ_BYTES);
    let free = &mut free[..len];
    free.fill(MaybeUninit::new(0));
    let start = free.as_mut_ptr().cast::<u8>();
    // SAFETY: just initialised, and borrowed mutably.
    let bytes = unsafe { std::slice::from_raw_parts_mut(start, len) };
    let mut pipe = pipe;
    pipe.read(bytes)
}

/// An end of a pipe, which has its source in `self.io: Evented<NamedPipe>`.
macro_rules! pipe_end {
    ($end:ident) => {
        impl $end {
            /// Takes over an open handle.
            ///
            /// # Safety
            /// The handle is such an end, open for overlapped I/O, and nobody else owns it.
            ///
            /// # Errors
            /// If the driver does not take it: it was not opened for overlapped I/O, for one.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            #[track_caller]
            pub unsafe fn from_raw_handle(handle: RawHandle) -> io::Result<Self> {
                // SAFETY: by the caller's promise.
                let pipe = unsafe { NamedPipe::from_raw_handle(handle) };
                let both = Interest::READABLE | Interest::WRITABLE;
                Ok(Self {
                    io: Evented::with_interest(pipe, both)?,
                })
            }

            /// What the pipe is like.
            ///
            /// # Errors
            /// What the system reports.
            pub fn info(&self) -> io::Result<PipeInfo> {
                info(self.as_handle())
            }

            readiness_methods!(
                "use selkie::net::windows::named_pipe::{ClientOptions, ServerOptions};\n\
     \n\
     let name = r\"\\\\.\\pipe\\selkie-example\";\n\
     let server = ServerOptions::new().create(name)?;\n\
     let client = ClientOptions::new().open(name)?;\n\
     server.connect().await?;",
                try_write,
                try_read,
                "client.try_write(b\"ping\")"
            );
            read_methods!(
                "use selkie::net::windows::named_pipe::{ClientOptions, ServerOptions};\n\
     \n\
     let name = r\"\\\\.\\pipe\\selkie-example\";\n\
     let server = ServerOptions::new().create(name)?;\n\
     let client = ClientOptions::new().open(name)?;\n\
     server.connect().await?;"
            );
            write_methods!(
                "use selkie::net::windows::named_pipe::{ClientOptions, ServerOptions};\n\
     \n\
     let name = r\"\\\\.\\pipe\\selkie-example\";\n\
     let server = ServerOptions::new().create(name)?;\n\
     let client = ClientOptions::new().open(name)?;\n\
     server.connect().await?;"
            );

            fn read_some(pipe: &NamedPipe, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
                super::end::read_some(pipe, free)
            }
        }

        impl AsyncRead for $end {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.io.poll_read_stream(cx, buf, Self::read_some)
            }
        }

        impl AsyncWrite for $end {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write(cx, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                // What was written is the system's, and goes out also when this end drops.
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx) // It closes when it drops.
            }
        }

        impl AsRawHandle for $end {
            fn as_raw_handle(&self) -> RawHandle {
                self.io.as_raw_handle()
            }
        }

        impl AsHandle for $end {
            fn as_handle(&self) -> BorrowedHandle<'_> {
                // SAFETY: open as long as this end is (I1 of `end`).
                unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
            }
        }
    };
}

pub(super) use pipe_end;
