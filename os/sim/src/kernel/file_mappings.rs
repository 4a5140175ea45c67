//! When the disk and the memory of files that are mapped shared follow each other.

use super::object::Object;
use super::shared_file::SharedFile;
use super::state::State;
use crate::disk::{Ino, OpenFile};
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};

/// Bytes that are compared at once.
const PAGE: usize = 4096;

impl State {
    /// The memory file of an open file that is to be mapped, with what the disk has.
    pub(crate) fn share(&mut self, object: ObjectId, now: u64) -> Result<i32, Errno> {
        let open = self.objects.get(object);
        let host = open.host;
        let Object::File(file) = open.object else {
            return Err(Errno(libc::ENODEV));
        };
        let ino = self.on_disk(host, |disk| disk.stat_file(file))?.ino;
        let known = |shared: &&SharedFile| shared.host == host && shared.ino == ino;
        if let Some(shared) = self.shared.iter().find(known) {
            return Ok(shared.descriptor);
        }
        let shared = SharedFile::new(host, ino, object)?;
        let descriptor = shared.descriptor;
        self.objects.get(object).references += 1;
        self.shared.push(shared);
        self.fetch_shared(host, ino, now);
        Ok(descriptor)
    }

    /// The inode of an open file, if that is mapped.
    pub(crate) fn shared_ino(&mut self, host: HostId, file: OpenFile) -> Option<Ino> {
        if self.shared.is_empty() {
            return None;
        }
        let ino = self.hosts[host.0].disk.stat_file(file).ok()?.ino;
        let mut all = self.shared.iter();
        all.any(|shared| shared.host == host && shared.ino == ino)
            .then_some(ino)
    }

    /// A mapping of a memory file begins at `address`.
    pub(crate) fn add_mapping(&mut self, descriptor: i32, address: usize) {
        let mut all = self.shared.iter_mut();
        let shared = all.find(|shared| shared.descriptor == descriptor);
        shared.expect("it was shared").mappings.push(address);
    }

    /// The open file of the mapping that begins at `address`, with its host.
    pub(crate) fn mapped_at(&mut self, address: usize) -> Option<(HostId, Ino, OpenFile)> {
        let mut all = self.shared.iter();
        let shared = all.find(|shared| shared.mappings.contains(&address))?;
        let (host, ino, object) = (shared.host, shared.ino, shared.object);
        match self.objects.get(object).object {
            Object::File(file) => Some((host, ino, file)),
            _ => None,
        }
    }

    /// The mapping that begins at `address` is over.
    pub(crate) fn end_mapping(&mut self, address: usize, now: u64) {
        let Some((host, ino, _)) = self.mapped_at(address) else {
            return;
        };
        self.store_shared(host, ino, now);
        let is_it = |shared: &SharedFile| shared.host == host && shared.ino == ino;
        let Some(at) = self.shared.iter().position(is_it) else {
            return;
        };
        self.shared[at].mappings.retain(|&begin| begin != address);
        if self.shared[at].mappings.is_empty() {
            let object = self.shared.remove(at).close();
            self.release(object);
        }
    }

    /// The disk gets what was written to the memory of a file, if it is mapped.
    pub(crate) fn store_shared(&mut self, host: HostId, ino: Ino, now: u64) {
        let is_it = |shared: &SharedFile| shared.host == host && shared.ino == ino;
        let Some(at) = self.shared.iter().position(is_it) else {
            return;
        };
        let mut shared = self.shared.swap_remove(at);
        let object = shared.object;
        if let Some(&Object::File(file)) = self.objects.find(object).map(|open| &open.object) {
            let disk = &mut self.hosts[host.0].disk;
            let mut before = vec![0; PAGE];
            for (number, page) in shared.bytes().chunks(PAGE).enumerate() {
                let offset = (number * PAGE) as i64;
                let known = &mut before[..page.len()];
                let read = disk.pread(file, known, offset, now);
                if read.is_ok() && *known != *page {
                    // What the disk does not take is lost, as with real mappings.
                    let _written = disk.pwrite(file, page, offset, now);
                }
            }
            disk.take_latency();
            self.on_disk(host, |_| ());
        }
        self.shared.push(shared);
    }

    /// The memory of a file shows what the disk has, if it is mapped.
    pub(crate) fn fetch_shared(&mut self, host: HostId, ino: Ino, now: u64) {
        let is_it = |shared: &SharedFile| shared.host == host && shared.ino == ino;
        let Some(at) = self.shared.iter().position(is_it) else {
            return;
        };
        let mut shared = self.shared.swap_remove(at);
        let object = shared.object;
        if let Some(&Object::File(file)) = self.objects.find(object).map(|open| &open.object) {
            let disk = &mut self.hosts[host.0].disk;
            let size = disk.stat_file(file).map_or(0, |metadata| metadata.size);
            if shared.resize(size as usize).is_ok() {
                let mut done = 0;
                while done < shared.size {
                    let room = &mut shared.bytes()[done..];
                    match disk.pread(file, room, done as i64, now) {
                        Ok(count) if count > 0 => done += count,
                        _ => break,
                    }
                }
            }
            disk.take_latency();
            self.on_disk(host, |_| ());
        }
        self.shared.push(shared);
    }

    /// The program of `host` is over, or its power is about to be cut: the disk has what was written to memory.
    pub(super) fn end_mappings(&mut self, host: HostId) {
        let now = self.now;
        let own = self.shared.iter().filter(|shared| shared.host == host);
        let files: Vec<_> = own.map(|shared| shared.ino).collect();
        for ino in files {
            self.store_shared(host, ino, now);
        }
        let (own, others) = std::mem::take(&mut self.shared)
            .into_iter()
            .partition(|shared| shared.host == host);
        self.shared = others;
        let own: Vec<SharedFile> = own;
        for shared in own {
            // Its object goes with the host's others.
            shared.close();
        }
    }
}
