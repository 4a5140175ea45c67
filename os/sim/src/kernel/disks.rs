//! The disks of hosts: what happens to them goes into the trace, and their open files are objects.

use super::channel::Channel;
use super::object::Object;
use super::state::State;
use crate::disk::{Disk, DiskEvent, Ino, OpenFile};
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};

/// What the coverage of faults counts an event as.
fn kind_of(event: &DiskEvent) -> &'static str {
    match event {
        DiskEvent::Failed { .. } => "disk error",
        DiskEvent::SyncFailed { .. } => "failed sync",
        DiskEvent::Full { .. } => "full disk",
        DiskEvent::Stalled { .. } => "disk stall",
        DiskEvent::Torn { .. } => "torn page",
        DiskEvent::Crashed { .. } => "disk crash",
    }
}

impl State {
    /// Uses the disk of a host.
    pub(crate) fn on_disk<T>(&mut self, id: HostId, f: impl FnOnce(&mut Disk) -> T) -> T {
        let host = &mut self.hosts[id.0];
        let result = f(&mut host.disk);
        for event in host.disk.take_events() {
            self.trace.cover(kind_of(&event));
            self.trace.note(self.now, (id, &host.name), event);
        }
        result
    }

    /// The open file that a descriptor stands for, with its host; `otherwise` if it stands for something else.
    pub(crate) fn file(
        &mut self,
        descriptor: i32,
        otherwise: i32,
    ) -> Result<(HostId, OpenFile), Errno> {
        let id = self.descriptors.get(descriptor)?;
        let open = self.objects.get(id);
        match open.object {
            Object::File(file) => Ok((open.host, file)),
            _ => Err(Errno(otherwise)),
        }
    }

    /// Whether pollers can watch the object: files are always ready, and so they cannot be watched, as on Linux.
    pub(crate) fn can_be_watched(&mut self, id: ObjectId) -> bool {
        !matches!(
            self.objects.get(id).object,
            Object::File(_) | Object::Entropy
        )
    }

    /// The last descriptor of `file` is closed.
    pub(super) fn close_file(&mut self, host: HostId, file: OpenFile) {
        let closed = self.on_disk(host, |disk| disk.close(file));
        debug_assert_eq!(closed, Ok(()), "an object's file is open");
        self.wake(Channel::Lock(host));
    }

    /// The power of the disk of `host` is cut, after its objects are gone.
    pub(super) fn crash_disk(&mut self, host: HostId) {
        let mut crashes = self.hosts[host.0].disk_crashes.clone();
        self.on_disk(host, |disk| disk.crash(&mut crashes));
        self.hosts[host.0].disk_crashes = crashes;
        // A directory that was not synced may be gone.
        self.hosts[host.0].directory = None;
    }

    /// The directory that the running thread's programs are in. At first it is the one that the real process is in.
    pub(crate) fn working_directory(&mut self) -> Ino {
        let id = self.host();
        let host = &mut self.hosts[id.0];
        let disk = &mut host.disk;
        *host.directory.get_or_insert_with(|| {
            use std::os::unix::ffi::OsStrExt;
            let root = disk.root();
            let real = std::env::current_dir().unwrap_or_default();
            disk.directory(root, real.as_os_str().as_bytes())
                .unwrap_or(root)
        })
    }

    /// Where a path begins that a call gives with a descriptor of a directory.
    pub(crate) fn start_of(&mut self, directory: i32, path: &[u8]) -> Result<Ino, Errno> {
        if path.starts_with(b"/") {
            let host = self.host();
            return Ok(self.hosts[host.0].disk.root());
        }
        if directory == libc::AT_FDCWD {
            return Ok(self.working_directory());
        }
        let (host, file) = self.file(directory, libc::ENOTDIR)?;
        self.on_disk(host, |disk| disk.directory_of(file))
    }
}
