//! The end of a named pipe that belongs to the server.
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, RawHandle};
use std::pin::Pin;
use std::task::{Context, Poll};

use mio::windows::NamedPipe;

use super::end::pipe_end;
use super::info::{PipeInfo, info};
use crate::async_io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::net::methods::readiness_methods;
use crate::net::streams::{read_methods, write_methods};
use crate::source::Evented;

/// The server's end of one instance of a named pipe; made by
/// [`ServerOptions::create`](super::ServerOptions::create).
///
/// It serves one client at a time. A read that returns zero bytes says that the client has gone.
#[derive(Debug)]
pub struct NamedPipeServer {
    io: Evented<NamedPipe>,
}

impl NamedPipeServer {
    /// Waits for a client to open the pipe; returns at once if one has.
    ///
    /// # Errors
    /// What the system reports; that the runtime shuts down.
    ///
    /// # Cancel safety
    /// A client that connects after the future was dropped is found by the next call.
    pub async fn connect(&self) -> io::Result<()> {
        match self.io.connect() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let connect = || self.io.connect();
                self.io.call(Interest::WRITABLE, connect).await?;
            }
            outcome => outcome?,
        }
        // How the client before ended may stand there yet, and is not this one's end: an empty read
        // takes that and nothing else, and what it says is of no interest.
        let mut pipe = &*self.io;
        let _ = pipe.read(&mut []);
        Ok(())
    }

    /// Parts from the client, who may lose what it has not read; [`connect`](Self::connect) then
    /// waits for the next.
    ///
    /// # Errors
    /// What the system reports.
    pub fn disconnect(&self) -> io::Result<()> {
        self.io.disconnect()
    }
}

pipe_end!(NamedPipeServer);
