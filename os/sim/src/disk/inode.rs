//! What a path leads to: a regular file, a directory or a symbolic link, with its attributes.

use std::sync::Arc;

use super::directory::Directory;
use super::ino::Ino;
use super::pages::{PAGE, Pages};

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket, or a device or pipe of the lower layer: it cannot be opened.
    Special,
}

/// What an inode has in it.
#[derive(Debug, Clone)]
pub(super) enum InodeData {
    File(Pages),
    Directory(Directory),
    Symlink(Arc<[u8]>),
    /// The kind's bits of `st_mode`.
    Special(u32),
}

/// What `chmod`, `chown` and `utimensat` change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes {
    /// Permissions, without the kind.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) accessed: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
}

/// One inode.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) content: InodeData,
    pub(super) attributes: Attributes,
    pub(super) created: u64,
    /// Entries that name it.
    pub(super) links: u32,
}

/// What `stat` says of an inode. Times are in nanoseconds, as the caller passed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// The number of the inode.
    pub ino: Ino,
    /// What it is.
    pub kind: Kind,
    /// Kind and permissions, as in `st_mode`.
    pub mode: u32,
    /// How many names it has.
    pub links: u32,
    /// The owner.
    pub uid: u32,
    /// The owner's group.
    pub gid: u32,
    /// Bytes; of a symbolic link, the length of its target.
    pub size: u64,
    /// Units of 512 bytes that it takes.
    pub blocks: u64,
    /// Bytes that are best read and written at once.
    pub block_size: u32,
    /// When it was read.
    pub accessed: u64,
    /// When its content was changed.
    pub modified: u64,
    /// When its content or attributes were changed.
    pub changed: u64,
    /// When it was made.
    pub created: u64,
}

impl Inode {
    pub(super) fn kind(&self) -> Kind {
        match self.content {
            InodeData::File(_) => Kind::File,
            InodeData::Directory(_) => Kind::Directory,
            InodeData::Symlink(_) => Kind::Symlink,
            InodeData::Special(_) => Kind::Special,
        }
    }

    /// Pages that it takes on the disk.
    pub(super) fn page_count(&self) -> u64 {
        match &self.content {
            InodeData::File(pages) => pages.count(),
            InodeData::Directory(_) | InodeData::Symlink(_) | InodeData::Special(_) => 0,
        }
    }

    /// What `stat` says, but for the links of a directory.
    pub(super) fn metadata(&self, ino: Ino) -> Metadata {
        let (kind_bits, size) = match &self.content {
            InodeData::File(pages) => (libc::S_IFREG, pages.size),
            InodeData::Directory(_) => (libc::S_IFDIR, PAGE as u64),
            InodeData::Symlink(target) => (libc::S_IFLNK, target.len() as u64),
            InodeData::Special(bits) => (*bits, 0),
        };
        let attributes = &self.attributes;
        Metadata {
            ino,
            kind: self.kind(),
            mode: kind_bits | attributes.mode,
            links: self.links,
            uid: attributes.uid,
            gid: attributes.gid,
            size,
            blocks: self.page_count() * (PAGE as u64 / 512),
            block_size: PAGE as u32,
            accessed: attributes.accessed,
            modified: attributes.modified,
            changed: attributes.changed,
            created: self.created,
        }
    }
}
