//! Random scripts of calls, and what a disk answers to them.

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::select;

use super::super::{Disk, Ino, Kind, OpenFile};
use crate::errno::Errno;

/// One call. Files are positions in the list of open files, modulo its length.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Open(&'static str, i32),
    Close(usize),
    Read(usize, usize),
    Write(usize, u8, usize),
    ReadAt(usize, i64, usize),
    WriteAt(usize, i64, u8, usize),
    Seek(usize, i64, i32),
    Truncate(usize, i64),
    Sync(usize),
    Mkdir(&'static str),
    Rmdir(&'static str),
    Unlink(&'static str),
    Rename(&'static str, &'static str),
    Link(&'static str, &'static str),
    Symlink(&'static str, &'static str),
    ReadLink(&'static str),
    Stat(&'static str, bool),
    StatFile(usize),
    List(&'static str),
    Chmod(&'static str, u32),
}

/// What a call answered: what a program would see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// There is no open file to do it with.
    Nothing,
    Number(u64),
    Bytes(Vec<u8>),
    Names(Vec<Vec<u8>>),
    /// Kind, permissions, links and size; the permissions of links and the other two of directories are the system's.
    Found(Kind, u32, u64, u64),
    Failed(i32),
}

/// Paths within the directory that scripts work in, in which links may lead to each other.
const PATHS: [&str; 22] = [
    "a", "b", "c", "l", "m", "a/x", "a/y", "b/x", "b/y", "a/d", "a/d/z", "l/x", "m/x", "./a",
    "a/../b", "a/", "b//x", "l/", ".", "a/.", "a/..", "a/d/../x",
];

/// Targets of links.
const TARGETS: [&str; 12] = [
    "a", "b", "l", "m", "a/x", "./b", "../b", "missing", "a/", "a/d", ".", "missing/",
];

fn path() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => select(&PATHS[..8]), 1 => select(&PATHS[..])]
}

fn flags() -> impl Strategy<Value = i32> {
    let access = select(vec![
        libc::O_RDONLY,
        libc::O_WRONLY,
        libc::O_RDWR,
        libc::O_RDWR,
    ]);
    let create = select(vec![
        0,
        libc::O_CREAT,
        libc::O_CREAT,
        libc::O_CREAT | libc::O_EXCL,
        libc::O_DIRECTORY,
    ]);
    let others = select(vec![
        0,
        0,
        libc::O_TRUNC,
        libc::O_APPEND,
        libc::O_NOFOLLOW,
        libc::O_NOFOLLOW | libc::O_TRUNC,
    ]);
    (access, create, others).prop_map(|(access, create, others)| access | create | others)
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0..20_usize, Just(512), Just(4096), 4000..9000_usize]
}

fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![0..100_i64, Just(4096), 0..20_000_i64, Just(-1)]
}

fn step() -> impl Strategy<Value = Step> {
    let file = any::<usize>();
    let whence = select(vec![libc::SEEK_SET, libc::SEEK_CUR, libc::SEEK_END]);
    let files = prop_oneof![
        6 => (path(), flags()).prop_map(|(path, flags)| Step::Open(path, flags)),
        2 => file.prop_map(Step::Close),
        2 => (file, length()).prop_map(|(file, length)| Step::Read(file, length)),
        4 => (file, any::<u8>(), length()).prop_map(|(file, byte, length)| Step::Write(file, byte, length)),
        2 => (file, offset(), length()).prop_map(|(file, offset, length)| Step::ReadAt(file, offset, length)),
        2 => (file, offset(), any::<u8>(), length())
            .prop_map(|(file, offset, byte, length)| Step::WriteAt(file, offset, byte, length)),
        1 => (file, -5000..9000_i64, whence).prop_map(|(file, offset, whence)| Step::Seek(file, offset, whence)),
        2 => (file, offset()).prop_map(|(file, size)| Step::Truncate(file, size)),
        1 => file.prop_map(Step::Sync),
        1 => file.prop_map(Step::StatFile),
    ];
    let entries = prop_oneof![
        3 => path().prop_map(Step::Mkdir),
        1 => path().prop_map(Step::Rmdir),
        1 => path().prop_map(Step::Unlink),
        3 => (path(), path()).prop_map(|(old, new)| Step::Rename(old, new)),
        2 => (path(), path()).prop_map(|(old, new)| Step::Link(old, new)),
        2 => (select(&TARGETS[..]), path()).prop_map(|(target, path)| Step::Symlink(target, path)),
        1 => path().prop_map(Step::ReadLink),
        2 => (path(), any::<bool>()).prop_map(|(path, is_followed)| Step::Stat(path, is_followed)),
        2 => path().prop_map(Step::List),
        1 => (path(), 0..0o1000_u32).prop_map(|(path, mode)| Step::Chmod(path, mode)),
    ];
    prop_oneof![files, entries]
}

/// How often a property is tried: as often as the variable of proptest says, if it is set, and no failure is written down.
pub(super) fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A script of at most `length` calls.
pub(super) fn script(length: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..length)
}

/// A disk that a script is run on, and the files that it has opened.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) disk: Disk,
    pub(super) at: Ino,
    files: Vec<OpenFile>,
    now: u64,
}

impl Runner {
    pub(super) fn new(disk: Disk, at: Ino) -> Self {
        Self {
            disk,
            at,
            files: Vec::new(),
            now: 0,
        }
    }

    /// Does one call.
    pub(super) fn run(&mut self, step: &Step) -> Outcome {
        self.now += 1_000;
        let answer = self.on_files(step).or_else(|| self.on_entries(step));
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(Errno(errno))) => Outcome::Failed(errno),
            None => Outcome::Nothing,
        }
    }

    fn on_files(&mut self, step: &Step) -> Option<Result<Outcome, Errno>> {
        let now = self.now;
        let number = |count: Result<usize, Errno>| count.map(|count| Outcome::Number(count as u64));
        let done = |done: Result<(), Errno>| done.map(|()| Outcome::Done);
        let disk = &mut self.disk;
        let index = match step {
            Step::Close(file)
            | Step::Read(file, _)
            | Step::Write(file, ..)
            | Step::ReadAt(file, ..)
            | Step::WriteAt(file, ..)
            | Step::Seek(file, ..)
            | Step::Truncate(file, _)
            | Step::Sync(file)
            | Step::StatFile(file) => *file,
            _ => return None,
        };
        let index = index.checked_rem(self.files.len())?;
        let file = self.files[index];
        if matches!(step, Step::Seek(..)) && disk.directory_of(file).is_ok() {
            // Positions in directories are each file system's own.
            return Some(Ok(Outcome::Nothing));
        }
        Some(match *step {
            Step::Close(_) => {
                self.files.remove(index);
                done(disk.close(file))
            }
            Step::Read(_, length) => {
                let mut buffer = vec![0; length];
                let count = disk.read(file, &mut buffer, now);
                count.map(|count| Outcome::Bytes(buffer[..count].to_vec()))
            }
            Step::Write(_, byte, length) => number(disk.write(file, &vec![byte; length], now)),
            Step::ReadAt(_, offset, length) => {
                let mut buffer = vec![0; length];
                let count = disk.pread(file, &mut buffer, offset, now);
                count.map(|count| Outcome::Bytes(buffer[..count].to_vec()))
            }
            Step::WriteAt(_, offset, byte, length) => {
                number(disk.pwrite(file, &vec![byte; length], offset, now))
            }
            Step::Seek(_, offset, whence) => disk.seek(file, offset, whence).map(Outcome::Number),
            Step::Truncate(_, size) => done(disk.truncate(file, size, now)),
            Step::Sync(_) => done(disk.sync(file)),
            _ => disk.stat_file(file).map(|found| Self::found(&found)),
        })
    }

    fn found(metadata: &super::super::Metadata) -> Outcome {
        let mode = metadata.mode & 0o7777;
        match metadata.kind {
            Kind::Directory => Outcome::Found(Kind::Directory, 0, 0, 0),
            Kind::Symlink => Outcome::Found(Kind::Symlink, 0, metadata.links.into(), metadata.size),
            kind => Outcome::Found(kind, mode, metadata.links.into(), metadata.size),
        }
    }

    fn on_entries(&mut self, step: &Step) -> Option<Result<Outcome, Errno>> {
        let (at, now) = (self.at, self.now);
        let done = |done: Result<(), Errno>| done.map(|()| Outcome::Done);
        let disk = &mut self.disk;
        Some(match *step {
            Step::Open(path, flags) => {
                disk.open(at, path.as_bytes(), flags, 0o644, now)
                    .map(|file| {
                        self.files.push(file);
                        Outcome::Done
                    })
            }
            Step::Mkdir(path) => done(disk.mkdir(at, path.as_bytes(), 0o755, now)),
            Step::Rmdir(path) => done(disk.rmdir(at, path.as_bytes(), now)),
            Step::Unlink(path) => done(disk.unlink(at, path.as_bytes(), now)),
            Step::Rename(old, new) => {
                done(disk.rename((at, old.as_bytes()), (at, new.as_bytes()), 0, now))
            }
            Step::Link(old, new) => {
                done(disk.link((at, old.as_bytes()), (at, new.as_bytes()), false, now))
            }
            Step::Symlink(target, path) => {
                done(disk.symlink(target.as_bytes(), at, path.as_bytes(), now))
            }
            Step::ReadLink(path) => disk.read_link(at, path.as_bytes()).map(Outcome::Bytes),
            Step::Stat(path, is_followed) => {
                let found = disk.stat(at, path.as_bytes(), is_followed);
                found.map(|found| Self::found(&found))
            }
            Step::List(path) => names(disk, at, path, now).map(Outcome::Names),
            Step::Chmod(path, mode) => done(disk.chmod(at, path.as_bytes(), true, mode, now)),
            _ => return None,
        })
    }
}

/// The names in a directory, sorted.
pub(super) fn names(disk: &mut Disk, at: Ino, path: &str, now: u64) -> Result<Vec<Vec<u8>>, Errno> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    let file = disk.open(at, path.as_bytes(), flags, 0, now)?;
    let mut names = Vec::new();
    loop {
        let entries = disk.read_dir(file, 3, now)?;
        if entries.is_empty() {
            break;
        }
        names.extend(entries.into_iter().map(|entry| entry.name));
    }
    disk.close(file)?;
    names.sort();
    names.retain(|name| name != b"." && name != b"..");
    Ok(names)
}
