//! What a command has on Windows only.

use std::ffi::OsStr;
use std::os::windows::io::RawHandle;
use std::os::windows::process::CommandExt;

use super::child::Child;
use super::command::Command;

impl Command {
    /// Sets the system's flags for the making of the process.
    pub fn creation_flags(&mut self, flags: u32) -> &mut Command {
        self.as_std_mut().creation_flags(flags);
        self
    }

    /// Appends text to the command line as it is, without quotes.
    pub fn raw_arg<S: AsRef<OsStr>>(&mut self, text_to_append_as_is: S) -> &mut Command {
        self.as_std_mut().raw_arg(text_to_append_as_is);
        self
    }
}

impl Child {
    /// The process's handle; `None` once its end was seen. It stays the child's: do not close it.
    pub fn raw_handle(&self) -> Option<RawHandle> {
        self.running()
            .map(std::os::windows::io::AsRawHandle::as_raw_handle)
    }
}
