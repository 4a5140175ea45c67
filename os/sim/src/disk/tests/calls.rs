//! Calls that scripts against the real file system do not make.

use std::collections::BTreeSet;

use super::super::{Disk, Ino, Lock, OpenFile, Profile, StampChange};
use super::script::names;
use crate::errno::Errno;
use crate::random::Random;

const RDWR: i32 = libc::O_CREAT | libc::O_RDWR;

fn disk() -> (Disk, Ino) {
    let disk = Disk::new(Profile::calm(), &Random::new(1));
    let root = disk.root();
    (disk, root)
}

fn open(disk: &mut Disk, path: &str) -> OpenFile {
    let root = disk.root();
    let file = disk.open(root, path.as_bytes(), RDWR, 0o600, 0);
    file.expect("nothing fails here")
}

fn read(disk: &mut Disk, file: OpenFile) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 16];
    let length = disk.pread(file, &mut bytes, 0, 0).expect("it is readable");
    bytes.truncate(length);
    bytes
}

#[test]
fn duplicates_share_a_position_and_the_last_close_ends_a_file() {
    let (mut disk, root) = disk();
    let file = open(&mut disk, "/a");
    disk.duplicate(file).expect("it is open");
    assert_eq!(disk.write(file, b"one", 0), Ok(3));
    assert_eq!(disk.seek(file, 0, libc::SEEK_CUR), Ok(3));
    disk.unlink(root, b"/a", 0).expect("it is there");
    disk.close(file).expect("one is left");
    assert_eq!(read(&mut disk, file), b"one");
    assert_eq!(disk.stat_file(file).map(|found| found.links), Ok(0));
    assert_eq!(disk.usage().0, 4096);
    disk.close(file).expect("the last one");
    assert_eq!(disk.usage().0, 0);
    assert_eq!(disk.close(file), Err(Errno(libc::EBADF)));
    assert_eq!(disk.stat_file(file), Err(Errno(libc::EBADF)));
}

#[test]
fn paths_have_their_limits() {
    let (mut disk, root) = disk();
    let mut mkdir = |path: &[u8]| disk.mkdir(root, path, 0o755, 0);
    assert_eq!(mkdir(b""), Err(Errno(libc::ENOENT)));
    assert_eq!(mkdir(&[b'a'; 255]), Ok(()));
    assert_eq!(mkdir(&[b'a'; 256]), Err(Errno(libc::ENAMETOOLONG)));
    assert_eq!(mkdir(&[b'/'; 4095]), Err(Errno(libc::EEXIST)));
    assert_eq!(mkdir(&[b'/'; 4096]), Err(Errno(libc::ENAMETOOLONG)));
    // A chain of 40 links can be followed, and one of 41 cannot.
    disk.mkdir(root, b"/0", 0o755, 0).expect("an empty disk");
    for link in 1..=41 {
        let (target, path) = (format!("{}", link - 1), format!("/{link}"));
        let made = disk.symlink(target.as_bytes(), root, path.as_bytes(), 0);
        made.expect("an empty disk");
    }
    assert!(disk.stat(root, b"/40", true).is_ok());
    assert_eq!(disk.stat(root, b"/41", true), Err(Errno(libc::ELOOP)));
}

#[test]
fn a_directory_that_was_removed_takes_no_entries() {
    let (mut disk, root) = disk();
    disk.mkdir(root, b"/a", 0o755, 0).expect("an empty disk");
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    let file = disk.open(root, b"/a", flags, 0, 0).expect("it is there");
    let at = disk.directory_of(file).expect("it is one");
    assert_eq!(disk.path_of(at), Ok(b"/a".to_vec()));
    disk.rmdir(root, b"/a", 0).expect("it is empty");
    let gone = Err(Errno(libc::ENOENT));
    assert_eq!(disk.mkdir(at, b"b", 0o755, 0), gone);
    assert_eq!(disk.open(at, b"b", RDWR, 0o644, 0).map(drop), gone);
    assert_eq!(disk.path_of(at).map(drop), gone);
    disk.close(file).expect("it is open");
    assert_eq!(disk.stat(at, b".", true).map(drop), gone);
}

#[test]
fn a_directory_that_was_moved_knows_where_it_is() {
    let (mut disk, root) = disk();
    for path in ["/a", "/b", "/a/d"] {
        let made = disk.mkdir(root, path.as_bytes(), 0o755, 0);
        made.expect("an empty disk");
    }
    let at = disk.directory(root, b"/a/d").expect("it is there");
    let renamed = disk.rename((root, b"/a/d"), (root, b"/b/e"), 0, 0);
    renamed.expect("it is there");
    for _ in 0..2 {
        assert_eq!(disk.path_of(at), Ok(b"/b/e".to_vec()));
        let parent = disk.stat(root, b"/b/e/..", true).map(|found| found.ino);
        assert_eq!(parent, disk.directory(root, b"/b"));
        let links = |path| disk.stat(root, path, true).map(|found| found.links);
        assert_eq!(
            [b"/a", b"/b"].map(|path| path.as_slice()).map(links),
            [Ok(2), Ok(3)]
        );
        disk.sync_all();
        disk.crash(&mut Random::new(1));
    }
}

#[test]
fn a_rename_may_refuse_to_replace() {
    let (mut disk, root) = disk();
    open(&mut disk, "/a");
    open(&mut disk, "/b");
    let mut rename =
        |old: &[u8], new: &[u8], flags| disk.rename((root, old), (root, new), flags, 0);
    assert_eq!(
        rename(b"/a", b"/b", libc::RENAME_NOREPLACE),
        Err(Errno(libc::EEXIST))
    );
    assert_eq!(rename(b"/a", b"/c", libc::RENAME_NOREPLACE), Ok(()));
    assert_eq!(
        rename(b"/c", b"/b", libc::RENAME_EXCHANGE),
        Err(Errno(libc::EINVAL))
    );
    assert_eq!(rename(b"/c", b"/b", 0), Ok(()));
    // What was replaced has no name and is not open: its inode is free.
    let disk_of_two = Profile {
        inodes: 3,
        ..Profile::calm()
    };
    let mut disk = Disk::new(disk_of_two, &Random::new(1));
    for name in ["/a", "/b"] {
        let file = open(&mut disk, name);
        disk.close(file).expect("it is open");
    }
    disk.rename((root, b"/a"), (root, b"/b"), 0, 0)
        .expect("it is there");
    open(&mut disk, "/c");
}

#[test]
fn locks_exclude_each_other_and_end_with_their_file() {
    let (mut disk, _) = disk();
    let (one, two) = (open(&mut disk, "/a"), open(&mut disk, "/a"));
    let blocked = Err(Errno(libc::EWOULDBLOCK));
    assert_eq!(disk.flock(one, Lock::Shared), Ok(()));
    assert_eq!(disk.flock(two, Lock::Shared), Ok(()));
    assert_eq!(disk.flock(two, Lock::Exclusive), blocked);
    // The change that would have blocked has cost the shared lock.
    assert_eq!(disk.flock(one, Lock::Exclusive), Ok(()));
    assert_eq!(disk.flock(two, Lock::Shared), blocked);
    disk.duplicate(one).expect("it is open");
    disk.close(one).expect("it is open");
    assert_eq!(disk.flock(two, Lock::Shared), blocked);
    disk.close(one).expect("it is open");
    assert_eq!(disk.flock(two, Lock::Exclusive), Ok(()));
    assert_eq!(disk.flock(two, Lock::None), Ok(()));
}

#[test]
fn ranges_are_copied_and_may_not_overlap() {
    let (mut disk, root) = disk();
    let (from, to) = (open(&mut disk, "/a"), open(&mut disk, "/b"));
    disk.write(from, b"0123456789", 0).expect("there is room");
    assert_eq!(disk.copy_range((from, Some(2)), (to, None), 100, 0), Ok(8));
    assert_eq!(disk.copy_range((from, Some(10)), (to, None), 100, 0), Ok(0));
    assert_eq!(disk.copy_range((from, Some(0)), (to, None), 1, 0), Ok(1));
    assert_eq!(read(&mut disk, to), b"234567890");
    let overlap = disk.copy_range((from, Some(0)), (from, Some(4)), 5, 0);
    assert_eq!(overlap, Err(Errno(libc::EINVAL)));
    assert_eq!(
        disk.copy_range((from, Some(0)), (from, Some(5)), 5, 0),
        Ok(5)
    );
    assert_eq!(read(&mut disk, from), b"0123401234");
    let appends = disk.open(root, b"/b", libc::O_WRONLY | libc::O_APPEND, 0, 0);
    let appends = appends.expect("it is there");
    let refused = disk.copy_range((from, None), (appends, None), 1, 0);
    assert_eq!(refused, Err(Errno(libc::EBADF)));
}

#[test]
fn space_is_given_and_holes_are_found() {
    let (mut disk, _) = disk();
    let file = open(&mut disk, "/a");
    disk.pwrite(file, b"data", 8192, 0).expect("there is room");
    assert_eq!(disk.seek(file, 0, libc::SEEK_DATA), Ok(8192));
    assert_eq!(disk.seek(file, 0, libc::SEEK_HOLE), Ok(0));
    assert_eq!(disk.seek(file, 8193, libc::SEEK_HOLE), Ok(8196));
    assert_eq!(
        disk.seek(file, 8196, libc::SEEK_DATA),
        Err(Errno(libc::ENXIO))
    );
    assert_eq!(disk.stat_file(file).map(|found| found.blocks), Ok(8));
    let punch = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    assert_eq!(
        disk.allocate(file, punch, 0, 1, 0),
        Err(Errno(libc::EOPNOTSUPP))
    );
    assert_eq!(disk.allocate(file, 0, 0, 0, 0), Err(Errno(libc::EINVAL)));
    assert_eq!(
        disk.allocate(file, libc::FALLOC_FL_KEEP_SIZE, 0, 1 << 14, 0),
        Ok(())
    );
    let found = disk.stat_file(file).expect("it is open");
    assert_eq!((found.size, found.blocks), (8196, 32));
    // What was given stays when the file grows into it.
    disk.pwrite(file, b"more", 12_288, 0)
        .expect("there is room");
    assert_eq!(disk.usage().0, 1 << 14);
    assert_eq!(disk.allocate(file, 0, 0, 20_000, 0), Ok(()));
    assert_eq!(disk.stat_file(file).map(|found| found.size), Ok(20_000));
    assert_eq!(disk.truncate(file, 1, 0), Ok(()));
    assert_eq!(disk.usage().0, 4096);
}

#[test]
fn stamps_and_owners_are_kept() {
    let (mut disk, root) = disk();
    disk.set_owner(7, 8);
    let file = disk
        .open(root, b"/a", RDWR, 0o640, 10)
        .expect("an empty disk");
    disk.write(file, b"a", 20).expect("there is room");
    disk.read(file, &mut [0; 1], 30).expect("it is readable");
    let found = disk.stat_file(file).expect("it is open");
    assert_eq!(
        (found.created, found.modified, found.changed, found.accessed),
        (10, 20, 20, 30)
    );
    assert_eq!(
        (found.mode, found.uid, found.gid),
        (libc::S_IFREG | 0o640, 7, 8)
    );
    let times = (StampChange::At(1), StampChange::Omit);
    disk.set_times_file(file, times, 40).expect("it is open");
    disk.set_times(root, b"/a", true, (StampChange::Omit, StampChange::Now), 50)
        .expect("it is there");
    disk.chown(root, b"/a", true, (None, Some(9)), 60)
        .expect("it is there");
    let found = disk.stat(root, b"/a", false).expect("it is there");
    assert_eq!((found.accessed, found.modified, found.changed), (1, 50, 60));
    assert_eq!((found.uid, found.gid), (7, 9));
}

#[test]
fn a_list_goes_on_while_entries_come_and_go() {
    for shuffle in [false, true] {
        let profile = Profile {
            shuffle,
            ..Profile::calm()
        };
        let mut disk = Disk::new(profile, &Random::new(5));
        let root = disk.root();
        for number in 0..100 {
            open(&mut disk, &format!("/{number}"));
        }
        let file = disk
            .open(root, b"/", libc::O_RDONLY, 0, 0)
            .expect("it is there");
        let mut seen = Vec::new();
        while let Some(entry) = disk.read_dir(file, 1, 0).expect("a directory").pop() {
            let number = seen.len();
            // One that was listed goes, and a new one comes.
            if number % 3 == 2 && entry.name[0] != b'n' {
                disk.unlink(root, &entry.name, 0).expect("it is there");
            }
            if number < 50 {
                open(&mut disk, &format!("/new{number}"));
            }
            seen.push(entry.name);
            assert!(number < 1_000);
        }
        let distinct: BTreeSet<&Vec<u8>> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
        let is_old = |name: &&&Vec<u8>| name[0].is_ascii_digit();
        assert_eq!(distinct.iter().filter(is_old).count(), 100);
        assert_eq!(seen[..2], [b".".to_vec(), b"..".to_vec()]);
        // From the start again.
        disk.seek(file, 0, libc::SEEK_SET).expect("a directory");
        assert_eq!(
            disk.read_dir(file, 1, 0).expect("a directory")[0].name,
            b"."
        );
    }
}

#[test]
fn the_order_of_a_list_is_the_seeds() {
    let order = |seed| {
        let mut disk = Disk::new(Profile::calm(), &Random::new(seed));
        for name in ["/a", "/b", "/c", "/d", "/e"] {
            open(&mut disk, name);
        }
        let root = disk.root();
        let file = disk
            .open(root, b"/", libc::O_RDONLY, 0, 0)
            .expect("it is there");
        let entries = disk.read_dir(file, 10, 0).expect("a directory");
        entries
            .into_iter()
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(1), order(1));
    let orders: BTreeSet<_> = (0..20).map(order).collect();
    assert!(orders.len() > 10);
}

#[test]
fn calls_that_are_refused_say_so() {
    let (mut disk, root) = disk();
    let no_name = disk.open(root, b"/", libc::O_TMPFILE | libc::O_RDWR, 0o600, 0);
    assert_eq!(no_name, Err(Errno(libc::EOPNOTSUPP)));
    let by_path = libc::O_PATH;
    open(&mut disk, "/a");
    let file = disk.open(root, b"/a", by_path, 0, 0).expect("it is there");
    let bad = Err(Errno(libc::EBADF));
    assert_eq!(disk.read(file, &mut [0], 0).map(drop), bad);
    assert_eq!(disk.write(file, &[0], 0).map(drop), bad);
    assert_eq!(disk.truncate(file, 0, 0), bad);
    assert_eq!(disk.sync(file), bad);
    assert_eq!(disk.chmod_file(file, 0, 0), bad);
    assert!(disk.stat_file(file).is_ok());
    let reads = disk
        .open(root, b"/a", libc::O_RDONLY, 0, 0)
        .expect("it is there");
    assert_eq!(disk.write(reads, &[0], 0).map(drop), bad);
    assert_eq!(disk.truncate(reads, 0, 0), Err(Errno(libc::EINVAL)));
    let writes = disk
        .open(root, b"/a", libc::O_WRONLY, 0, 0)
        .expect("it is there");
    assert_eq!(disk.read(writes, &mut [0], 0).map(drop), bad);
    assert_eq!(
        disk.pwrite(writes, &[0], 1 << 44, 0),
        Err(Errno(libc::EFBIG))
    );
    assert_eq!(
        disk.truncate(writes, (1 << 44) + 1, 0),
        Err(Errno(libc::EFBIG))
    );
}

#[test]
fn flags_are_kept_and_some_can_be_changed() {
    let (mut disk, _) = disk();
    let file = open(&mut disk, "/a");
    assert_eq!(disk.flags(file), Ok(libc::O_RDWR));
    disk.set_flags(file, libc::O_APPEND | libc::O_WRONLY)
        .expect("it is open");
    assert_eq!(disk.flags(file), Ok(libc::O_RDWR | libc::O_APPEND));
    disk.write(file, b"one", 0).expect("there is room");
    disk.seek(file, 0, libc::SEEK_SET).expect("it is a file");
    disk.pwrite(file, b"two", 0, 0).expect("there is room");
    assert_eq!(read(&mut disk, file), b"onetwo");
}

#[test]
fn the_end_of_all_processes_loses_nothing_that_has_a_name() {
    let (mut disk, root) = disk();
    let (named, unnamed) = (open(&mut disk, "/a"), open(&mut disk, "/b"));
    for file in [named, unnamed] {
        disk.write(file, b"text", 0).expect("there is room");
        disk.flock(file, Lock::Exclusive).expect("it is free");
    }
    disk.unlink(root, b"/b", 0).expect("it is there");
    disk.close_all();
    assert_eq!(disk.close(named), Err(Errno(libc::EBADF)));
    assert_eq!(disk.usage().0, 4096);
    let again = open(&mut disk, "/a");
    assert_eq!(read(&mut disk, again), b"text");
    assert_eq!(disk.flock(again, Lock::Exclusive), Ok(()));
    assert_eq!(names(&mut disk, root, "/", 0), Ok(vec![b"a".to_vec()]));
}
