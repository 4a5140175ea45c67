//! What the system asks a file server, and how it is answered, as `linux/fuse.h` has it.

/// What is asked, by its number.
pub(crate) mod kind {
    pub(crate) const LOOKUP: u32 = 1;
    pub(crate) const FORGET: u32 = 2;
    pub(crate) const GETATTR: u32 = 3;
    pub(crate) const SETATTR: u32 = 4;
    pub(crate) const READLINK: u32 = 5;
    pub(crate) const SYMLINK: u32 = 6;
    pub(crate) const MKDIR: u32 = 9;
    pub(crate) const UNLINK: u32 = 10;
    pub(crate) const RMDIR: u32 = 11;
    pub(crate) const RENAME: u32 = 12;
    pub(crate) const LINK: u32 = 13;
    pub(crate) const OPEN: u32 = 14;
    pub(crate) const READ: u32 = 15;
    pub(crate) const WRITE: u32 = 16;
    pub(crate) const STATFS: u32 = 17;
    pub(crate) const RELEASE: u32 = 18;
    pub(crate) const FSYNC: u32 = 20;
    pub(crate) const FLUSH: u32 = 25;
    pub(crate) const INIT: u32 = 26;
    pub(crate) const OPENDIR: u32 = 27;
    pub(crate) const READDIR: u32 = 28;
    pub(crate) const RELEASEDIR: u32 = 29;
    pub(crate) const FSYNCDIR: u32 = 30;
    pub(crate) const CREATE: u32 = 35;
    pub(crate) const INTERRUPT: u32 = 36;
    pub(crate) const DESTROY: u32 = 38;
    pub(crate) const BATCH_FORGET: u32 = 42;
    pub(crate) const FALLOCATE: u32 = 43;
    pub(crate) const RENAME2: u32 = 45;
}

/// Bytes that stand before what a request has to say.
const HEADER: usize = 40;

/// A request as it was read.
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn kind(&self) -> u32 {
        u32::from_ne_bytes(self.0[4..8].try_into().unwrap())
    }

    /// By which it is answered.
    pub(super) fn unique(&self) -> u64 {
        u64::from_ne_bytes(self.0[8..16].try_into().unwrap())
    }

    pub(super) fn node(&self) -> u64 {
        u64::from_ne_bytes(self.0[16..24].try_into().unwrap())
    }

    /// The number of the thread that waits for the answer.
    pub(super) fn thread(&self) -> u32 {
        u32::from_ne_bytes(self.0[32..36].try_into().unwrap())
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.0[HEADER..]
    }

    pub(super) fn half(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.body()[at..at + 4].try_into().unwrap())
    }

    pub(super) fn word(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.body()[at..at + 8].try_into().unwrap())
    }

    /// The names from `at` on, each of which ends with a zero.
    pub(super) fn names(&self, at: usize) -> [&str; 2] {
        let text = std::str::from_utf8(&self.body()[at..]).unwrap();
        let mut names = text.split('\0');
        let mut next = || names.next().unwrap_or_default();
        [next(), next()]
    }
}

/// An answer in the making.
#[derive(Default)]
pub(super) struct Body(pub(super) Vec<u8>);

impl Body {
    pub(super) fn word(mut self, word: u64) -> Self {
        self.0.extend(word.to_ne_bytes());
        self
    }

    pub(super) fn half(mut self, half: u32) -> Self {
        self.0.extend(half.to_ne_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub(super) fn zeros(mut self, count: usize) -> Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }
}

/// The answer to the request `unique`: a body, or the number of an error.
pub(super) fn answer(unique: u64, outcome: Result<Body, i32>) -> Vec<u8> {
    let (body, error) = match outcome {
        Ok(body) => (body.0, 0),
        Err(error) => (Vec::new(), error),
    };
    let length = u32::try_from(16 + body.len()).unwrap();
    Body::default()
        .half(length)
        .bytes(&(-error).to_ne_bytes())
        .word(unique)
        .bytes(&body)
        .0
}
