//! The files that are served, which are memory of the server.

use std::collections::{BTreeMap, HashMap};

use super::mode::ServerMode;
use super::wire::{Body, Request, kind};

/// The number of the directory that all is in.
pub(crate) const ROOT: u64 = 1;
const IS_DIR: u32 = libc::S_IFDIR;
const IS_FILE: u32 = libc::S_IFREG;
const IS_LINK: u32 = libc::S_IFLNK;
/// What the bits of SETATTR say is to be set.
const SETS_MODE: u32 = 1;
const SETS_SIZE: u32 = 8;
const SETS_MTIME: u32 = 32;
const SETS_MTIME_NOW: u32 = 256;

/// What stands in a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    TempDir,
    File(&'a [u8]),
    Link(&'a str),
}

struct Node {
    mode: u32,
    links: u32,
    bytes: Vec<u8>,
    entries: BTreeMap<String, u64>,
    modified: (u64, u32),
}

/// A directory and all below it.
pub(super) struct Tree {
    nodes: HashMap<u64, Node>,
    last: u64,
    mode: ServerMode,
}

type Reply = Result<Body, i32>;

impl Tree {
    pub(super) fn new(mode: ServerMode) -> Self {
        let mut tree = Self {
            nodes: HashMap::new(),
            last: ROOT,
            mode,
        };
        tree.nodes.insert(ROOT, Node::new(IS_DIR | 0o755));
        tree
    }

    /// Leaves nothing but the root. Numbers are not given twice: what the system remembers of one is no other's.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.insert(ROOT, Node::new(IS_DIR | 0o755));
    }

    /// Puts a directory, a file or a link into the directory `directory`; returns its number.
    pub(super) fn put(&mut self, directory: u64, name: &str, kind: Kind<'_>) -> u64 {
        let (mode, bytes) = match kind {
            Kind::TempDir => (IS_DIR | 0o755, &[][..]),
            Kind::File(bytes) => (IS_FILE | 0o644, bytes),
            Kind::Link(target) => (IS_LINK | 0o777, target.as_bytes()),
        };
        let mut node = Node::new(mode);
        node.bytes = bytes.to_vec();
        let made = self.make(directory, name, node);
        assert!(made.is_ok(), "{name} is there already");
        self.last
    }

    fn node(&mut self, number: u64) -> Result<&mut Node, i32> {
        self.nodes.get_mut(&number).ok_or(libc::ESTALE)
    }

    fn find(&mut self, directory: u64, name: &str) -> Result<u64, i32> {
        let found = self.node(directory)?.entries.get(name).copied();
        found.ok_or(libc::ENOENT)
    }

    fn attributes(&mut self, number: u64) -> Reply {
        let node = self.node(number)?;
        let size = node.bytes.len() as u64;
        let body = Body::default().word(number).word(size).word(size / 512);
        let (seconds, nanos) = node.modified;
        let body = body.word(seconds).word(seconds).word(seconds);
        let body = body.half(nanos).half(nanos).half(nanos);
        // SAFETY: the call takes nothing.
        let user = unsafe { libc::getuid() };
        // SAFETY: the call takes nothing.
        let group = unsafe { libc::getgid() };
        let body = body.half(node.mode).half(node.links).half(user).half(group);
        Ok(body.half(0).half(4096).half(0))
    }

    /// The answer about an entry, which the system is never to cache.
    fn entry(&mut self, number: u64) -> Reply {
        let attributes = self.attributes(number)?;
        Ok(Body::default().word(number).zeros(32).bytes(&attributes.0))
    }

    fn opened(&self) -> Body {
        let is_direct = u32::from(self.mode != ServerMode::Cached);
        Body::default().word(1).half(is_direct).half(0)
    }

    fn make(&mut self, directory: u64, name: &str, node: Node) -> Reply {
        if self.find(directory, name).is_ok() {
            return Err(libc::EEXIST);
        }
        self.last += 1;
        let number = self.last;
        self.nodes.insert(number, node);
        self.node(directory)?
            .entries
            .insert(name.to_owned(), number);
        self.entry(number)
    }

    fn unlink(&mut self, directory: u64, name: &str) -> Reply {
        let number = self.find(directory, name)?;
        if !self.node(number)?.entries.is_empty() {
            return Err(libc::ENOTEMPTY);
        }
        self.node(directory)?.entries.remove(name);
        // Who has it open goes on.
        self.node(number)?.links -= 1;
        Ok(Body::default())
    }

    fn rename(&mut self, request: &Request, names_at: usize) -> Reply {
        let [old, new] = request.names(names_at);
        let target = request.word(0);
        let number = self.find(request.node(), old)?;
        if let Ok(replaced) = self.find(target, new) {
            self.node(replaced)?.links -= 1;
        }
        self.node(request.node())?.entries.remove(old);
        self.node(target)?.entries.insert(new.to_owned(), number);
        Ok(Body::default())
    }

    fn set_attributes(&mut self, request: &Request) -> Reply {
        let sets = request.half(0);
        let node = self.node(request.node())?;
        if sets & SETS_SIZE != 0 {
            node.bytes.resize(request.word(16) as usize, 0);
        }
        if sets & SETS_MODE != 0 {
            node.mode = request.half(68);
        }
        if sets & SETS_MTIME != 0 && sets & SETS_MTIME_NOW == 0 {
            node.modified = (request.word(40), request.half(60));
        }
        let attributes = self.attributes(request.node())?;
        Ok(Body::default().zeros(16).bytes(&attributes.0))
    }

    /// How many of `bytes` are read or written at once.
    fn step(&self, bytes: usize) -> usize {
        match self.mode {
            ServerMode::Short => bytes.div_ceil(2),
            ServerMode::Direct | ServerMode::Cached => bytes,
        }
    }

    fn read(&mut self, request: &Request) -> Reply {
        let (offset, size) = (request.word(8) as usize, request.half(16) as usize);
        let left = self
            .node(request.node())?
            .bytes
            .len()
            .saturating_sub(offset);
        let size = self.step(size.min(left));
        let bytes = &self.node(request.node())?.bytes;
        Ok(Body::default().bytes(bytes.get(offset..offset + size).unwrap_or_default()))
    }

    fn write(&mut self, request: &Request) -> Reply {
        let (offset, size) = (request.word(8) as usize, request.half(16) as usize);
        let size = self.step(size);
        let bytes = &mut self.node(request.node())?.bytes;
        bytes.resize(bytes.len().max(offset + size), 0);
        bytes[offset..offset + size].copy_from_slice(&request.body()[40..40 + size]);
        Ok(Body::default().half(size as u32).half(0))
    }

    fn allocate(&mut self, request: &Request) -> Reply {
        let end = (request.word(8) + request.word(16)) as usize;
        let bytes = &mut self.node(request.node())?.bytes;
        bytes.resize(bytes.len().max(end), 0);
        Ok(Body::default())
    }

    fn entries(&mut self, request: &Request) -> Reply {
        let (skipped, size) = (request.word(8) as usize, request.half(16) as usize);
        let entries: Vec<_> = self
            .node(request.node())?
            .entries
            .clone()
            .into_iter()
            .collect();
        let mut body = Body::default();
        for (at, (name, number)) in entries.iter().enumerate().skip(skipped) {
            let padded = name.len().next_multiple_of(8);
            if body.0.len() + 24 + padded > size {
                break;
            }
            let type_ = self.node(*number)?.mode >> 12;
            body = body.word(*number).word(at as u64 + 1);
            body = body.half(name.len() as u32).half(type_);
            body = body.bytes(name.as_bytes()).zeros(padded - name.len());
        }
        Ok(body)
    }

    fn begin(&self) -> Body {
        /// Writes of more than a page.
        const BIG_WRITES: u32 = 1 << 5;
        let body = Body::default()
            .half(7)
            .half(31)
            .half(1 << 16)
            .half(BIG_WRITES);
        body.half(0).half(1 << 16).half(1).zeros(36)
    }

    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        let node = request.node();
        match request.kind() {
            kind::INIT => Ok(self.begin()),
            kind::LOOKUP => {
                let number = self.find(node, request.names(0)[0])?;
                self.entry(number)
            }
            kind::GETATTR => {
                let attributes = self.attributes(node)?;
                Ok(Body::default().zeros(16).bytes(&attributes.0))
            }
            kind::SETATTR => self.set_attributes(request),
            kind::READLINK => Ok(Body::default().bytes(&self.node(node)?.bytes)),
            kind::SYMLINK => {
                let [name, target] = request.names(0);
                let mut link = Node::new(IS_LINK | 0o777);
                link.bytes = target.into();
                self.make(node, name, link)
            }
            kind::MKDIR => {
                let made = Node::new(IS_DIR | request.half(0) & 0o7777);
                self.make(node, request.names(8)[0], made)
            }
            kind::UNLINK | kind::RMDIR => self.unlink(node, request.names(0)[0]),
            kind::RENAME => self.rename(request, 8),
            kind::RENAME2 => self.rename(request, 16),
            kind::LINK => {
                let (number, name) = (request.word(0), request.names(8)[0].to_owned());
                self.node(number)?.links += 1;
                self.node(node)?.entries.insert(name, number);
                self.entry(number)
            }
            kind::OPEN | kind::OPENDIR => Ok(self.opened()),
            kind::CREATE => {
                let created = Node::new(IS_FILE | request.half(4) & 0o7777);
                let entry = self.make(node, request.names(16)[0], created)?;
                Ok(entry.bytes(&self.opened().0))
            }
            kind::READ => self.read(request),
            kind::WRITE => self.write(request),
            kind::STATFS => Ok(Body::default().zeros(80)),
            kind::READDIR => self.entries(request),
            kind::FALLOCATE => self.allocate(request),
            kind::RELEASE | kind::FLUSH | kind::FSYNC | kind::RELEASEDIR | kind::FSYNCDIR => {
                Ok(Body::default())
            }
            _ => Err(libc::ENOSYS),
        }
    }
}

impl Node {
    fn new(mode: u32) -> Self {
        Self {
            mode,
            links: 1,
            bytes: Vec::new(),
            entries: BTreeMap::new(),
            modified: (1, 0),
        }
    }
}
