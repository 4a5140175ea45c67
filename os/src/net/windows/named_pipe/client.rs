//! The end of a named pipe that belongs to the client.
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

/// The client's end of a named pipe; made by [`ClientOptions::open`](super::ClientOptions::open).
///
/// A read that returns zero bytes says that the server has gone. It closes when it drops.
#[derive(Debug)]
pub struct NamedPipeClient {
    io: Evented<NamedPipe>,
}

pipe_end!(NamedPipeClient);
