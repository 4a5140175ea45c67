//! Crashes by hand: what programs that are right and wrong find after them.

use std::collections::BTreeSet;

use super::super::{CrashMode, Disk, DiskEvent, JournalMode, Lock, OpenFile, Profile};
use super::script::names;
use crate::errno::Errno;
use crate::random::Random;

fn profile(crash: CrashMode, journal: JournalMode) -> Profile {
    Profile {
        crash,
        journal,
        ..Profile::calm()
    }
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

fn sync_directory(disk: &mut Disk, path: &str) -> Result<(), Errno> {
    let root = disk.root();
    let file = disk.open(root, path.as_bytes(), libc::O_RDONLY, 0, 0)?;
    disk.sync(file)?;
    disk.close(file)
}

/// The content of a file; `None` if it is not there.
fn content(disk: &mut Disk, path: &str) -> Option<Vec<u8>> {
    let root = disk.root();
    let file = disk
        .open(root, path.as_bytes(), libc::O_RDONLY, 0, 0)
        .ok()?;
    let mut bytes = vec![0; 1 << 16];
    let length = disk.read(file, &mut bytes, 0).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// What `program` may leave after a crash that follows it at once, over many seeds.
fn outcomes(
    profile: Profile,
    path: &str,
    program: impl Fn(&mut Disk) -> Result<(), Errno>,
) -> BTreeSet<Option<Vec<u8>>> {
    let seeds = 0..200;
    let outcome = |seed| {
        let mut random = Random::new(seed);
        let mut disk = Disk::new(profile, &random);
        program(&mut disk).expect("nothing fails here");
        disk.crash(&mut random);
        content(&mut disk, path)
    };
    seeds.map(outcome).collect()
}

#[test]
fn a_new_file_that_was_synced_is_there_with_ext4_and_maybe_not_with_posix() {
    let program = |disk: &mut Disk| {
        let file = open(disk, "/a")?;
        disk.write(file, b"text", 0)?;
        disk.sync(file)
    };
    let text = Some(b"text".to_vec());
    let ordered = profile(CrashMode::Pages, JournalMode::Ordered);
    assert_eq!(
        outcomes(ordered, "/a", program),
        BTreeSet::from([text.clone()])
    );
    let strict = profile(CrashMode::Pages, JournalMode::Strict);
    assert_eq!(
        outcomes(strict, "/a", program),
        BTreeSet::from([None, text.clone()])
    );
    let with_directory = |disk: &mut Disk| {
        program(disk)?;
        sync_directory(disk, "/")
    };
    assert_eq!(
        outcomes(strict, "/a", with_directory),
        BTreeSet::from([text])
    );
}

/// Replaces `/a` by a new file, as programs do that want either content.
fn replace(disk: &mut Disk, is_synced: bool) -> Result<(), Errno> {
    let root = disk.root();
    let file = open(disk, "/a")?;
    disk.write(file, b"old", 0)?;
    disk.sync(file)?;
    sync_directory(disk, "/")?;
    let file = open(disk, "/a.new")?;
    disk.write(file, b"new", 0)?;
    if is_synced {
        disk.sync(file)?;
    }
    disk.rename((root, b"/a.new"), (root, b"/a"), 0, 0)
}

#[test]
fn a_file_that_is_replaced_has_either_content_if_the_new_one_was_synced() {
    for journal in [JournalMode::Ordered, JournalMode::Strict] {
        let profile = profile(CrashMode::Sectors, journal);
        let found = outcomes(profile, "/a", |disk| replace(disk, true));
        let either = [b"old", b"new"].map(|text| Some(text.to_vec()));
        assert_eq!(found, BTreeSet::from(either));
        // Without the sync, the name may be there before the content: empty, or zeros.
        let found = outcomes(profile, "/a", |disk| replace(disk, false));
        let wrong = [Some(Vec::new()), Some(vec![0; 3])];
        assert!(
            wrong.iter().any(|content| found.contains(content)),
            "{found:?}"
        );
    }
}

#[test]
fn a_name_that_was_moved_between_directories_is_never_in_both_or_none() {
    for journal in [JournalMode::Ordered, JournalMode::Strict] {
        for (seed, synced) in (0..100).zip(["/", "/one", "/two", "/two/a"].iter().cycle()) {
            let mut random = Random::new(seed);
            let mut disk = Disk::new(profile(CrashMode::Pages, journal), &random);
            let root = disk.root();
            for path in [b"/one", b"/two"] {
                disk.mkdir(root, path, 0o755, 0).expect("an empty disk");
            }
            open(&mut disk, "/one/a").expect("an empty disk");
            disk.sync_all();
            let renamed = disk.rename((root, b"/one/a"), (root, b"/two/a"), 0, 0);
            renamed.expect("it is there");
            sync_directory(&mut disk, synced).expect("nothing fails here");
            disk.crash(&mut random);
            let there = ["/one/a", "/two/a"].map(|path| content(&mut disk, path).is_some());
            assert_eq!(there.iter().filter(|is_there| **is_there).count(), 1);
            let must_be_new = synced.starts_with("/one") || synced.starts_with("/two");
            let is_promised =
                must_be_new && (journal == JournalMode::Ordered || *synced != "/two/a");
            assert!(there[1] || !is_promised, "{journal:?} {synced}");
        }
    }
}

#[test]
fn a_calm_disk_loses_all_or_nothing() {
    let program = |disk: &mut Disk| {
        let file = open(disk, "/a")?;
        disk.write(file, &[1; 4096], 0)?;
        disk.sync(file)?;
        disk.write(file, &[2; 4096], 0)?;
        disk.pwrite(file, &[2; 4096], 0, 0).map(drop)
    };
    let found = outcomes(Profile::calm(), "/a", program);
    let either = [Some(vec![1; 4096]), Some(vec![2; 8192])];
    assert_eq!(found, BTreeSet::from(either));
}

#[test]
fn pages_survive_one_by_one_and_sectors_only_where_they_may_tear() {
    let program = |disk: &mut Disk| {
        let file = open(disk, "/a")?;
        disk.write(file, &[1; 8192], 0)?;
        disk.sync(file)?;
        disk.pwrite(file, &[2; 8192], 0, 0).map(drop)
    };
    let page = |content: Option<Vec<u8>>| content.expect("it was synced");
    let whole = outcomes(
        profile(CrashMode::Pages, JournalMode::Ordered),
        "/a",
        program,
    );
    let firsts = |content: &[u8], unit: usize| -> Vec<u8> {
        content.chunks(unit).map(|part| part[0]).collect()
    };
    let whole: BTreeSet<Vec<u8>> = whole.into_iter().map(page).collect();
    assert_eq!(whole.len(), 4);
    assert!(whole.iter().all(|content| firsts(content, 4096).len() == 2));
    let torn = outcomes(
        profile(CrashMode::Sectors, JournalMode::Ordered),
        "/a",
        program,
    );
    assert!(torn.len() > 20);
    for content in torn.into_iter().map(page) {
        let sectors = content.chunks(512);
        assert!(
            sectors
                .into_iter()
                .all(|sector| sector.iter().all(|byte| *byte == sector[0]))
        );
    }
}

#[test]
fn a_crash_says_what_it_did() {
    let mut random = Random::new(1);
    let mut disk = Disk::new(Profile::hostile(), &random);
    disk.set_profile(profile(CrashMode::Sectors, JournalMode::Strict));
    let file = open(&mut disk, "/a").expect("an empty disk");
    disk.sync_all();
    for page in 0..20 {
        let written = disk.pwrite(file, &[1; 4096], page * 4096, 0);
        assert_eq!(written, Ok(4096));
    }
    disk.crash(&mut random);
    let events = disk.take_events();
    let torn = events
        .iter()
        .find(|event| matches!(event, DiskEvent::Torn { .. }));
    let torn = torn.expect("of twenty pages one is").to_string();
    assert!(
        torn.starts_with("disk: page ") && torn.contains(" of /a is torn"),
        "{torn}"
    );
    let Some(DiskEvent::Crashed {
        changes_kept,
        changes_lost,
        pages_kept,
        pages_lost,
    }) = events.last()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (changes_kept + changes_lost, pages_kept + pages_lost),
        (20, 20)
    );
    assert_eq!(disk.sync(file), Err(Errno(libc::EBADF)));
}

#[test]
fn strict_directories_forget_one_change_and_keep_a_later_one() {
    let program = |disk: &mut Disk| {
        let root = disk.root();
        open(disk, "/old")?;
        disk.sync_all();
        open(disk, "/new")?;
        disk.unlink(root, b"/old", 0)
    };
    let neither = |journal| {
        (0..100).any(|seed| {
            let mut random = Random::new(seed);
            let mut disk = Disk::new(profile(CrashMode::Pages, journal), &random);
            program(&mut disk).expect("nothing fails here");
            disk.crash(&mut random);
            content(&mut disk, "/old").is_none() && content(&mut disk, "/new").is_none()
        })
    };
    assert!(neither(JournalMode::Strict));
    assert!(!neither(JournalMode::Ordered));
}

#[test]
fn what_no_path_leads_to_after_a_crash_is_gone() {
    let mut is_lost = BTreeSet::new();
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut disk = Disk::new(
            Profile {
                inodes: 3,
                ..Profile::calm()
            },
            &random,
        );
        let root = disk.root();
        disk.mkdir(root, b"/d", 0o755, 0).expect("an empty disk");
        let file = open(&mut disk, "/d/a").expect("the third inode");
        disk.write(file, b"text", 0).expect("there is room");
        disk.crash(&mut random);
        if content(&mut disk, "/d/a").is_none() {
            assert_eq!(disk.usage().0, 0);
            disk.mkdir(root, b"/d", 0o755, 0)
                .expect("two inodes are free");
            open(&mut disk, "/d/a").expect("one inode is free");
            is_lost.insert(seed);
        }
    }
    assert!(is_lost.len() > 3);
}

#[test]
fn locks_end_with_a_crash() {
    let mut random = Random::new(1);
    let mut disk = Disk::new(Profile::calm(), &random);
    let file = open(&mut disk, "/a").expect("an empty disk");
    disk.sync_all();
    assert_eq!(disk.flock(file, Lock::Exclusive), Ok(()));
    disk.crash(&mut random);
    let file = open(&mut disk, "/a").expect("it was synced");
    assert_eq!(disk.flock(file, Lock::Exclusive), Ok(()));
}

#[test]
fn what_was_removed_and_not_synced_may_come_back_with_its_content() {
    let program = |disk: &mut Disk| {
        let root = disk.root();
        disk.mkdir(root, b"/d", 0o755, 0)?;
        let file = open(disk, "/d/a")?;
        disk.write(file, b"text", 0)?;
        disk.sync_all();
        disk.close(file)?;
        disk.unlink(root, b"/d/a", 0)?;
        disk.rmdir(root, b"/d", 0)
    };
    let found = outcomes(Profile::rough(), "/d/a", program);
    assert_eq!(found, BTreeSet::from([None, Some(b"text".to_vec())]));
}

#[test]
fn the_system_writes_back_by_itself_what_a_profile_lets_it() {
    let eager = Profile {
        writeback: 1.0,
        crash: CrashMode::Whole,
        ..Profile::calm()
    };
    let program = |disk: &mut Disk| {
        for name in ["/a", "/b", "/c"] {
            let file = open(disk, name)?;
            disk.write(file, b"text", 0)?;
        }
        Ok(())
    };
    let found = outcomes(eager, "/b", program);
    // Neither everything nor nothing.
    assert!(found.len() > 2, "{found:?}");
}

#[test]
fn the_journal_has_a_length() {
    let mut random = Random::new(0);
    let mut disk = Disk::new(Profile::calm(), &random);
    for number in 0..5_000 {
        let path = format!("/{number}");
        let file = open(&mut disk, &path).expect("there are inodes");
        disk.close(file).expect("it is open");
    }
    disk.crash(&mut random);
    let root = disk.root();
    let left = names(&mut disk, root, "/", 0).expect("a directory").len();
    assert!(left >= 904, "{left}");
}
