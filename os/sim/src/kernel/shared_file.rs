//! Files that programs have mapped shared: memory of the real kernel, which follows the disk, and which the disk follows.
//!
//! Idea        A file that is mapped has a copy in a memory file of the real kernel, which all mappings of it are of; so they see
//!             each other's writes. The disk gets pages that have changed when somebody could notice: at a call on the file, at
//!             `msync`, at the end of a mapping or of the program, and just before a crash, which keeps any of them.
//! Invariant   Programs write to the memory only while their thread has the turn, so it stands still in here.
#![allow(unsafe_code)]

use crate::disk::Ino;
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};
use crate::sys::syscall;

/// A file that is mapped.
#[derive(Debug)]
pub(crate) struct SharedFile {
    pub(super) host: HostId,
    pub(super) ino: Ino,
    /// The open file, of which this has a reference.
    pub(super) object: ObjectId,
    /// The real kernel's memory file.
    pub(super) descriptor: i32,
    /// Where the simulation itself sees it, and how much of it.
    memory: usize,
    pub(super) size: usize,
    /// Mappings of programs: where they begin.
    pub(super) mappings: Vec<usize>,
}

/// Makes a call of the real kernel.
fn real(number: libc::c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the callers' calls touch the memory of a shared file alone.
    let returned = unsafe { syscall(number, arguments) };
    match returned {
        -4095..0 => Err(Errno(-returned as i32)),
        _ => Ok(returned as usize),
    }
}

impl SharedFile {
    /// An empty memory file for a file of a host, which takes over a reference to `object`.
    pub(super) fn new(host: HostId, ino: Ino, object: ObjectId) -> Result<Self, Errno> {
        let name = c"selkie-sim".as_ptr() as usize;
        let flags = libc::MFD_CLOEXEC as usize;
        let descriptor = real(libc::SYS_memfd_create, [name, flags, 0, 0, 0, 0])?;
        Ok(Self {
            host,
            ino,
            object,
            descriptor: descriptor as i32,
            memory: 0,
            size: 0,
            mappings: Vec::new(),
        })
    }

    /// The simulation's view of the memory.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        if self.size == 0 {
            return &mut [];
        }
        // SAFETY: `resize` has mapped so many bytes, and no thread writes to them meanwhile.
        unsafe { std::slice::from_raw_parts_mut(self.memory as *mut u8, self.size) }
    }

    /// The file has this size.
    pub(super) fn resize(&mut self, size: usize) -> Result<(), Errno> {
        if size == self.size {
            return Ok(());
        }
        self.forget_memory();
        let file = self.descriptor as usize;
        real(libc::SYS_ftruncate, [file, size, 0, 0, 0, 0])?;
        if size > 0 {
            let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
            let arguments = [0, size, protection, libc::MAP_SHARED as usize, file, 0];
            self.memory = real(libc::SYS_mmap, arguments)?;
            self.size = size;
        }
        Ok(())
    }

    fn forget_memory(&mut self) {
        if self.size > 0 {
            let _done = real(libc::SYS_munmap, [self.memory, self.size, 0, 0, 0, 0]);
        }
        self.size = 0;
    }

    pub(super) fn close(mut self) -> ObjectId {
        self.forget_memory();
        let _done = real(libc::SYS_close, [self.descriptor as usize, 0, 0, 0, 0, 0]);
        self.object
    }
}
