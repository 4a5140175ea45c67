//! Files as Windows has them: the options of `CreateFile`, handles, links, times.
#![allow(unsafe_code)]

use std::io::{ErrorKind, Read};
use std::os::windows::fs::{FileTypeExt, MetadataExt};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle, OwnedHandle};
use std::path::Path;
use std::time::{Duration, SystemTime};

use selkie::fs::{self, File, FileTimes, OpenOptions};
use selkie::io::{AsyncReadExt, AsyncWriteExt};

use crate::files::fresh_directory;

// The system's numbers.
const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_SHARING_VIOLATION: i32 = 32;
const FILE_SHARE_READ: u32 = 1;
const GENERIC_READ: u32 = 0x8000_0000;
const FILE_APPEND_DATA: u32 = 4;
const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const FILE_ATTRIBUTE_READONLY: u32 = 1;
const SECURITY_IDENTIFICATION: u32 = 0x0001_0000;

/// The number of the error of opening `path` by `options`.
async fn refused(options: &OpenOptions, path: &Path) -> Option<i32> {
    let opened = options.open(path).await;
    opened.err().and_then(|error| error.raw_os_error())
}

/// A file that is not shared, or to be read alone, is not opened by another.
pub(crate) async fn sharing() {
    let directory = fresh_directory().await;
    let path = directory.join("file");
    let (mut reads, mut writes) = (OpenOptions::new(), OpenOptions::new());
    reads.read(true);
    writes.write(true);
    let alone = writes.clone().create(true).share_mode(0).open(&path).await;
    let alone = alone.expect("open");
    assert_eq!(refused(&reads, &path).await, Some(ERROR_SHARING_VIOLATION));
    drop(alone);
    let shared = reads.clone().share_mode(FILE_SHARE_READ).open(&path).await;
    let shared = shared.expect("nobody has it");
    assert_eq!(refused(&writes, &path).await, Some(ERROR_SHARING_VIOLATION));
    drop(reads.open(&path).await.expect("readers share it"));
    drop(shared);
    drop(writes.open(&path).await.expect("nobody has it"));
    fs::remove_dir_all(&directory).await.expect("remove");
}

/// Rights, flags and attributes reach the system, which acts on them.
pub(crate) async fn create_file() {
    let directory = fresh_directory().await;
    let path = directory.join("file");
    fs::write(&path, b"tide").await.expect("write");
    // A right that is asked for by its number is there, and no other.
    let mut options = OpenOptions::new();
    let opened = options.access_mode(GENERIC_READ).open(&path).await;
    let mut file = opened.expect("open");
    let mut text = String::new();
    file.read_to_string(&mut text).await.expect("read");
    assert_eq!(text, "tide");
    drop(file);
    let mut file = OpenOptions::new()
        .access_mode(FILE_APPEND_DATA)
        .open(&path)
        .await
        .expect("open");
    file.write_all(b"s").await.expect("taken");
    file.flush().await.expect("appended");
    let error = file.read(&mut [0; 4]).await.expect_err("no right to read");
    assert_eq!(error.raw_os_error(), Some(ERROR_ACCESS_DENIED));
    drop(file);
    assert_eq!(fs::read(&path).await.expect("read"), b"tides");
    // For no pipe the flags of security change nothing.
    let mut options = OpenOptions::new();
    options
        .read(true)
        .security_qos_flags(SECURITY_IDENTIFICATION);
    drop(options.open(&path).await.expect("open"));
    let read_only = directory.join("read only");
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .attributes(FILE_ATTRIBUTE_READONLY);
    drop(options.open(&read_only).await.expect("open"));
    let metadata = fs::metadata(&read_only).await.expect("metadata");
    assert!(metadata.file_attributes() & FILE_ATTRIBUTE_READONLY != 0);
    // Who may write it nevertheless, as wine's superuser may, may do so by std, too.
    let mut writes = OpenOptions::new();
    let by_std = std::fs::OpenOptions::new().write(true).open(&read_only);
    let by_std = by_std.err().and_then(|error| error.raw_os_error());
    assert_eq!(refused(writes.write(true), &read_only).await, by_std);
    let mut permissions = metadata.permissions();
    #[allow(
        clippy::permissions_set_readonly_false,
        reason = "what Windows knows of permissions"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(&read_only, permissions)
        .await
        .expect("set");
    let fleeting = directory.join("fleeting");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    let file = options.open(&fleeting).await.expect("open");
    assert!(fs::try_exists(&fleeting).await.expect("ask"));
    drop(file);
    assert!(
        !fs::try_exists(&fleeting).await.expect("ask"),
        "the flag is lost"
    );
    fs::remove_dir_all(&directory).await.expect("remove");
}

/// A file's handle is std's, goes in and comes out.
pub(crate) async fn handles() {
    let directory = fresh_directory().await;
    let path = directory.join("file");
    let mut file = File::from(OwnedHandle::from(
        std::fs::File::create(&path).expect("create"),
    ));
    file.write_all(b"ahoy").await.expect("write");
    file.flush().await.expect("flush");
    assert!(!file.as_raw_handle().is_null());
    assert_eq!(file.as_handle().as_raw_handle(), file.as_raw_handle());
    let clone = file.as_handle().try_clone_to_owned().expect("a duplicate");
    assert_eq!(
        std::fs::File::from(clone)
            .metadata()
            .expect("metadata")
            .len(),
        4
    );
    let raw = file.into_std().await.as_raw_handle();
    assert!(!raw.is_null());
    let raw = std::fs::File::open(&path).expect("open").into_raw_handle();
    // SAFETY: just taken out of its file, and nobody else's.
    let mut file = unsafe { File::from_raw_handle(raw) };
    assert_eq!(file.as_raw_handle(), raw);
    let mut text = String::new();
    file.read_to_string(&mut text).await.expect("read");
    assert_eq!(text, "ahoy");
    drop(file);
    fs::remove_dir_all(&directory).await.expect("remove");
}

/// The handles of the standard streams are the process's.
pub(crate) async fn standard_handles() {
    let streams = [
        (
            selkie::io::stdin().as_raw_handle(),
            std::io::stdin().as_raw_handle(),
        ),
        (
            selkie::io::stdout().as_raw_handle(),
            std::io::stdout().as_raw_handle(),
        ),
        (
            selkie::io::stderr().as_raw_handle(),
            std::io::stderr().as_raw_handle(),
        ),
    ];
    assert!(streams.iter().all(|(ours, theirs)| ours == theirs));
    let (input, output) = (selkie::io::stdin(), selkie::io::stdout());
    assert_eq!(input.as_handle().as_raw_handle(), streams[0].1);
    assert_eq!(output.as_handle().as_raw_handle(), streams[1].1);
    assert_eq!(
        selkie::io::stderr().as_handle().as_raw_handle(),
        streams[2].1
    );
}

/// Times are set as std sets them, also where the system keeps no time of creation.
pub(crate) async fn times() {
    let directory = fresh_directory().await;
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let (ours, theirs) = (directory.join("ours"), directory.join("theirs"));
    let made = File::create(&ours).await.expect("create");
    let times = FileTimes::new().set_created(then).set_modified(then);
    made.set_times(times).await.expect("set");
    drop(made);
    let made = std::fs::File::create(&theirs).expect("create");
    let times = std::fs::FileTimes::new().set_modified(then);
    let times = std::os::windows::fs::FileTimesExt::set_created(times, then);
    made.set_times(times).expect("set");
    drop(made);
    let ours = fs::metadata(&ours).await.expect("metadata");
    let theirs = std::fs::metadata(&theirs).expect("metadata");
    assert_eq!(ours.modified().expect("a time"), then);
    let kept = |created: std::io::Result<SystemTime>| created.expect("a time") == then;
    assert_eq!(kept(ours.created()), kept(theirs.created()));
    fs::remove_dir_all(&directory).await.expect("remove");
}

/// Links to a directory and to a file; `None` if this system makes none.
pub(crate) async fn links() -> Option<()> {
    let directory = fresh_directory().await;
    let (directory, file) = (directory.join("directory"), directory.join("file"));
    fs::create_dir(&directory).await.expect("create");
    fs::write(&file, b"tide").await.expect("write");
    let (to_directory, to_file) = (directory.join("to directory"), directory.join("to file"));
    let made = fs::symlink_dir(&directory, &to_directory).await;
    let is_made = made.is_ok() && fs::symlink_metadata(&to_directory).await.is_ok();
    if is_made {
        fs::symlink_file(&file, &to_file).await.expect("a link");
        assert_eq!(fs::read(&to_file).await.expect("read"), b"tide");
        let kind = |path| async move {
            fs::symlink_metadata(path)
                .await
                .expect("a link")
                .file_type()
        };
        assert!(kind(&to_directory).await.is_symlink_dir());
        assert!(kind(&to_file).await.is_symlink_file());
        assert_eq!(fs::read_link(&to_file).await.expect("a link"), file);
        let again = fs::symlink_file(&file, &to_file)
            .await
            .expect_err("one is there");
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    }
    fs::remove_dir_all(&directory).await.expect("remove");
    is_made.then_some(())
}

/// A handle of a child's pipe, a plain one, is read to its end.
pub(crate) fn read_all(handle: OwnedHandle) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = std::fs::File::from(handle).read_to_end(&mut bytes);
    read.expect("read");
    bytes
}
