//! Giving an entry another name, in place of what had it.

use super::disk::{Disk, ROOT};
use super::ino::Ino;
use super::inode::Kind;
use super::operation::Operation;
use super::path::{FollowMode, LastPart, ResolvedPath};
use crate::errno::Errno;

impl Disk {
    /// Renames `old` to `new`, as `renameat2` does with `flags` of 0 or `RENAME_NOREPLACE`. Nobody sees a moment without either, and
    /// no crash leaves both or none.
    ///
    /// # Errors
    /// `EINVAL` for other flags, or if a directory were to be moved into itself; `ENOTEMPTY`, `EISDIR`, `ENOTDIR` if what is at `new`
    /// cannot be replaced; `EEXIST` if it must not.
    pub fn rename(
        &mut self,
        (old_at, old): (Ino, &[u8]),
        (new_at, new): (Ino, &[u8]),
        flags: u32,
        now: u64,
    ) -> Result<(), Errno> {
        if flags & !libc::RENAME_NOREPLACE != 0 {
            return Err(Errno(libc::EINVAL));
        }
        let from = self.resolve(old_at, old, FollowMode::Never)?;
        let to = self.resolve(new_at, new, FollowMode::Never)?;
        let has_names = from.last == LastPart::Name && to.last == LastPart::Name;
        if !has_names {
            let errno = if flags == 0 || from.last != LastPart::Name {
                libc::EBUSY
            } else {
                libc::EEXIST
            };
            return Err(Errno(errno));
        }
        let ino = from.ino.ok_or(Errno(libc::ENOENT))?;
        if flags != 0 && to.ino.is_some() {
            return Err(Errno(libc::EEXIST));
        }
        self.check_rename(ino, &from, &to)?;
        if to.ino == Some(ino) {
            return Ok(());
        }
        if let Some(replaced) = to.ino {
            self.check_replace(ino, replaced)?;
        }
        self.check_directory(to.directory)?;
        for end in [&from, &to] {
            let path = self.full_path(end.directory, &end.name);
            self.begin(Operation::Change, &path, 0)?;
        }
        let gone = (from.directory, from.name, None);
        self.set_entries([gone, (to.directory, to.name, Some(ino))], now);
        self.live.inode_mut(ino)?.attributes.changed = now;
        if let Some(replaced) = to.ino {
            self.live.inode_mut(replaced)?.attributes.changed = now;
            self.release(replaced);
        }
        Ok(())
    }

    /// Whether slashes and directories allow to rename `ino`.
    fn check_rename(&self, ino: Ino, from: &ResolvedPath, to: &ResolvedPath) -> Result<(), Errno> {
        let is_directory = self.kind(ino)? == Kind::Directory;
        if !is_directory && (from.has_slash || to.has_slash) {
            return Err(Errno(libc::ENOTDIR));
        }
        if is_directory && self.is_within(to.directory, ino) {
            return Err(Errno(libc::EINVAL));
        }
        // What is to be replaced has what is to be moved in it.
        let has_it = to
            .ino
            .is_some_and(|replaced| self.is_within(from.directory, replaced));
        if has_it {
            return Err(Errno(libc::ENOTEMPTY));
        }
        Ok(())
    }

    /// Whether `ino` may take the name of `replaced`.
    fn check_replace(&self, ino: Ino, replaced: Ino) -> Result<(), Errno> {
        let is_directory = self.kind(ino)? == Kind::Directory;
        match (is_directory, self.kind(replaced)? == Kind::Directory) {
            (true, false) => Err(Errno(libc::ENOTDIR)),
            (false, true) => Err(Errno(libc::EISDIR)),
            (true, true) if !self.is_empty(replaced)? => Err(Errno(libc::ENOTEMPTY)),
            _ => Ok(()),
        }
    }

    /// Whether `directory` is `ancestor`, or in it.
    fn is_within(&self, directory: Ino, ancestor: Ino) -> bool {
        let mut at = directory;
        loop {
            if at == ancestor {
                return true;
            }
            match self.live.directory(at) {
                Ok(parent) if at != ROOT => at = parent.parent,
                _ => return false,
            }
        }
    }
}
