//! How a client opens a named pipe.
#![allow(unsafe_code)]

use std::ffi::{OsStr, c_void};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::ptr;

use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, SECURITY_IDENTIFICATION,
    SECURITY_SQOS_PRESENT,
};
use windows_sys::Win32::System::Pipes::{PIPE_READMODE_MESSAGE, SetNamedPipeHandleState};

use super::client::NamedPipeClient;
use super::info::PipeMode;

/// How a client opens a named pipe: for reading and writing, as bytes, and so that the server may
/// learn who the client is, but not act as it, unless said otherwise.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    access: u32,
    security: u32,
    mode: PipeMode,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientOptions {
    /// The options as they are if nothing is said.
    pub fn new() -> Self {
        Self {
            access: GENERIC_READ | GENERIC_WRITE,
            security: SECURITY_IDENTIFICATION | SECURITY_SQOS_PRESENT,
            mode: PipeMode::Byte,
        }
    }

    const fn set(&mut self, right: u32, is_wanted: bool) -> &mut Self {
        if is_wanted {
            self.access |= right;
        } else {
            self.access &= !right;
        }
        self
    }

    /// Whether the pipe is opened for reading.
    pub fn read(&mut self, allowed: bool) -> &mut Self {
        self.set(GENERIC_READ, allowed)
    }

    /// Whether the pipe is opened for writing.
    pub fn write(&mut self, allowed: bool) -> &mut Self {
        self.set(GENERIC_WRITE, allowed)
    }

    /// What the server may do in the client's name: the system's flags of security of service.
    pub fn security_qos_flags(&mut self, flags: u32) -> &mut Self {
        self.security = flags | SECURITY_SQOS_PRESENT;
        self
    }

    /// How the client reads; the pipe was made as it was made.
    pub fn pipe_mode(&mut self, pipe_mode: PipeMode) -> &mut Self {
        self.mode = pipe_mode;
        self
    }

    /// Opens the pipe `addr`, `\\.\pipe\NAME`.
    ///
    /// # Errors
    /// `NotFound` if there is no such pipe; `ERROR_PIPE_BUSY` (231) if each of its instances has a
    /// client: try again a little later.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn open(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeClient> {
        // SAFETY: null asks for the default attributes.
        unsafe { self.open_with_security_attributes_raw(addr, ptr::null_mut()) }
    }

    /// As [`open`](Self::open), with security attributes.
    ///
    /// # Safety
    /// `attrs` is null or points to a valid `SECURITY_ATTRIBUTES`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Panics
    /// As [`open`](Self::open).
    #[track_caller]
    pub unsafe fn open_with_security_attributes_raw(
        &self,
        addr: impl AsRef<OsStr>,
        attrs: *mut c_void,
    ) -> io::Result<NamedPipeClient> {
        let name = wide(addr.as_ref())?;
        // SAFETY: the name ends with zero and outlives the call; the attributes are the caller's.
        let handle = unsafe {
            CreateFileW(
                name.as_ptr(),
                self.access,
                0,
                attrs.cast(),
                OPEN_EXISTING,
                FILE_FLAG_OVERLAPPED | self.security,
                ptr::null_mut(),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened for overlapped I/O, and nobody else's.
        let client = unsafe { NamedPipeClient::from_raw_handle(handle) }?;
        if self.mode == PipeMode::Message {
            // SAFETY: the handle is open; the one word outlives the call.
            let done = unsafe {
                SetNamedPipeHandleState(handle, &PIPE_READMODE_MESSAGE, ptr::null(), ptr::null())
            };
            if done == 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(client)
    }
}

/// A name as the system wants it, with a zero at its end.
pub(super) fn wide(name: &OsStr) -> io::Result<Vec<u16>> {
    let mut wide: Vec<u16> = name.encode_wide().collect();
    if wide.contains(&0) {
        let kind = io::ErrorKind::InvalidInput;
        return Err(io::Error::new(kind, "a pipe's name holds a zero"));
    }
    wide.push(0);
    Ok(wide)
}
