//! The table of all asynchronous operations of files, processes and signals.
//!
//! Each row has a function that makes the operation, and a check of what must be true after it has succeeded.
#![allow(unsafe_code)]

use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use selkie::fs::{self, File, FileTimes};
use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use selkie::process::Command;
use selkie::signal::ctrl_c;
use selkie::signal::unix::{SignalKind, signal};

/// More than is read in place.
pub(crate) const LARGE: usize = 100_000;

pub(crate) type BoxedOperation = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) run: fn(PathBuf) -> BoxedOperation,
    /// What must be so once it was done.
    pub(crate) holds: fn(&Path) -> bool,
}

macro_rules! operations {
    ($table:ident: $($name:ident: |$at:ident| $body:expr, |$then:ident| $holds:expr;)*) => {
        pub(crate) const $table: &[Operation] = &[$(Operation {
            name: stringify!($name),
            run: |$at| Box::pin(async move { $body; Ok(()) }),
            holds: |$then| $holds,
        }),*];
    };
}

/// All of them.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    FILES.iter().chain(PROCESSES)
}

/// Makes the place as each operation finds it.
pub(crate) fn prepare(at: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(at)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::write(at.join("small"), b"small")?;
    std::fs::write(at.join("large"), vec![7; LARGE])?;
    std::fs::create_dir(at.join("empty"))?;
    std::fs::create_dir(at.join("full"))?;
    std::fs::write(at.join("full/one"), b"1")?;
    std::os::unix::fs::symlink("small", at.join("link"))
}

/// Buffers that were lent to an operation and have not gone since.
static BUFFERS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn buffers() -> usize {
    BUFFERS.load(Ordering::SeqCst)
}

/// A buffer that is counted.
struct CountedBuffer(Vec<u8>);

impl CountedBuffer {
    fn new(bytes: Vec<u8>) -> Self {
        BUFFERS.fetch_add(1, Ordering::SeqCst);
        Self(bytes)
    }
}

impl Drop for CountedBuffer {
    fn drop(&mut self) {
        BUFFERS.fetch_sub(1, Ordering::SeqCst);
    }
}

impl AsRef<[u8]> for CountedBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for CountedBuffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

fn has(path: PathBuf, bytes: &[u8]) -> bool {
    std::fs::read(path).is_ok_and(|now| now == bytes)
}

fn mode(path: PathBuf) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn changed(path: PathBuf) -> SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

/// A time that no file has by itself.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

async fn both(path: PathBuf) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .open(path)
        .await
}

fn cat() -> Command {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("1000").kill_on_drop(true);
    command
}

fn raise(kind: SignalKind) {
    // SAFETY: the signal is handled, by whoever raises it here.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

async fn interrupted() -> io::Result<()> {
    let mut waiting = pin!(ctrl_c());
    let first = waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(outcome) = first {
        return outcome;
    }
    raise(SignalKind::interrupt());
    waiting.await
}

fn uid() -> u32 {
    // SAFETY: the call takes nothing.
    unsafe { libc::getuid() }
}

fn gid() -> u32 {
    // SAFETY: the call takes nothing.
    unsafe { libc::getgid() }
}

operations! { FILES:
    read: |at| assert_eq!(fs::read(at.join("small")).await?, b"small"), |_at| true;
    read_large: |at| assert_eq!(fs::read(at.join("large")).await?, [7; LARGE]), |_at| true;
    read_to_string: |at| assert_eq!(fs::read_to_string(at.join("small")).await?, "small"), |_at| true;
    write: |at| fs::write(at.join("new"), b"new").await?, |at| has(at.join("new"), b"new");
    copy: |at| assert_eq!(fs::copy(at.join("large"), at.join("copy")).await?, LARGE as u64),
        |at| has(at.join("copy"), &[7; LARGE]);
    replace: |at| fs::replace(at.join("small"), b"new").await?, |at| has(at.join("small"), b"new");
    rename: |at| fs::rename(at.join("small"), at.join("new")).await?,
        |at| has(at.join("new"), b"small") && !at.join("small").exists();
    remove_file: |at| fs::remove_file(at.join("small")).await?, |at| !at.join("small").exists();
    remove_dir: |at| fs::remove_dir(at.join("empty")).await?, |at| !at.join("empty").exists();
    remove_dir_all: |at| fs::remove_dir_all(at.join("full")).await?, |at| !at.join("full").exists();
    create_dir: |at| fs::create_dir(at.join("new")).await?, |at| at.join("new").is_dir();
    create_dir_all: |at| fs::create_dir_all(at.join("a/b/c")).await?, |at| at.join("a/b/c").is_dir();
    create: |at| fs::DirBuilder::new().recursive(true).mode(0o700).create(at.join("d/e")).await?,
        |at| mode(at.join("d/e")) == 0o700;
    read_dir: |at| {
        let (mut entries, mut names) = (fs::read_dir(&at).await?, Vec::new());
        while let Some(entry) = entries.next_entry().await? {
            let is_dir = entry.metadata().await?.is_dir();
            assert_eq!(entry.file_type().await?.is_dir(), is_dir);
            names.push(entry.file_name());
        }
        names.sort_unstable();
        assert_eq!(names, ["empty", "full", "large", "link", "small"])
    }, |_at| true;
    metadata: |at| assert_eq!(fs::metadata(at.join("link")).await?.len(), 5), |_at| true;
    symlink_metadata: |at| assert!(fs::symlink_metadata(at.join("link")).await?.is_symlink()), |_at| true;
    try_exists: |at| assert!(fs::try_exists(at.join("link")).await?), |_at| true;
    missing: |at| assert!(!fs::try_exists(at.join("missing")).await?), |_at| true;
    set_permissions: |at| fs::set_permissions(at.join("small"), PermissionsExt::from_mode(0o600)).await?,
        |at| mode(at.join("small")) == 0o600;
    hard_link: |at| fs::hard_link(at.join("small"), at.join("new")).await?, |at| has(at.join("new"), b"small");
    symlink: |at| fs::symlink("small", at.join("new")).await?, |at| has(at.join("new"), b"small");
    read_link: |at| assert_eq!(fs::read_link(at.join("link")).await?, Path::new("small")), |_at| true;
    canonicalize: |at| assert!(fs::canonicalize(at.join("link")).await?.ends_with("small")), |_at| true;

    file_open: |at| drop(File::open(at.join("small")).await?), |_at| true;
    file_create: |at| drop(File::create(at.join("small")).await?), |at| has(at.join("small"), b"");
    file_create_new: |at| drop(File::create_new(at.join("new")).await?), |at| has(at.join("new"), b"");
    file_options: |at| drop(File::options().append(true).create(true).open(at.join("new")).await?),
        |at| has(at.join("new"), b"");
    file_read: |at| {
        let (mut file, mut text) = (File::open(at.join("small")).await?, String::new());
        file.read_to_string(&mut text).await?;
        assert_eq!(text, "small")
    }, |_at| true;
    file_read_large: |at| {
        let (mut file, mut bytes) = (File::open(at.join("large")).await?, vec![0; LARGE]);
        file.read_exact(&mut bytes).await?;
        assert_eq!(bytes, [7; LARGE])
    }, |_at| true;
    file_write: |at| {
        let mut file = File::create(at.join("new")).await?;
        file.write_all(b"all of it").await?;
        file.flush().await?
    }, |at| has(at.join("new"), b"all of it");
    file_write_vectored: |at| {
        let mut file = File::create(at.join("new")).await?;
        assert_eq!(file.write_vectored(&[io::IoSlice::new(b"all "), io::IoSlice::new(b"of it")]).await?, 9);
        file.shutdown().await?
    }, |at| has(at.join("new"), b"all of it");
    file_tried_again: |at| {
        let mut file = File::create(at.join("new")).await?;
        file.write_all(b"all of it").await?;
        // One fault alone: a second flush has written what the first could not.
        if file.flush().await.is_err() {
            file.flush().await?;
        }
    }, |at| has(at.join("new"), b"all of it");
    file_seek: |at| {
        let mut file = both(at.join("small")).await?;
        assert_eq!(file.read_u8().await?, b's');
        assert_eq!(file.seek(io::SeekFrom::Current(1)).await?, 2);
        file.write_all(b"old").await?;
        file.rewind().await?;
        file.flush().await?
    }, |at| has(at.join("small"), b"smold");
    file_set_len: |at| both(at.join("small")).await?.set_len(2).await?, |at| has(at.join("small"), b"sm");
    file_metadata: |at| assert_eq!(File::open(at.join("small")).await?.metadata().await?.len(), 5), |_at| true;
    file_set_permissions: |at| {
        File::open(at.join("small")).await?.set_permissions(PermissionsExt::from_mode(0o600)).await?
    }, |at| mode(at.join("small")) == 0o600;
    file_set_modified: |at| both(at.join("small")).await?.set_modified(then()).await?,
        |at| changed(at.join("small")) == then();
    file_set_times: |at| both(at.join("small")).await?.set_times(FileTimes::new().set_modified(then())).await?,
        |at| changed(at.join("small")) == then();
    file_sync_all: |at| {
        let mut file = File::create(at.join("new")).await?;
        file.write_all(b"new").await?;
        file.sync_all().await?
    }, |at| has(at.join("new"), b"new");
    file_sync_data: |at| {
        let mut file = File::create(at.join("new")).await?;
        file.write_all(b"new").await?;
        file.sync_data().await?
    }, |at| has(at.join("new"), b"new");
    file_try_clone: |at| {
        let mut file = both(at.join("small")).await?;
        let mut clone = file.try_clone().await?;
        assert_eq!((file.read_u8().await?, clone.read_u8().await?), (b's', b'm'))
    }, |_at| true;
    file_into_std: |at| {
        let mut file = File::create(at.join("new")).await?;
        file.write_all(b"new").await?;
        file.flush().await?;
        drop(file.into_std().await)
    }, |at| has(at.join("new"), b"new");
    file_read_at: |at| {
        let (read, bytes) = File::open(at.join("small")).await?.read_at(CountedBuffer::new(vec![0; 3]), 1).await;
        assert_eq!((read?, bytes.as_ref()), (3, &b"mal"[..]))
    }, |_at| true;
    file_read_at_large: |at| {
        let (read, bytes) = File::open(at.join("large")).await?.read_at(CountedBuffer::new(vec![0; LARGE]), 0).await;
        assert_eq!(bytes.as_ref()[..read?], [7; LARGE])
    }, |_at| true;
    file_read_exact_at: |at| {
        let (read, bytes) = File::open(at.join("large")).await?.read_exact_at(CountedBuffer::new(vec![0; LARGE]), 0).await;
        read?;
        assert_eq!(bytes.as_ref(), [7; LARGE])
    }, |_at| true;
    file_write_at: |at| {
        let (written, buf) = both(at.join("small")).await?.write_at(CountedBuffer::new(b"old".to_vec()), 2).await;
        assert_eq!((written?, buf.as_ref()), (3, &b"old"[..]))
    }, |at| has(at.join("small"), b"smold");
    file_write_all_at: |at| both(at.join("new")).await?.write_all_at(CountedBuffer::new(vec![9; LARGE]), 0).await.0?,
        |at| has(at.join("new"), &[9; LARGE]);
    file_fallocate: |at| match both(at.join("new")).await?.fallocate(0, 10).await {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => std::fs::write(at.join("new"), [0; 10])?,
        outcome => outcome?,
    }, |at| has(at.join("new"), &[0; 10]);
    file_lock: |at| {
        let (ours, theirs) = (File::open(at.join("small")).await?, File::open(at.join("small")).await?);
        ours.lock().await?;
        assert!(theirs.try_lock_shared().await.is_err());
        ours.unlock().await?;
        theirs.lock_shared().await?;
        ours.try_lock_shared().await?
    }, |_at| true;
    file_try_lock: |at| {
        let (ours, theirs) = (File::open(at.join("small")).await?, File::open(at.join("small")).await?);
        ours.try_lock().await?;
        assert!(theirs.try_lock().await.is_err())
    }, |_at| true;
}

operations! { PROCESSES:
    status: |_at| assert!(Command::new("true").status().await?.success()), |_at| true;
    output: |_at| assert_eq!(Command::new("echo").arg("ahoy").output().await?.stdout, b"ahoy\n"), |_at| true;
    spawn_missing: |_at| assert!(Command::new("/no/such/program").spawn().is_err()), |_at| true;
    wait: |_at| assert!(Command::new("true").kill_on_drop(true).spawn()?.wait().await?.success()), |_at| true;
    try_wait: |_at| {
        let mut child = cat().spawn()?;
        assert!(child.try_wait()?.is_none());
        drop(child.stdin.take());
        while child.try_wait()?.is_none() {
            selkie::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(child.wait().await?.success())
    }, |_at| true;
    kill: |_at| {
        let mut child = sleeper().spawn()?;
        child.kill().await?;
        assert!(!child.wait().await?.success())
    }, |_at| true;
    start_kill: |_at| {
        let mut child = sleeper().spawn()?;
        child.start_kill()?;
        assert!(!child.wait().await?.success())
    }, |_at| true;
    kill_on_drop: |_at| drop(sleeper().spawn()?), |_at| true;
    orphan: |_at| drop(Command::new("true").spawn()?), |_at| true;
    wait_with_output: |_at| {
        let mut child = cat().spawn()?;
        child.stdin.take().expect("a pipe").write_all(b"ahoy").await?;
        assert_eq!(child.wait_with_output().await?.stdout, b"ahoy")
    }, |_at| true;
    pipes: |_at| {
        let (mut child, mut text) = (cat().spawn()?, String::new());
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&[b'x'; LARGE / 2]).await?;
        stdin.flush().await?;
        stdin.shutdown().await?;
        drop(stdin);
        child.stdout.take().expect("a pipe").read_to_string(&mut text).await?;
        assert_eq!(text.len(), LARGE / 2);
        child.stderr.take().expect("a pipe").read_to_string(&mut text).await?;
        assert!(child.wait().await?.success())
    }, |_at| true;
    pipes_of_std: |_at| {
        let mut child = cat().spawn()?;
        let stdin = child.stdin.take().expect("a pipe").into_owned_fd()?;
        drop(stdin);
        assert!(child.wait_with_output().await?.stdout.is_empty())
    }, |_at| true;
    // With something to do in between, std forks.
    forked: |_at| {
        let mut command = Command::new("true");
        // SAFETY: it does nothing.
        unsafe { command.pre_exec(|| Ok(())) };
        assert!(command.status().await?.success())
    }, |_at| true;
    grouped: |_at| assert!(Command::new("true").process_group(0).uid(uid()).gid(gid()).status().await?.success()), |_at| true;

    recv: |_at| {
        let (mut one, mut two) = (signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined1())?);
        raise(SignalKind::user_defined1());
        assert_eq!((one.recv().await, two.recv().await), (Some(()), Some(())))
    }, |_at| true;
    real_time: |_at| {
        let mut listener = signal(SignalKind::from_raw(libc::SIGRTMIN()))?;
        raise(SignalKind::from_raw(libc::SIGRTMIN()));
        assert_eq!(listener.recv().await, Some(()))
    }, |_at| true;
    ctrl_c: |_at| interrupted().await?, |_at| true;
    restore_when_last: |_at| {
        let mut listener = signal(SignalKind::alarm())?.restore_when_last();
        raise(SignalKind::alarm());
        assert_eq!(listener.recv().await, Some(()))
    }, |_at| true;
}
