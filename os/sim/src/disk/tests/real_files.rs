//! The disk does what the real file system does, whether its files are its own or below it.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{
    DirBuilderExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::{any, proptest};

use super::super::{Disk, Kind, Lower, LowerMetadata, Profile};
use super::script::{Outcome, Runner, Step, config, script};
use crate::errno::Errno;
use crate::random::Random;

/// Each directory has another name. Relaxed: only the number counts.
static LAST: AtomicU32 = AtomicU32::new(0);

/// A directory of the real file system, and the files that a script has opened.
struct RealFiles {
    top: PathBuf,
    at: PathBuf,
    files: Vec<File>,
}

impl RealFiles {
    fn new() -> Self {
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("selkie-disk-{}-{number}", std::process::id());
        let top = std::env::temp_dir().join(name);
        let at = top.join("r/s/t");
        fs::create_dir_all(&at).expect("a directory of our own");
        let files = Vec::new();
        Self { top, at, files }
    }

    fn path(&self, path: &str) -> PathBuf {
        // `join` would take a slash at the end away.
        format!("{}/{path}", self.at.display()).into()
    }

    fn run(&mut self, step: &Step) -> Outcome {
        let answer = self.on_files(step).or_else(|| self.on_entries(step));
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => Outcome::Failed(error.raw_os_error().expect("of the system")),
            None => Outcome::Nothing,
        }
    }

    fn on_files(&mut self, step: &Step) -> Option<io::Result<Outcome>> {
        let number = |count: io::Result<usize>| count.map(|count| Outcome::Number(count as u64));
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
        let file = &mut self.files[index];
        Some(match *step {
            Step::Close(_) => {
                self.files.remove(index);
                Ok(Outcome::Done)
            }
            Step::Read(_, length) => {
                let mut buffer = vec![0; length];
                let count = file.read(&mut buffer);
                count.map(|count| Outcome::Bytes(buffer[..count].to_vec()))
            }
            Step::Write(_, byte, length) => number(file.write(&vec![byte; length])),
            Step::ReadAt(_, offset, length) => {
                let mut buffer = vec![0; length];
                let count = file.read_at(&mut buffer, offset as u64);
                count.map(|count| Outcome::Bytes(buffer[..count].to_vec()))
            }
            Step::WriteAt(_, offset, byte, length) => {
                number(file.write_at(&vec![byte; length], offset as u64))
            }
            Step::Seek(..) if file.metadata().is_ok_and(|found| found.is_dir()) => {
                Ok(Outcome::Nothing)
            }
            Step::Seek(_, offset, whence) => {
                let to = match whence {
                    libc::SEEK_SET if offset < 0 => SeekFrom::Start(offset as u64),
                    libc::SEEK_SET => SeekFrom::Start(offset as u64),
                    libc::SEEK_CUR => SeekFrom::Current(offset),
                    _ => SeekFrom::End(offset),
                };
                file.seek(to).map(Outcome::Number)
            }
            // The library has an error of its own for sizes below zero.
            Step::Truncate(_, size) if size < 0 => Err(io::Error::from_raw_os_error(libc::EINVAL)),
            Step::Truncate(_, size) => file.set_len(size as u64).map(|()| Outcome::Done),
            Step::Sync(_) => file.sync_all().map(|()| Outcome::Done),
            _ => file.metadata().map(|found| Self::found(&found)),
        })
    }

    fn found(metadata: &fs::Metadata) -> Outcome {
        let kind = metadata.file_type();
        assert!(!kind.is_socket());
        if kind.is_dir() {
            return Outcome::Found(Kind::Directory, 0, 0, 0);
        }
        if kind.is_symlink() {
            return Outcome::Found(Kind::Symlink, 0, metadata.nlink(), metadata.len());
        }
        let mode = metadata.mode() & 0o7777;
        Outcome::Found(Kind::File, mode, metadata.nlink(), metadata.len())
    }

    fn on_entries(&mut self, step: &Step) -> Option<io::Result<Outcome>> {
        let done = |done: io::Result<()>| done.map(|()| Outcome::Done);
        Some(match *step {
            Step::Open(path, flags) => {
                let mut options = OpenOptions::new();
                let access = flags & libc::O_ACCMODE;
                options.read(access != libc::O_WRONLY);
                options.write(access != libc::O_RDONLY);
                options.mode(0o644).custom_flags(flags & !libc::O_ACCMODE);
                let file = options.open(self.path(path));
                file.map(|file| {
                    self.files.push(file);
                    Outcome::Done
                })
            }
            Step::Mkdir(path) => done(DirBuilder::new().mode(0o755).create(self.path(path))),
            Step::Rmdir(path) => done(fs::remove_dir(self.path(path))),
            Step::Unlink(path) => done(fs::remove_file(self.path(path))),
            Step::Rename(old, new) => done(fs::rename(self.path(old), self.path(new))),
            Step::Link(old, new) => done(fs::hard_link(self.path(old), self.path(new))),
            Step::Symlink(target, path) => done(symlink(target, self.path(path))),
            Step::ReadLink(path) => {
                let target = fs::read_link(self.path(path));
                target.map(|target| Outcome::Bytes(target.as_os_str().as_bytes().to_vec()))
            }
            Step::Stat(path, is_followed) => {
                let path = self.path(path);
                let found = if is_followed {
                    fs::metadata(path)
                } else {
                    fs::symlink_metadata(path)
                };
                found.map(|found| Self::found(&found))
            }
            Step::List(path) => fs::read_dir(self.path(path)).map(|entries| {
                let names = entries.map(|entry| entry.expect("an entry").file_name());
                let mut names: Vec<Vec<u8>> = names.map(|name| name.as_bytes().to_vec()).collect();
                names.sort();
                Outcome::Names(names)
            }),
            Step::Chmod(path, mode) => done(fs::set_permissions(
                self.path(path),
                Permissions::from_mode(mode),
            )),
            _ => return None,
        })
    }
}

impl Drop for RealFiles {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.top).ok();
    }
}

/// A disk in which the real one's directories are, too.
fn simulated(real: &RealFiles) -> Runner {
    let mut disk = Disk::new(Profile::calm(), &Random::new(1));
    let mut at = disk.root();
    for name in real.at.iter().skip(1) {
        let name = name.as_bytes();
        disk.mkdir(at, name, 0o755, 0).expect("an empty disk");
        at = disk.directory(at, name).expect("it was made");
    }
    Runner::new(disk, at)
}

/// A real directory below a disk.
#[derive(Debug)]
struct HostFiles(PathBuf);

impl HostFiles {
    fn path(&self, path: &[u8]) -> PathBuf {
        let below = path.strip_prefix(b"/").expect("it is absolute");
        self.0.join(OsStr::from_bytes(below))
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno(error.raw_os_error().expect("of the system"))
}

impl Lower for HostFiles {
    fn metadata(&self, path: &[u8]) -> Result<LowerMetadata, Errno> {
        let found = fs::symlink_metadata(self.path(path)).map_err(|error| errno(&error))?;
        let nanoseconds = |seconds: i64, rest: i64| (seconds * 1_000_000_000 + rest) as u64;
        Ok(LowerMetadata {
            mode: found.mode(),
            uid: found.uid(),
            gid: found.gid(),
            size: found.size(),
            accessed: nanoseconds(found.atime(), found.atime_nsec()),
            modified: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed: nanoseconds(found.ctime(), found.ctime_nsec()),
        })
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let target = fs::read_link(self.path(path)).map_err(|error| errno(&error))?;
        Ok(target.into_os_string().into_encoded_bytes())
    }

    fn read(&self, path: &[u8], offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        let file = File::open(self.path(path));
        let count = file.and_then(|file| file.read_at(buffer, offset));
        count.map_err(|error| errno(&error))
    }

    fn read_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
        let entries = fs::read_dir(self.path(path)).map_err(|error| errno(&error))?;
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        Ok(names.map(|name| name.into_encoded_bytes()).collect())
    }
}

/// Files that are there before a script begins.
fn fill(at: &Path) {
    fs::create_dir_all(at.join("a/d")).expect("a directory");
    fs::write(at.join("a/x"), vec![7; 5000]).expect("a file");
    fs::write(at.join("a/d/z"), b"z").expect("a file");
    fs::write(at.join("b"), vec![9; 12_345]).expect("a file");
    symlink("a", at.join("l")).expect("a link");
    symlink("a/x", at.join("m")).expect("a link");
}

/// Runs `steps` on both.
fn compare(real: &mut RealFiles, simulated: &mut Runner, steps: &[Step]) {
    for (number, step) in steps.iter().enumerate() {
        let (expected, got) = (real.run(step), simulated.run(step));
        assert_eq!(got, expected, "step {number}: {step:?} of {steps:#?}");
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn programs_see_what_they_see_of_a_real_file_system(steps in script(60)) {
        let mut real = RealFiles::new();
        let mut simulated = simulated(&real);
        compare(&mut real, &mut simulated, &steps);
    }

    #[test]
    fn programs_see_files_of_a_lower_layer_as_if_they_were_on_the_disk(
        steps in script(60),
        more in script(20),
        seed in any::<u64>(),
    ) {
        let (mut real, below) = (RealFiles::new(), RealFiles::new());
        fill(&real.at);
        fill(&below.at);
        let lower = HostFiles(below.top.clone());
        let mut disk = Disk::new(Profile::calm(), &Random::new(1)).over(Box::new(lower));
        let root = disk.root();
        let at = disk.directory(root, b"/r/s/t").expect("it is below");
        let mut simulated = Runner::new(disk, at);
        compare(&mut real, &mut simulated, &steps);
        // A crash after a sync of everything changes nothing, but for files that are open.
        simulated.disk.sync_all();
        simulated.disk.crash(&mut Random::new(seed));
        let mut simulated = Runner::new(simulated.disk, at);
        real.files.clear();
        compare(&mut real, &mut simulated, &more);
        // The lower layer is as it was.
        let untouched = RealFiles::new();
        fill(&untouched.at);
        assert_eq!(tree(&below.at), tree(&untouched.at));
    }
}

/// All paths below `at`, and the contents of files.
fn tree(at: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(at.join(&directory)).expect("a directory") {
            let entry = entry.expect("an entry");
            let path = directory.join(entry.file_name());
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                directories.push(path.clone());
            }
            let content = if kind.is_file() {
                fs::read(entry.path())
            } else {
                Ok(Vec::new())
            };
            found.push((path, content.expect("a file")));
        }
    }
    found.sort();
    found
}
