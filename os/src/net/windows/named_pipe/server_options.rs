//! How a server makes an instance of a named pipe.
#![allow(unsafe_code)]

use std::ffi::{OsStr, c_void};
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND,
    WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS, PIPE_UNLIMITED_INSTANCES,
};
use windows_sys::Win32::System::SystemServices::ACCESS_SYSTEM_SECURITY;

use super::client_options::wide;
use super::info::PipeMode;
use super::server::NamedPipeServer;

/// Bytes that the system keeps for each direction, if nothing is said.
const BUFFER_BYTES: u32 = 65_536;

/// How a server makes an instance of a named pipe: for both directions, as bytes, for clients of this
/// machine, with any number of instances, unless said otherwise.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    open_mode: u32,
    mode: PipeMode,
    reject_remote_clients: bool,
    max_instances: u32,
    out_buffer_size: u32,
    in_buffer_size: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerOptions {
    /// The options as they are if nothing is said.
    pub fn new() -> Self {
        Self {
            open_mode: PIPE_ACCESS_INBOUND | PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED,
            mode: PipeMode::Byte,
            reject_remote_clients: true,
            max_instances: PIPE_UNLIMITED_INSTANCES,
            out_buffer_size: BUFFER_BYTES,
            in_buffer_size: BUFFER_BYTES,
        }
    }

    const fn set(&mut self, flag: u32, is_wanted: bool) -> &mut Self {
        if is_wanted {
            self.open_mode |= flag;
        } else {
            self.open_mode &= !flag;
        }
        self
    }

    /// How bytes go through the pipe; the same for all its instances.
    pub fn pipe_mode(&mut self, pipe_mode: PipeMode) -> &mut Self {
        self.mode = pipe_mode;
        self
    }

    /// Whether the server reads what clients write; the same for all instances.
    pub fn access_inbound(&mut self, allowed: bool) -> &mut Self {
        self.set(PIPE_ACCESS_INBOUND, allowed)
    }

    /// Whether the server writes what clients read; the same for all instances.
    pub fn access_outbound(&mut self, allowed: bool) -> &mut Self {
        self.set(PIPE_ACCESS_OUTBOUND, allowed)
    }

    /// Whether to fail if the pipe has an instance already: somebody else's, perhaps.
    pub fn first_pipe_instance(&mut self, first: bool) -> &mut Self {
        self.set(FILE_FLAG_FIRST_PIPE_INSTANCE, first)
    }

    /// Whether the handle may change who has access.
    pub fn write_dac(&mut self, requested: bool) -> &mut Self {
        self.set(WRITE_DAC, requested)
    }

    /// Whether the handle may change who owns the pipe.
    pub fn write_owner(&mut self, requested: bool) -> &mut Self {
        self.set(WRITE_OWNER, requested)
    }

    /// Whether the handle may change what of the pipe is audited.
    pub fn access_system_security(&mut self, requested: bool) -> &mut Self {
        self.set(ACCESS_SYSTEM_SECURITY, requested)
    }

    /// Whether clients of other machines are refused.
    pub fn reject_remote_clients(&mut self, reject: bool) -> &mut Self {
        self.reject_remote_clients = reject;
        self
    }

    /// How many instances there may be, the same for all of them; no limit if never said.
    ///
    /// # Panics
    /// Beyond 254.
    #[track_caller]
    pub fn max_instances(&mut self, instances: usize) -> &mut Self {
        assert!(
            instances < PIPE_UNLIMITED_INSTANCES as usize,
            "cannot specify more than 254 instances"
        );
        self.max_instances = instances as u32;
        self
    }

    /// Bytes that the system keeps for what is written: 65,536 if never said.
    pub fn out_buffer_size(&mut self, buffer: u32) -> &mut Self {
        self.out_buffer_size = buffer;
        self
    }

    /// Bytes that the system keeps for what is to be read: 65,536 if never said.
    pub fn in_buffer_size(&mut self, buffer: u32) -> &mut Self {
        self.in_buffer_size = buffer;
        self
    }

    /// Makes an instance of the pipe `addr`, `\\.\pipe\NAME`.
    ///
    /// # Errors
    /// What the system says: `PermissionDenied` if this was to be the first instance and is not,
    /// `ERROR_PIPE_BUSY` (231) if there are as many as there may be.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn create(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeServer> {
        // SAFETY: null asks for the default attributes.
        unsafe { self.create_with_security_attributes_raw(addr, ptr::null_mut()) }
    }

    /// As [`create`](Self::create), with security attributes.
    ///
    /// # Safety
    /// `attrs` is null or points to a valid `SECURITY_ATTRIBUTES`.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    ///
    /// # Panics
    /// As [`create`](Self::create).
    #[track_caller]
    pub unsafe fn create_with_security_attributes_raw(
        &self,
        addr: impl AsRef<OsStr>,
        attrs: *mut c_void,
    ) -> io::Result<NamedPipeServer> {
        let name = wide(addr.as_ref())?;
        let remote = if self.reject_remote_clients {
            PIPE_REJECT_REMOTE_CLIENTS
        } else {
            0
        };
        // SAFETY: the name ends with zero and outlives the call; the attributes are the caller's.
        let handle = unsafe {
            CreateNamedPipeW(
                name.as_ptr(),
                self.open_mode,
                self.mode.to_make() | remote,
                self.max_instances,
                self.out_buffer_size,
                self.in_buffer_size,
                0,
                attrs.cast(),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made for overlapped I/O, and nobody else's.
        unsafe { NamedPipeServer::from_raw_handle(handle) }
    }
}
