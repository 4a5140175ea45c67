//! The properties of a named pipe.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr;

use windows_sys::Win32::System::Pipes::{
    GetNamedPipeInfo, PIPE_READMODE_MESSAGE, PIPE_SERVER_END, PIPE_TYPE_MESSAGE,
};

/// How bytes go through a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipeMode {
    /// As a stream.
    Byte,
    /// As messages: a write is one, and a read gets no more than one.
    Message,
}

impl PipeMode {
    /// The system's words for a pipe that is made so.
    pub(super) const fn to_make(self) -> u32 {
        match self {
            Self::Byte => 0,
            Self::Message => PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
        }
    }
}

/// Which end of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipeEnd {
    /// The one that opened it.
    Client,
    /// The one that made it.
    Server,
}

/// What a pipe is like.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PipeInfo {
    /// How bytes go through it.
    pub mode: PipeMode,
    /// Which end was asked.
    pub end: PipeEnd,
    /// How many instances there may be; 255 if there is no limit.
    pub max_instances: u32,
    /// Bytes that the system keeps for what is written.
    pub out_buffer_size: u32,
    /// Bytes that the system keeps for what is to be read.
    pub in_buffer_size: u32,
}

/// Asks the system about a pipe.
pub(super) fn info(pipe: BorrowedHandle<'_>) -> io::Result<PipeInfo> {
    let (mut flags, mut outgoing, mut incoming, mut instances) = (0, 0, 0, 0);
    // SAFETY: the handle is open, and the system writes a word to each of the four.
    let done = unsafe {
        GetNamedPipeInfo(
            pipe.as_raw_handle(),
            ptr::from_mut(&mut flags),
            ptr::from_mut(&mut outgoing),
            ptr::from_mut(&mut incoming),
            ptr::from_mut(&mut instances),
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let is = |flag| flags & flag != 0;
    Ok(PipeInfo {
        mode: if is(PIPE_TYPE_MESSAGE) {
            PipeMode::Message
        } else {
            PipeMode::Byte
        },
        end: if is(PIPE_SERVER_END) {
            PipeEnd::Server
        } else {
            PipeEnd::Client
        },
        max_instances: instances,
        out_buffer_size: outgoing,
        in_buffer_size: incoming,
    })
}
