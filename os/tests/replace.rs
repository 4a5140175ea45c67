//! A replaced file is open to the same users as the old one: permissions, attributes, access lists.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::ffi::{CString, c_void};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use selkie::fs;

use fixture::{TempDir, narrow, runtimes};

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn names(directory: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn c(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

fn set_attribute(path: &Path, name: &str, value: &[u8]) -> io::Result<()> {
    let (path, name) = (c(path), CString::new(name).unwrap());
    let bytes = value.as_ptr().cast::<c_void>();
    // SAFETY: the names end in zero, and the system reads `value`.
    let set = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), bytes, value.len(), 0) };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let (path, name) = (c(path), CString::new(name).unwrap());
    let mut value = vec![0_u8; 4096];
    let room = value.as_mut_ptr().cast::<c_void>();
    // SAFETY: the names end in zero, and the system writes at most as much as there is room for.
    let read = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), room, value.len()) };
    value.truncate(usize::try_from(read).ok()?);
    Some(value)
}

/// An access control list as Linux keeps it: of owner, user 12345, group, mask and others.
fn list(named: u16, group: u16, mask: u16, others: u16) -> Vec<u8> {
    let nobody = u32::MAX;
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, who) in [
        (0x01_u16, 6, nobody),
        (0x02, named, 12345),
        (0x04, group, nobody),
        (0x10, mask, nobody),
        (0x20, others, nobody),
    ] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(rights.to_le_bytes());
        bytes.extend(who.to_le_bytes());
    }
    bytes
}

const LIST: &str = "system.posix_acl_access";
const DEFAULT_LIST: &str = "system.posix_acl_default";

fn is_root() -> bool {
    // SAFETY: the call takes nothing.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        println!("skipped: only root gives files away");
    }
    is_root
}

#[test]
fn regression_86_nobody_else_can_open_the_replacement_of_a_private_file() {
    let directory = TempDir::new("replace-private");
    let path = directory.file("file", b"old");
    set_mode(&path, 0o600);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let look = || {
            let mut looks = 0_usize;
            while !is_over.load(Ordering::SeqCst) {
                for entry in std::fs::read_dir(directory.path()).unwrap() {
                    // It may have gone by now.
                    if let Ok(seen) = entry.and_then(|entry| entry.metadata()) {
                        assert_eq!(seen.mode() & 0o077, 0, "others may open it");
                        looks += 1;
                    }
                }
            }
            looks
        };
        let looking = scope.spawn(look);
        let contents = vec![7; 8 << 20];
        let replaced: Vec<_> = (0..8)
            .map(|_| narrow().block_on(fs::replace(&path, &contents)))
            .collect();
        is_over.store(true, Ordering::SeqCst);
        let looks = looking.join().expect("others may open it");
        assert!(looks > 0 && replaced.iter().all(Result::is_ok));
    });
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn regression_86_permissions_of_another_owner_are_not_copied() {
    if !is_root() {
        return;
    }
    let directory = TempDir::new("replace-set-id");
    let path = directory.file("file", b"old");
    let own = std::fs::metadata(&path).unwrap();
    let (user, group) = (own.uid(), own.gid());
    for (owner, before, after) in [
        ((user, group), 0o6755, 0o6755),
        ((user + 1, group), 0o6755, 0o755),
        ((user, group + 1), 0o2755, 0o755),
        ((user + 1, group), 0o4640, 0o640),
        // The group is another: nobody gets what only the old one's had.
        ((user, group + 1), 0o640, 0o600),
        ((user + 1, group + 1), 0o664, 0o644),
        ((user, group + 1), 0o604, 0o600),
    ] {
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
        set_mode(&path, before);
        narrow().block_on(fs::replace(&path, b"new")).unwrap();
        assert_eq!(mode(&path), after, "{before:o} of {owner:?}");
        let new = std::fs::metadata(&path).unwrap();
        assert_eq!((new.uid(), new.gid()), (user, group));
    }
}

#[test]
fn regression_86_the_longest_names_are_replaced() {
    let directory = TempDir::new("replace-long");
    for runtime in runtimes() {
        for len in [240, 250, 255] {
            let path = directory.path().join("n".repeat(len));
            for contents in ["old", "new"] {
                let replaced = runtime.block_on(fs::replace(&path, contents));
                replaced.unwrap_or_else(|error| panic!("a name of {len} bytes: {error}"));
                assert_eq!(std::fs::read_to_string(&path).unwrap(), contents);
            }
            std::fs::remove_file(&path).unwrap();
        }
        let too_long = directory.path().join("n".repeat(256));
        assert!(runtime.block_on(fs::replace(&too_long, b"x")).is_err());
        assert!(names(&directory).is_empty());
    }
}

/// As long as a path may be, without the zero at its end.
const LONGEST_PATH: usize = 4095;

/// A path of `len` bytes in `directory` whose last name has `name_len`; its directories are made.
fn long_path(directory: &TempDir, len: usize, name_len: usize) -> PathBuf {
    let mut path = directory.path().to_owned();
    loop {
        let left = len - path.as_os_str().len() - (1 + name_len);
        if left == 0 {
            break;
        }
        // Each is followed by a name of at least one byte, after its slash.
        let next = if left <= 202 { left } else { 200 };
        path.push("f".repeat(next - 1));
        std::fs::create_dir(&path).unwrap();
    }
    path.push("n".repeat(name_len));
    assert_eq!(path.as_os_str().len(), len);
    path
}

#[test]
fn regression_86_the_longest_paths_are_replaced() {
    for name_len in [1, 27, 255] {
        let directory = TempDir::new("replace-long-path");
        let path = long_path(&directory, LONGEST_PATH, name_len);
        for contents in ["old", "new"] {
            let replaced = narrow().block_on(fs::replace(&path, contents));
            replaced.unwrap_or_else(|error| panic!("a name of {name_len} bytes: {error}"));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), contents);
        }
        let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(entries.count(), 1);
    }
}

#[test]
fn a_path_without_a_file_name_is_refused() {
    let directory = TempDir::new("replace-no-name");
    let path = directory.file("file", b"old");
    let path = path.to_str().unwrap();
    for end in ["/", "/.", "/..", "//", "/./"] {
        let path = format!("{path}{end}");
        let refused = narrow().block_on(fs::replace(&path, b"new")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{path}");
        assert_eq!(names(&directory), ["file"]);
    }
    for path in ["", "/", ".", "..", "/..", "nowhere\0"] {
        let refused = narrow().block_on(fs::replace(path, b"new")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{path}");
    }
    let in_a_file = format!("{path}/name");
    let refused = narrow().block_on(fs::replace(in_a_file, b"new"));
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotADirectory);
}

#[test]
fn a_writable_directory_need_not_be_readable() {
    const NOBODY: libc::uid_t = 65_534;

    let directory = TempDir::new("replace-hidden");
    let path = directory.path().join("file");
    let is_root = is_root();
    if is_root {
        chown(directory.path(), Some(NOBODY), None).unwrap();
    }
    set_mode(directory.path(), 0o300);
    std::thread::scope(|scope| {
        let replace = || {
            if is_root {
                // This thread alone, and those that it makes, are somebody else's; with that go all privileges.
                // SAFETY: the call takes numbers.
                let set = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
                assert_eq!(set, 0);
            }
            assert!(std::fs::read_dir(directory.path()).is_err());
            for contents in ["old", "new"] {
                narrow().block_on(fs::replace(&path, contents)).unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), contents);
            }
        };
        scope.spawn(replace).join().unwrap();
    });
    set_mode(directory.path(), 0o700);
    assert_eq!(names(&directory), ["file"]);
}

#[test]
fn regression_86_a_name_in_the_current_directory_is_replaced() {
    let directory = TempDir::new("replace-bare");
    let output = fixture::run_part(&["env"], "replaces_here", directory.path()).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(names(&directory), ["bare"]);
}

#[test]
#[ignore = "a part of regression_86_a_name_in_the_current_directory_is_replaced, which goes to another directory"]
fn replaces_here() {
    let Some(directory) = std::env::var_os(fixture::PART) else {
        return;
    };
    std::env::set_current_dir(directory).unwrap();
    narrow().block_on(fs::replace("bare", b"x")).unwrap();
}

#[test]
fn regression_86_attributes_and_lists_are_kept_and_none_is_added() {
    attributes_are_kept(&TempDir::new("replace-attributes"));
}

/// Where the system cannot be asked by the name that a descriptor has there.
#[test]
fn attributes_and_lists_are_kept_without_proc() {
    let without_proc = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /proc && exec \"$0\" \"$@\"",
    ];
    let directory = TempDir::new("replace-no-proc");
    let output = match fixture::run_part(&without_proc, "keeps_attributes", directory.path()) {
        Ok(output) => output,
        Err(error) => return println!("skipped: no unshare: {error}"),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("running") {
        println!("{text}");
        assert!(output.status.success(), "{output:?}");
    } else {
        println!("skipped: /proc cannot be hidden: {output:?}");
    }
}

#[test]
#[ignore = "a part of attributes_and_lists_are_kept_without_proc, which hides it"]
fn keeps_attributes() {
    let Some(directory) = std::env::var_os(fixture::PART) else {
        return;
    };
    assert!(!Path::new("/proc/self").exists());
    let directory = TempDir(PathBuf::from(directory).join("part"));
    std::fs::create_dir(directory.path()).unwrap();
    attributes_are_kept(&directory);
}

fn attributes_are_kept(directory: &TempDir) {
    let path = directory.file("file", b"old");
    set_mode(&path, 0o640);
    if let Err(error) = set_attribute(&path, "user.colour", b"grey") {
        println!("skipped: the temporary directory keeps no attributes: {error}");
        return;
    }
    let replace = || narrow().block_on(fs::replace(&path, b"new")).unwrap();
    replace();
    assert_eq!(
        attribute(&path, "user.colour").as_deref(),
        Some(&b"grey"[..])
    );
    let before = list(4, 0, 4, 0);
    if let Err(error) = set_attribute(&path, LIST, &before) {
        println!("skipped: the temporary directory keeps no access control lists: {error}");
        return;
    }
    replace();
    assert_eq!(attribute(&path, LIST), Some(before.clone()));
    assert_eq!(mode(&path), 0o640, "the mask stands for the group");
    if is_root() {
        // The list speaks of a group that is another now: nobody can say whom it lets in.
        let group = std::fs::metadata(&path).unwrap().gid();
        chown(&path, None, Some(group + 1)).unwrap();
        replace();
        assert_eq!((attribute(&path, LIST), mode(&path)), (None, 0o600));
    }
    // What the directory gives to all that is created in it was not the old file's.
    std::fs::remove_file(&path).unwrap();
    directory.file("file", b"old");
    set_mode(&path, 0o640);
    set_attribute(directory.path(), DEFAULT_LIST, &list(7, 7, 7, 7)).unwrap();
    replace();
    assert_eq!((attribute(&path, LIST), mode(&path)), (None, 0o640));
}

#[test]
fn regression_86_a_new_file_is_as_any_that_is_created() {
    let directory = TempDir::new("replace-created");
    let created = directory.file("created", b"");
    let path = directory.path().join("file");
    narrow().block_on(fs::replace(&path, b"x")).unwrap();
    assert_eq!(mode(&path), mode(&created));
    // As it is for what takes the place of a link, of which nobody knows who may use it.
    let link = directory.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    narrow().block_on(fs::replace(&link, b"x")).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_file());
    assert_eq!(mode(&link), mode(&created));
}
