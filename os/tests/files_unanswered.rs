//! Operations on a file whose server does not answer, which nothing cancels, and the ends of their runtimes.
#![cfg(io_uring)]
#![allow(unsafe_code)]

mod fixture;

use std::ffi::CString;
use std::fs::OpenOptions;
use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{Folder, alone, ringed};
use selkie::fs::File;
use selkie::runtime::Builder;

/// What each runtime is given to end.
const LIMIT: Duration = Duration::from_secs(1);
/// Longer than it may take with a machine that has other work.
const LATE: Duration = Duration::from_secs(8);
const LONG: Duration = Duration::from_secs(20);
/// Reads and writes from here on are not answered.
const UNANSWERED: u64 = 4096;

// What the system asks of a server, as `linux/fuse.h` numbers it.
const LOOKUP: u32 = 1;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const STATFS: u32 = 17;
const FSYNC: u32 = 20;
const INIT: u32 = 26;
const STATX: u32 = 52;

/// A file system with one file, which is served by a thread of this process.
struct Served {
    folder: Folder,
    /// Told of each request that is not answered.
    unanswered: mpsc::Receiver<u32>,
}

impl Served {
    /// `None` where the system lets us mount nothing.
    fn new(name: &str) -> Option<Self> {
        let folder = Folder::new(name);
        let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
        let device = device.map_err(|error| println!("skipped: no /dev/fuse: {error}"));
        let device = device.ok()?;
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0",
            device.as_raw_fd()
        );
        let options = CString::new(options).unwrap();
        let target = CString::new(folder.path().to_str().unwrap()).unwrap();
        // SAFETY: all strings end, and are alive for the call.
        let outcome = unsafe {
            libc::mount(
                c"selkie".as_ptr(),
                target.as_ptr(),
                c"fuse".as_ptr(),
                0,
                options.as_ptr().cast(),
            )
        };
        if outcome != 0 {
            println!("skipped: no mount: {}", io::Error::last_os_error());
            return None;
        }
        let (tells, unanswered) = mpsc::channel();
        thread::spawn(move || serve(device, &tells));
        Some(Self { folder, unanswered })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    /// Ends every request with an error, as when a server dies.
    fn abort(&self) {
        let target = CString::new(self.folder.path().to_str().unwrap()).unwrap();
        // SAFETY: the string ends, and is alive for the call.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_FORCE) };
        // SAFETY: as above.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.abort();
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The attributes of the folder, number 1, or the file, number 2.
fn attributes(number: u64) -> Vec<u8> {
    let mode: u32 = if number == 1 { 0o40_755 } else { 0o100_644 };
    let mut bytes = Vec::new();
    // Number, size, blocks; three times, and their nanoseconds.
    for word in [number, 1 << 20, 8, 0, 0, 0] {
        bytes.extend(word.to_ne_bytes());
    }
    for half in [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0] {
        bytes.extend(half.to_ne_bytes());
    }
    bytes
}

/// The answer to a request, none if there is to be none.
fn answer(kind: u32, request: &[u8]) -> Option<Vec<u8>> {
    let number = word(request, 16);
    let mut bytes = Vec::new();
    match kind {
        INIT => {
            for half in [7_u32, 31, 0, 0, 0, 1 << 16, 1] {
                bytes.extend(half.to_ne_bytes());
            }
            bytes.resize(64, 0);
        }
        LOOKUP => {
            bytes.extend(2_u64.to_ne_bytes());
            bytes.resize(40, 0);
            bytes.extend(attributes(2));
        }
        GETATTR => {
            bytes.resize(16, 0);
            bytes.extend(attributes(number));
        }
        // By the system's cache nothing is to be read or written.
        OPEN => {
            bytes.resize(8, 0);
            bytes.extend(1_u64.to_ne_bytes());
        }
        READ if word(request, 48) < UNANSWERED => bytes.resize(8, 7),
        WRITE if word(request, 48) < UNANSWERED => bytes.extend(8_u64.to_ne_bytes()),
        // By its type the file system is known for one that may wait.
        STATFS => bytes.resize(80, 0),
        READ | WRITE | FSYNC => return None,
        _ => {}
    }
    Some(bytes)
}

fn serve(mut device: std::fs::File, tells: &mpsc::Sender<u32>) {
    let mut request = vec![0; 1 << 17];
    // Fails when nothing is mounted any more.
    while let Ok(n) = device.read(&mut request) {
        let request = &request[..n];
        let kind = u32::from_ne_bytes(request[4..8].try_into().unwrap());
        // Interrupts, and what wants no answer.
        if [2, 36, 42].contains(&kind) {
            continue;
        }
        // A newer question, after which the older one is asked.
        let error = if kind == STATX { -libc::ENOSYS } else { 0 };
        let Some(body) = answer(kind, request) else {
            let _ = tells.send(kind);
            continue;
        };
        let mut bytes = Vec::new();
        bytes.extend((16 + body.len() as u32).to_ne_bytes());
        bytes.extend(error.to_ne_bytes());
        bytes.extend(&request[8..16]);
        bytes.extend(body);
        let _ = device.write_all(&bytes);
    }
}

type Waiting = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;
type Begin = fn(File) -> Waiting;

const OPERATIONS: [(&str, Begin); 3] = [
    ("a read", |file| {
        Box::pin(async move {
            let (read, back) = file.read_at(vec![0; 8], UNANSWERED).await;
            assert_eq!(back.len(), 8);
            read.map(drop)
        })
    }),
    ("a write", |file| {
        Box::pin(async move {
            let (written, back) = file.write_at(vec![0; 8], UNANSWERED).await;
            assert_eq!(back.len(), 8);
            written.map(drop)
        })
    }),
    ("a sync", |file| {
        Box::pin(async move { file.sync_all().await })
    }),
];

/// The file, of which it is known where it lies; its runtime has a ring.
async fn open(path: PathBuf) -> File {
    let mut options = File::options();
    let file = options.read(true).write(true).open(path).await.unwrap();
    for _ in 0..2 {
        file.read_at(vec![0; 8], 0).await.0.unwrap();
        file.write_at(vec![0; 8], 0).await.0.unwrap();
    }
    file
}

/// Regression 87: an end took until the server answered.
#[test]
fn regression_87_an_end_keeps_its_limit_and_the_outcome_comes_when_it_comes() {
    let _alone = alone();
    for (what, begin) in OPERATIONS {
        for (kind, runtime) in ringed().into_iter().enumerate() {
            let Some(served) = Served::new("unanswered") else {
                return;
            };
            let file = runtime.block_on(open(served.file()));
            let mut waiting = begin(file);
            let (gives, given) = mpsc::channel();
            runtime.block_on(async {
                let task = selkie::spawn(async move {
                    poll_fn(|cx| {
                        let polled = waiting.as_mut().poll(cx);
                        assert!(polled.is_pending(), "{polled:?}");
                        Poll::Ready(())
                    })
                    .await;
                    gives.send(waiting).unwrap();
                });
                task.await.unwrap();
            });
            let waiting = given.recv_timeout(LONG).unwrap();
            served.unanswered.recv_timeout(LONG).expect(what);
            let (told, outcome) = mpsc::channel();
            thread::spawn(move || {
                let elsewhere = Builder::new_current_thread().enable_all().build().unwrap();
                told.send(elsewhere.block_on(waiting)).unwrap();
            });
            let begun = Instant::now();
            runtime.shutdown_timeout(LIMIT);
            let took = begun.elapsed();
            assert!(took < LATE, "{what}, runtime {kind}: {took:?}");
            served.abort();
            let outcome = outcome.recv_timeout(LONG);
            let outcome = outcome.unwrap_or_else(|_| panic!("{what}, runtime {kind}: not told"));
            assert!(outcome.is_err(), "{what}, runtime {kind}");
        }
    }
}
