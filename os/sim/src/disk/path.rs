//! From a path to an inode: names, `.` and `..`, symbolic links, trailing slashes.

use super::directory::Name;
use super::disk::{Disk, ROOT};
use super::ino::Ino;
use super::inode::{InodeData, Kind};
use crate::errno::Errno;

/// Bytes of a path at most, with the zero at its end.
pub(super) const PATH_MAX: usize = 4096;
/// Bytes of a name at most.
const NAME_MAX: usize = 255;
/// Symbolic links that one path may lead through.
const LINKS_MAX: u32 = 40;

/// What happens if the last name of a path is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowMode {
    /// It is followed.
    Always,
    /// It is followed only if no slash comes after it, and what is there need not be a directory then.
    Create,
    /// It is followed only if a slash comes after it.
    Slash,
    /// It is not followed: the entry itself is to be changed.
    Never,
}

/// What the last part of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastPart {
    Name,
    Dot,
    DotDot,
    Root,
}

/// Where a path leads.
#[derive(Debug, Clone)]
pub(super) struct ResolvedPath {
    /// The directory of the last name; the directory itself if there is no name.
    pub(super) directory: Ino,
    pub(super) name: Name,
    /// What is there, if anything is.
    pub(super) ino: Option<Ino>,
    pub(super) last: LastPart,
    /// Whether slashes come after the last name.
    pub(super) has_slash: bool,
}

/// The names of a path that are still to be walked, the next one last.
#[derive(Debug, Default)]
struct Walk {
    names: Vec<Name>,
    has_slash: bool,
    links: u32,
}

impl Walk {
    /// Walks `path` before what is left.
    fn push(&mut self, path: &[u8]) {
        let names = path.split(|&byte| byte == b'/');
        let names = names.filter(|name| !name.is_empty()).map(Name::from);
        let at = self.names.len();
        self.names.extend(names);
        self.names[at..].reverse();
        // A slash after the last name of a link's target counts, too.
        self.has_slash |= at == 0 && path.ends_with(b"/");
    }
}

impl Disk {
    /// The inode that `path` leads to.
    pub(super) fn lookup(
        &mut self,
        at: Ino,
        path: &[u8],
        follow: FollowMode,
    ) -> Result<Ino, Errno> {
        let found = self.resolve(at, path, follow)?;
        found.ino.ok_or(Errno(libc::ENOENT))
    }

    /// Where `path` leads, from the directory `at` on. Only the last name may be missing.
    pub(super) fn resolve(
        &mut self,
        at: Ino,
        path: &[u8],
        follow: FollowMode,
    ) -> Result<ResolvedPath, Errno> {
        if path.is_empty() {
            return Err(Errno(libc::ENOENT));
        }
        if path.len() >= PATH_MAX {
            return Err(Errno(libc::ENAMETOOLONG));
        }
        let mut directory = if path[0] == b'/' { ROOT } else { at };
        self.live.directory(directory)?;
        let mut walk = Walk::default();
        walk.push(path);
        let mut last = LastPart::Root;
        while let Some(name) = walk.names.pop() {
            let is_last = walk.names.is_empty();
            last = match &name[..] {
                b"." => LastPart::Dot,
                b".." => LastPart::DotDot,
                _ => LastPart::Name,
            };
            if last == LastPart::DotDot {
                directory = self.live.directory(directory)?.parent;
            }
            if last != LastPart::Name {
                continue;
            }
            let found = self.walk_name(directory, &name, is_last)?;
            if let Some(target) = found.and_then(|ino| self.target(ino)) {
                let is_followed = match follow {
                    FollowMode::Always => true,
                    FollowMode::Create => !walk.has_slash,
                    FollowMode::Slash => walk.has_slash,
                    FollowMode::Never => false,
                };
                if !is_last || is_followed {
                    walk.links += 1;
                    if walk.links > LINKS_MAX {
                        return Err(Errno(libc::ELOOP));
                    }
                    if target.starts_with(b"/") {
                        directory = ROOT;
                    }
                    walk.push(&target);
                    last = LastPart::Root;
                    continue;
                }
            }
            if is_last {
                return self.end(directory, name, found, walk.has_slash, follow);
            }
            directory = found.ok_or(Errno(libc::ENOENT))?;
            self.live.directory(directory)?;
        }
        Ok(ResolvedPath {
            directory,
            name: Name::from(*b""),
            ino: Some(directory),
            last,
            has_slash: walk.has_slash,
        })
    }

    /// What a name of a path stands for; only the last one may be missing.
    fn walk_name(
        &mut self,
        directory: Ino,
        name: &[u8],
        is_last: bool,
    ) -> Result<Option<Ino>, Errno> {
        // Whoever removed a directory may still be in it.
        self.live.directory(directory)?;
        if name.len() > NAME_MAX {
            return Err(Errno(libc::ENAMETOOLONG));
        }
        let found = self.child(directory, name)?;
        if found.is_none() && !is_last {
            return Err(Errno(libc::ENOENT));
        }
        Ok(found)
    }

    /// The end of a path with a name.
    fn end(
        &self,
        directory: Ino,
        name: Name,
        ino: Option<Ino>,
        has_slash: bool,
        follow: FollowMode,
    ) -> Result<ResolvedPath, Errno> {
        let may_be_any = matches!(follow, FollowMode::Never | FollowMode::Create);
        if let (Some(ino), true) = (ino, has_slash && !may_be_any) {
            self.live.directory(ino)?;
        }
        Ok(ResolvedPath {
            directory,
            name,
            ino,
            last: LastPart::Name,
            has_slash,
        })
    }

    /// The target of a symbolic link; `None` if `ino` is none.
    fn target(&self, ino: Ino) -> Option<std::sync::Arc<[u8]>> {
        match &self.live.inode(ino).ok()?.content {
            InodeData::Symlink(target) => Some(target.clone()),
            _ => None,
        }
    }

    /// What kind of inode `ino` is.
    pub(super) fn kind(&self, ino: Ino) -> Result<Kind, Errno> {
        Ok(self.live.inode(ino)?.kind())
    }

    /// The directory that `path` leads to, as `chdir` needs it.
    ///
    /// # Errors
    /// `ENOTDIR` if it is none.
    pub fn directory(&mut self, at: Ino, path: &[u8]) -> Result<Ino, Errno> {
        let ino = self.lookup(at, path, FollowMode::Always)?;
        self.live.directory(ino)?;
        Ok(ino)
    }

    /// The absolute path that `path` leads to, without symbolic links, as `realpath` says.
    ///
    /// # Errors
    /// `ENOENT` if nothing is there.
    pub fn canonical_path(&mut self, at: Ino, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let found = self.resolve(at, path, FollowMode::Always)?;
        found.ino.ok_or(Errno(libc::ENOENT))?;
        Ok(self.full_path(found.directory, &found.name))
    }

    /// The absolute path of a directory, as `getcwd` says.
    ///
    /// # Errors
    /// `ENOENT` if the directory was removed.
    pub fn path_of(&self, directory: Ino) -> Result<Vec<u8>, Errno> {
        let inode = self.live.inode(directory)?;
        self.live.directory(directory)?;
        if inode.links == 0 && directory != ROOT {
            return Err(Errno(libc::ENOENT));
        }
        Ok(self.full_path(directory, b""))
    }
}
