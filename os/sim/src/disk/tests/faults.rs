//! Faults, capacity, latency and events.

use super::super::{Disk, DiskEvent, ErrorRates, Fault, Latency, OpenFile, Operation, Profile};
use crate::errno::Errno;
use crate::random::Random;

const EIO: Errno = Errno(libc::EIO);

fn disk(profile: Profile) -> Disk {
    Disk::new(profile, &Random::new(1))
}

fn open(disk: &mut Disk, path: &str) -> Result<OpenFile, Errno> {
    let root = disk.root();
    disk.open(
        root,
        path.as_bytes(),
        libc::O_CREAT | libc::O_RDWR,
        0o600,
        0,
    )
}

#[test]
fn a_disk_is_full_at_its_capacity() {
    let mut disk = disk(Profile {
        capacity: 3 * 4096,
        ..Profile::calm()
    });
    let file = open(&mut disk, "/a").expect("an empty disk");
    assert_eq!(disk.write(file, &[1; 4096], 0), Ok(4096));
    // As much as fits.
    assert_eq!(disk.write(file, &[2; 10_000], 0), Ok(8192));
    assert_eq!(disk.write(file, &[3; 1], 0), Err(Errno(libc::ENOSPC)));
    assert_eq!(disk.usage(), (3 * 4096, 3 * 4096));
    // What has space can be written again.
    assert_eq!(disk.pwrite(file, &[4; 4096], 4096, 0), Ok(4096));
    assert_eq!(disk.stat_file(file).map(|found| found.size), Ok(12_288));
    let full = disk.take_events();
    assert_eq!(
        full[0].to_string(),
        "disk: full: 8192 of 10000 bytes of /a written"
    );
    assert_eq!(full.len(), 2);
    // Space comes back when a file is cut, and when it is gone.
    disk.truncate(file, 100, 0).expect("it is writable");
    assert_eq!(disk.usage().0, 4096);
    let other = open(&mut disk, "/b").expect("there are inodes");
    assert_eq!(
        disk.allocate(other, 0, 0, 3 * 4096, 0),
        Err(Errno(libc::ENOSPC))
    );
    assert_eq!(disk.usage().0, 4096);
    assert_eq!(disk.allocate(other, 0, 0, 2 * 4096, 0), Ok(()));
    let root = disk.root();
    disk.unlink(root, b"/b", 0).expect("it is there");
    disk.close(other).expect("it is open");
    assert_eq!(disk.usage().0, 4096);
}

#[test]
fn a_disk_has_so_many_inodes() {
    let mut disk = disk(Profile {
        inodes: 3,
        ..Profile::calm()
    });
    let root = disk.root();
    open(&mut disk, "/a").expect("the second");
    disk.mkdir(root, b"/b", 0o755, 0).expect("the third");
    let full = Errno(libc::ENOSPC);
    assert_eq!(open(&mut disk, "/c"), Err(full));
    assert_eq!(disk.symlink(b"a", root, b"/c", 0), Err(full));
    assert_eq!(disk.link((root, b"/a"), (root, b"/c"), false, 0), Ok(()));
    disk.rmdir(root, b"/b", 0).expect("it is empty");
    assert!(open(&mut disk, "/d").is_ok());
}

#[test]
fn faults_by_hand_are_for_an_operation_and_a_path() {
    let mut disk = disk(Profile::calm());
    let root = disk.root();
    disk.mkdir(root, b"/data", 0o755, 0).expect("an empty disk");
    let inside = open(&mut disk, "/data/log").expect("an empty disk");
    let outside = open(&mut disk, "/database").expect("an empty disk");
    disk.inject(Fault {
        only: Some(Operation::Write),
        below: b"/data".to_vec(),
        after: 1,
        errno: Errno(libc::EDQUOT),
        ..Fault::next(2)
    });
    let quota = Err(Errno(libc::EDQUOT));
    assert_eq!(disk.write(outside, b"a", 0), Ok(1));
    assert_eq!(disk.write(inside, b"a", 0), Ok(1));
    assert_eq!(disk.write(inside, b"a", 0), quota);
    assert_eq!(disk.read(inside, &mut [0], 0), Ok(0));
    assert_eq!(disk.write(outside, b"a", 0), Ok(1));
    assert_eq!(disk.write(inside, b"a", 0), quota);
    assert_eq!(disk.write(inside, b"a", 0), Ok(1));
    let events = disk.take_events();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0].to_string(),
        "disk: write of /data/log fails by hand: Disk quota exceeded (os error 122)"
    );
    disk.inject(Fault::next(u64::MAX));
    for _ in 0..10 {
        assert_eq!(disk.stat(root, b"/", true), Err(EIO));
    }
    disk.clear_faults();
    assert!(disk.stat(root, b"/", true).is_ok());
}

#[test]
fn what_fails_has_changed_nothing() {
    let mut disk = disk(Profile::calm());
    let root = disk.root();
    let file = open(&mut disk, "/a").expect("an empty disk");
    disk.write(file, b"text", 0).expect("there is room");
    disk.inject(Fault {
        only: Some(Operation::Change),
        ..Fault::next(u64::MAX)
    });
    disk.inject(Fault {
        only: Some(Operation::Write),
        ..Fault::next(u64::MAX)
    });
    assert_eq!(disk.rename((root, b"/a"), (root, b"/b"), 0, 0), Err(EIO));
    assert_eq!(disk.unlink(root, b"/a", 0), Err(EIO));
    assert_eq!(disk.link((root, b"/a"), (root, b"/b"), false, 0), Err(EIO));
    assert_eq!(disk.chmod(root, b"/a", true, 0, 0), Err(EIO));
    assert_eq!(disk.truncate(file, 0, 0), Err(EIO));
    assert_eq!(disk.write(file, b"more", 0), Err(EIO));
    let found = disk.stat(root, b"/a", true).expect("it is there");
    assert_eq!((found.size, found.links, found.mode & 0o777), (4, 1, 0o600));
    assert!(disk.stat(root, b"/b", true).is_err());
    assert_eq!(disk.seek(file, 0, libc::SEEK_CUR), Ok(4));
}

#[test]
fn a_sync_that_fails_is_reported_once_to_each_open_file_and_loses_pages() {
    let mut lost = 0;
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let mut disk = Disk::new(Profile::calm(), &random);
        let root = disk.root();
        let file = open(&mut disk, "/a").expect("an empty disk");
        let other = open(&mut disk, "/a").expect("it is there");
        disk.write(file, b"old", 0).expect("there is room");
        assert_eq!(disk.sync(file), Ok(()));
        disk.pwrite(file, b"new", 0, 0).expect("it has space");
        disk.inject(Fault {
            only: Some(Operation::Sync),
            ..Fault::next(1)
        });
        assert_eq!(disk.sync(file), Err(EIO));
        assert_eq!(disk.sync(file), Ok(()));
        assert_eq!(disk.sync(other), Err(EIO));
        assert_eq!(disk.sync(other), Ok(()));
        // Everybody knows it: who opens the file now is not notified of it.
        let late = open(&mut disk, "/a").expect("it is there");
        assert_eq!(disk.sync(late), Ok(()));
        // Programs see the new content until a crash.
        let mut text = [0; 3];
        disk.pread(file, &mut text, 0, 0).expect("it is readable");
        assert_eq!(&text, b"new");
        disk.crash(&mut random);
        let file = disk
            .open(root, b"/a", libc::O_RDONLY, 0, 0)
            .expect("it was synced");
        disk.read(file, &mut text, 0).expect("it is readable");
        lost += usize::from(&text == b"old");
    }
    assert!((10..40).contains(&lost), "{lost}");
}

#[test]
fn a_failure_that_nobody_was_notified_of_is_reported_to_whoever_opens_the_file_next() {
    let mut disk = disk(Profile {
        writeback: 1.0,
        errors: ErrorRates {
            sync: 1.0,
            ..ErrorRates::default()
        },
        ..Profile::calm()
    });
    let file = open(&mut disk, "/a").expect("an empty disk");
    // The system writes the page back by itself, and fails.
    disk.write(file, b"text", 0).expect("there is room");
    let events = disk.take_events();
    assert_eq!(
        events[0].to_string(),
        "disk: sync of /a wrote 0 pages and forgot 1"
    );
    disk.close(file).expect("it is open");
    disk.set_profile(Profile::calm());
    let (one, two) = (open(&mut disk, "/a"), open(&mut disk, "/a"));
    let (one, two) = (one.expect("it is there"), two.expect("it is there"));
    assert_eq!(disk.sync(one), Err(EIO));
    assert_eq!(disk.sync(one), Ok(()));
    assert_eq!(disk.sync(two), Err(EIO));
    let three = open(&mut disk, "/a").expect("it is there");
    assert_eq!(disk.sync(three), Ok(()));
}

#[test]
fn faults_come_as_often_as_the_profile_says() {
    let mut disk = disk(Profile {
        errors: ErrorRates {
            metadata: 0.25,
            ..ErrorRates::default()
        },
        ..Profile::calm()
    });
    let root = disk.root();
    let failed = (0..1_000).filter(|number| {
        let path = format!("/{number}");
        disk.mkdir(root, path.as_bytes(), 0o755, 0) == Err(EIO)
    });
    let failed = failed.count();
    assert!((200..300).contains(&failed), "{failed}");
    let is_failure = |event: &DiskEvent| matches!(event, DiskEvent::Failed { by_hand: false, .. });
    let events = disk.take_events();
    assert_eq!(
        events.iter().filter(|event| is_failure(event)).count(),
        failed
    );
}

#[test]
fn operations_take_time() {
    let latency = Latency {
        write_ns: 100,
        sync_ns: 1_000,
        per_kib_ns: 10,
        ..Latency::default()
    };
    let mut disk = disk(Profile {
        latency,
        ..Profile::calm()
    });
    let file = open(&mut disk, "/a").expect("an empty disk");
    assert_eq!(disk.take_latency(), 0);
    disk.write(file, &[0; 2048], 0).expect("there is room");
    assert_eq!(disk.take_latency(), 120);
    disk.sync(file).expect("nothing fails here");
    // One dirty page.
    assert_eq!(disk.take_latency(), 1_040);
    disk.sync(file).expect("nothing fails here");
    assert_eq!(disk.take_latency(), 1_000);
    disk.set_profile(Profile {
        latency: Latency {
            stall: 1.0,
            stall_ns: 5_000_000,
            jitter_ns: 50,
            ..latency
        },
        ..Profile::calm()
    });
    disk.sync(file).expect("nothing fails here");
    let nanoseconds = disk.take_latency();
    assert!(
        (5_001_000..=5_001_050).contains(&nanoseconds),
        "{nanoseconds}"
    );
    let events = disk.take_events();
    assert_eq!(events[0].to_string(), "disk: sync of /a stalls for 5 ms");
}
