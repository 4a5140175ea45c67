//! A host that does 4,096 operations on files at once: all are done, each with its own bytes, and no more
//! descriptors are open than there are files and threads.
#![cfg(target_os = "linux")]

mod fixture;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use selkie::fs::{self, File};
use selkie::io::AsyncWriteExt;
use selkie::runtime::{Builder, Runtime};

use fixture::{TempDir, is_part, open_descriptors, run_part};

const OPERATIONS: usize = 4_096;
/// Files that are open throughout, and shared by the operations at a place.
const SHARED: usize = 16;
/// Threads of the pool, each of which has a file or two open for a moment, a copy's.
const THREADS: usize = 32;
/// What is open at most beside files: the reactor, the ring, a look at what is open, and some to spare.
const OTHERS: usize = 16;
/// So rare are operations that have a file open from one wait to the next, and those that have a directory open,
/// which is as long as its entries are there.
const OPEN_IS_ONE_OF: usize = 128;
/// Bytes of one operation: a page and a bit, so that many are read in place.
const BYTES: usize = 5_000;
/// More than is read in place.
const LARGE: usize = 80_000;

/// The bytes of the operation `n`, which no other has.
fn bytes_of(n: usize, len: usize) -> Vec<u8> {
    let word = (n as u32).wrapping_mul(2_654_435_761).to_le_bytes();
    word.iter().copied().cycle().take(len).collect()
}

fn wrong(n: usize, what: &str) -> io::Error {
    io::Error::other(format!("operation {n}: {what}"))
}

fn expect(n: usize, is_so: bool, what: &str) -> io::Result<()> {
    is_so.then_some(()).ok_or_else(|| wrong(n, what))
}

/// Where the operation `n` writes what is read by nobody else.
fn own(at: &Path, n: usize) -> PathBuf {
    at.join(format!("own-{n}"))
}

/// Writes as a stream does.
async fn stream(n: usize, path: &Path) -> io::Result<()> {
    let mut file = File::create(path).await?;
    file.write_all(&bytes_of(n, BYTES)).await?;
    file.flush().await
}

/// The operation `n`, one of ten kinds.
async fn operate(n: usize, at: PathBuf, shared: Arc<[File]>) -> io::Result<()> {
    let file = &shared[n % SHARED];
    let (given, place) = (at.join(format!("given-{}", n % 64)), (n * BYTES) as u64);
    match n % 8 {
        0 => fs::write(own(&at, n), bytes_of(n, BYTES)).await,
        1 => {
            let read = fs::read(&given).await?;
            expect(
                n,
                read == bytes_of(n % 64, read.len()),
                "other bytes were read",
            )
        }
        2 => {
            let len = fs::metadata(&given).await?.len() as usize;
            expect(n, [BYTES, LARGE].contains(&len), "another length")
        }
        3 => {
            // The file is written by this operation alone at this place.
            let (written, buf) = file.write_all_at(bytes_of(n, BYTES), place).await;
            written?;
            let (read, buf) = file.read_exact_at(buf, place).await;
            read?;
            expect(
                n,
                buf == bytes_of(n, BYTES),
                "other bytes than were written",
            )
        }
        4 => {
            let (written, buf) = file.write_at(bytes_of(n, BYTES), place).await;
            let written = written?;
            let (read, buf) = file.read_at(buf, place).await;
            let least = read?.min(written);
            expect(
                n,
                buf[..least] == bytes_of(n, least),
                "other bytes than were written",
            )
        }
        5 => {
            let copied = fs::copy(&given, own(&at, n)).await? as usize;
            expect(n, [BYTES, LARGE].contains(&copied), "another length")
        }
        // Each waits for the disk twice: a few will do.
        6 if n % 64 == 6 => fs::replace(own(&at, n), bytes_of(n, BYTES)).await,
        6 if n % OPEN_IS_ONE_OF == 14 => stream(n, &own(&at, n)).await,
        6 => fs::write(own(&at, n), bytes_of(n, BYTES)).await,
        _ if n % OPEN_IS_ONE_OF != 7 => {
            let is_there = fs::try_exists(&given).await?;
            let path = fs::canonicalize(&given).await?;
            expect(
                n,
                is_there && path.ends_with(given.file_name().unwrap()),
                "no such file",
            )
        }
        _ => {
            let mut entries = fs::read_dir(at.join("directory")).await?;
            let mut found = 0;
            while entries.next_entry().await?.is_some() {
                found += 1;
            }
            expect(n, found == 8, "other entries")
        }
    }
}

/// Counts the open descriptors again and again until `is_over` is set; returns the highest count.
fn look(is_over: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let is_over = Arc::clone(is_over);
    std::thread::spawn(move || {
        let mut most = 0;
        // Relaxed: nothing else is published by it.
        while !is_over.load(Ordering::Relaxed) {
            most = most.max(open_descriptors());
            std::thread::yield_now();
        }
        most
    })
}

fn prepare(at: &Path) {
    std::fs::create_dir(at.join("directory")).unwrap();
    for n in 0..8 {
        std::fs::write(at.join("directory").join(n.to_string()), b"").unwrap();
    }
    for n in 0..64 {
        let len = if n % 16 == 1 || n % 16 == 5 {
            LARGE
        } else {
            BYTES
        };
        std::fs::write(at.join(format!("given-{n}")), bytes_of(n, len)).unwrap();
    }
}

/// Everything that was reported as written is there.
fn check(at: &Path) {
    let mut kinds = HashMap::<usize, usize>::new();
    for n in (0..OPERATIONS).filter(|n| [0, 5, 6].contains(&(n % 8))) {
        let now = std::fs::read(own(at, n)).unwrap();
        let source = if n % 8 == 5 { n % 64 } else { n };
        assert!(
            now == bytes_of(source, now.len()),
            "file {n} has other bytes"
        );
        assert!(now.len() >= BYTES, "file {n} has {} bytes", now.len());
        *kinds.entry(n % 8).or_default() += 1;
    }
    assert!(kinds.values().all(|&files| files == OPERATIONS / 8));
    // Nothing but these is left.
    let left = std::fs::read_dir(at).unwrap().count();
    assert_eq!(left, 3 * OPERATIONS / 8 + 64 + SHARED + 1);
    for n in (0..OPERATIONS).filter(|n| n % 8 == 3) {
        let shared = std::fs::File::open(at.join(format!("shared-{}", n % SHARED))).unwrap();
        let (mut now, place) = (vec![0; BYTES], (n * BYTES) as u64);
        std::os::unix::fs::FileExt::read_exact_at(&shared, &mut now, place).unwrap();
        assert!(now == bytes_of(n, BYTES), "place {n} has other bytes");
    }
}

fn run(build: impl Fn() -> Runtime, name: &str) {
    let directory = TempDir::new(&format!("many-{name}"));
    prepare(directory.path());
    // What the process keeps for good once a path was asked about.
    build().block_on(fs::read("/dev/null")).unwrap();
    let before = open_descriptors();
    let runtime = build();
    let is_over = Arc::new(AtomicBool::new(false));
    let looking = look(&is_over);
    runtime.block_on(async {
        let mut shared = Vec::new();
        for n in 0..SHARED {
            let mut options = File::options();
            let options = options.read(true).write(true).create(true);
            let path = directory.path().join(format!("shared-{n}"));
            shared.push(options.open(path).await.unwrap());
        }
        let shared: Arc<[File]> = shared.into();
        let tasks: Vec<_> = (0..OPERATIONS)
            .map(|n| {
                let at = directory.path().to_owned();
                selkie::spawn(operate(n, at, Arc::clone(&shared)))
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    drop(runtime);
    // Relaxed: as in `look`.
    is_over.store(true, Ordering::Relaxed);
    let most = looking.join().unwrap();
    println!("{name}: {before} descriptors before, {most} at most");
    let open = 2 * OPERATIONS / OPEN_IS_ONE_OF;
    let bound = before + SHARED + open + 2 * THREADS + OTHERS;
    assert!(most <= bound, "{name}: {most} descriptors, {bound} allowed");
    assert_eq!(open_descriptors(), before, "{name}: descriptors leak");
    check(directory.path());
}

#[test]
fn four_thousand_concurrent_operations_finish_with_few_descriptors() {
    let directory = TempDir::new("many");
    let part = run_part(&["env"], "one_host", directory.path()).unwrap();
    let text = String::from_utf8_lossy(&part.stdout);
    let errors = String::from_utf8_lossy(&part.stderr);
    assert!(part.status.success(), "{text}{errors}");
    println!("{text}");
}

#[test]
#[ignore = "a part of four_thousand_concurrent_operations_finish_with_few_descriptors"]
fn one_host() {
    if !is_part() {
        return;
    }
    for has_ring in [false, true] {
        for has_workers in [false, true] {
            let build = || {
                let mut builder = match has_workers {
                    false => Builder::new_current_thread(),
                    true => Builder::new_multi_thread(),
                };
                if !has_ring {
                    builder.disable_io_uring();
                }
                builder.worker_threads(2).max_blocking_threads(THREADS);
                builder.enable_all().build().unwrap()
            };
            run(build, &format!("ring {has_ring}, workers {has_workers}"));
        }
    }
}
