//! The real file system below the disks of hosts: programs read what they were installed with, and see nothing of the machine.
//!
//! Idea        Fixtures, certificates, time zones and what is in `/etc` are part of a program, so a path that is not on a simulated
//!             disk is looked up here. What differs from run to run is not: directories for temporary files begin empty, `/proc` and
//!             `/sys` are not there, `/dev` has devices without a state. Nothing is ever written.
//! Invariant   Called by the simulated kernel alone: its thread is inside, so that the standard library asks the real system.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::disk::{Lower, LowerMetadata};
use crate::errno::Errno;

/// Directories that begin empty.
const EMPTY: &[&[u8]] = &[b"/tmp", b"/var/tmp", b"/run", b"/dev/shm"];
/// Directories that are not there.
const ABSENT: &[&[u8]] = &[b"/proc", b"/sys"];
/// What `/dev` has.
const DEVICES: &[&[u8]] = &[b"full", b"null", b"random", b"urandom", b"zero"];

/// What is shown of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Whole,
    Empty,
    Nothing,
}

/// The real file system, as far as simulated programs see it.
#[derive(Debug)]
pub(crate) struct RealFiles {
    /// Where this process has its temporary files.
    temporary: Vec<u8>,
}

/// Whether `path` is in `directory`, at any depth.
fn is_in(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.starts_with(b"/") || directory == b"/")
}

impl RealFiles {
    pub(crate) fn new() -> Self {
        let temporary = std::env::temp_dir().into_os_string().into_vec();
        let length = temporary.len();
        // The root itself must not begin empty.
        let end = temporary
            .iter()
            .rposition(|&byte| byte != b'/')
            .map_or(length, |last| last + 1);
        let temporary = temporary[..end].to_vec();
        Self { temporary }
    }

    fn view(&self, path: &[u8]) -> View {
        let is_temporary = self.temporary.len() > 1 && path == self.temporary;
        if EMPTY.contains(&path) || is_temporary {
            return View::Empty;
        }
        let own = (self.temporary.len() > 1).then_some(&self.temporary[..]);
        let mut hidden = EMPTY.iter().chain(ABSENT).copied().chain(own);
        if ABSENT.contains(&path) || hidden.any(|directory| is_in(path, directory)) {
            return View::Nothing;
        }
        match path.strip_prefix(b"/dev/") {
            Some(name) if !DEVICES.contains(&name) => View::Nothing,
            _ => View::Whole,
        }
    }

    /// The real path, if all of it is shown.
    fn whole<'a>(&self, path: &'a [u8]) -> Result<&'a Path, Errno> {
        match self.view(path) {
            View::Whole => Ok(Path::new(OsStr::from_bytes(path))),
            View::Empty | View::Nothing => Err(Errno(libc::ENOENT)),
        }
    }
}

fn errno(error: std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(libc::EIO))
}

impl Lower for RealFiles {
    fn metadata(&self, path: &[u8]) -> Result<LowerMetadata, Errno> {
        if self.view(path) == View::Empty {
            return Ok(LowerMetadata {
                mode: libc::S_IFDIR | 0o1777,
                uid: 0,
                gid: 0,
                size: 0,
                accessed: 0,
                modified: 0,
                changed: 0,
            });
        }
        let metadata = fs::symlink_metadata(self.whole(path)?).map_err(errno)?;
        let modified = u64::try_from(metadata.mtime()).unwrap_or(0) * 1_000_000_000;
        Ok(LowerMetadata {
            mode: metadata.mode(),
            uid: metadata.uid(),
            gid: metadata.gid(),
            size: metadata.size(),
            // When it was read last is what differs from run to run.
            accessed: modified,
            modified,
            changed: modified,
        })
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let target = fs::read_link(self.whole(path)?).map_err(errno)?;
        Ok(PathBuf::into_os_string(target).into_vec())
    }

    fn read(&self, path: &[u8], offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        let file = File::open(self.whole(path)?).map_err(errno)?;
        let mut done = 0;
        while done < buffer.len() {
            let count = file.read_at(&mut buffer[done..], offset + done as u64);
            match count.map_err(errno)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }

    fn read_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
        if self.view(path) == View::Empty {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(self.whole(path)?).map_err(errno)?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(errno)?.file_name().into_vec();
            let full = [path.strip_suffix(b"/").unwrap_or(path), b"/", &name].concat();
            if self.view(&full) != View::Nothing {
                names.push(name);
            }
        }
        Ok(names)
    }
}
