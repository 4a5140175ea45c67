//! How long files in the page cache take on Selkie and on Tokio, turn by turn in one run.
//!
//! `files [ROUNDS]` prints a CSV: for each operation the median of the rounds, in nanoseconds, and
//! how many times longer Tokio takes. The ratio is what counts; the times are the machine's.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Small files that are read at once.
const SMALL_FILES: usize = 2_000;
/// Operations one after another, a round.
const IN_A_ROW: u32 = 2_000;

/// The operations on one runtime: the same text for both.
macro_rules! operations {
    ($name:ident) => {
        mod $name {
            use super::{Duration, IN_A_ROW, Instant, Path, PathBuf, SMALL_FILES};
            use ::$name::fs;
            use ::$name::io::{AsyncReadExt, AsyncSeekExt};
            use ::$name::runtime::{Builder, Runtime};

            pub(super) fn runtime() -> Runtime {
                let mut builder = Builder::new_multi_thread();
                builder
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .expect("a runtime")
            }

            async fn read_4k(path: PathBuf) -> u32 {
                let mut file = fs::File::open(&path).await.expect("opens");
                let mut bytes = [0; 4096];
                for _ in 0..IN_A_ROW / 16 {
                    file.rewind().await.expect("seeks");
                    for _ in 0..16 {
                        file.read_exact(&mut bytes).await.expect("reads");
                    }
                }
                IN_A_ROW
            }

            async fn whole(path: PathBuf) -> u32 {
                for _ in 0..IN_A_ROW {
                    assert_eq!(fs::read(&path).await.expect("reads").len(), 65536);
                }
                IN_A_ROW
            }

            async fn metadata(path: PathBuf) -> u32 {
                for _ in 0..IN_A_ROW {
                    assert_eq!(fs::metadata(&path).await.expect("is there").len(), 65536);
                }
                IN_A_ROW
            }

            async fn small_files(directory: PathBuf) -> u32 {
                let tasks: Vec<_> = (0..SMALL_FILES)
                    .map(|n| {
                        let path = directory.join(n.to_string());
                        ::$name::spawn(async move { fs::read(path).await.expect("reads").len() })
                    })
                    .collect();
                for task in tasks {
                    assert_eq!(task.await.expect("no panic"), 2048);
                }
                SMALL_FILES as u32
            }

            /// One round of `operation`: the time of one of its operations.
            pub(super) fn round(rt: &Runtime, operation: &str, directory: &Path) -> Duration {
                let large = directory.join("large");
                let directory = directory.to_owned();
                let begun = Instant::now();
                let done = match operation {
                    "file_read_4k" => rt.block_on(rt.spawn(read_4k(large))),
                    "fs_read_64k" => rt.block_on(rt.spawn(whole(large))),
                    "fs_metadata" => rt.block_on(rt.spawn(metadata(large))),
                    _ => rt.block_on(rt.spawn(small_files(directory))),
                };
                begun.elapsed() / done.expect("no panic")
            }
        }
    };
}

operations!(selkie);
operations!(tokio);

/// Writes of 4 KiB at places of their own, `tasks` at once, and one `fsync` at the end: the time of one.
fn ring_round(rt: &::selkie::runtime::Runtime, directory: &Path, tasks: u64) -> Duration {
    let path = directory.join("positional");
    let begun = Instant::now();
    rt.block_on(async {
        let mut options = ::selkie::fs::File::options();
        let file = options
            .write(true)
            .create(true)
            .open(path)
            .await
            .expect("opens");
        let file = std::sync::Arc::new(file);
        let writers: Vec<_> = (0..tasks)
            .map(|task| {
                let file = file.clone();
                rt.spawn(async move {
                    let mut page = vec![7; 4096];
                    for n in 0..u64::from(IN_A_ROW) / tasks {
                        let (written, back) = file.write_at(page, (n * tasks + task) * 4096).await;
                        assert_eq!(written.expect("writes"), 4096);
                        page = back;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("no panic");
        }
        file.sync_all().await.expect("syncs");
    });
    begun.elapsed() / (IN_A_ROW / tasks as u32 * tasks as u32)
}

/// `fdatasync` after each write of 4 KiB at the same place, one after another: the time of both.
fn sync_round(rt: &::selkie::runtime::Runtime, directory: &Path) -> Duration {
    const SYNCS: u32 = 20;
    let path = directory.join("synced");
    let begun = Instant::now();
    rt.block_on(async {
        let mut options = ::selkie::fs::File::options();
        let file = options
            .write(true)
            .create(true)
            .open(path)
            .await
            .expect("opens");
        for _ in 0..SYNCS {
            file.write_at([7; 4096], 0).await.0.expect("writes");
            file.sync_data().await.expect("syncs");
        }
    });
    begun.elapsed() / SYNCS
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .map_or(21, |rounds| rounds.parse().expect("a number"));
    let directory = std::env::temp_dir().join(format!("bench-files-{}", std::process::id()));
    std::fs::create_dir(&directory).expect("a temporary directory");
    std::fs::write(directory.join("large"), [7; 65536]).expect("a file");
    for n in 0..SMALL_FILES {
        std::fs::write(directory.join(n.to_string()), [n as u8; 2048]).expect("a file");
    }
    let (ours, theirs) = (selkie::runtime(), tokio::runtime());
    println!("operation,selkie_ns,tokio_ns,ratio");
    for operation in [
        "file_read_4k",
        "fs_read_64k",
        "fs_metadata",
        "2000_small_files",
    ] {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            left.push(selkie::round(&ours, operation, &directory));
            right.push(tokio::round(&theirs, operation, &directory));
        }
        let (left, right) = (median(left), median(right));
        println!("{operation},{left:.0},{right:.0},{:.2}", right / left);
    }
    let mut ringed = ::selkie::runtime::Builder::new_multi_thread();
    let ringed = ringed
        .worker_threads(2)
        .enable_io_uring()
        .build()
        .expect("a runtime");
    let mut pooled = ::selkie::runtime::Builder::new_multi_thread();
    let pooled = pooled
        .worker_threads(2)
        .disable_io_uring()
        .build()
        .expect("a runtime");
    for tasks in [1, 64] {
        let (mut ring, mut pool) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ring.push(ring_round(&ringed, &directory, tasks));
            pool.push(ring_round(&pooled, &directory, tasks));
        }
        let (ring, pool) = (median(ring), median(pool));
        println!(
            "write_at_4k ({tasks} at once) by Selkie's ring and by its pool,{ring:.0},{pool:.0},{:.2}",
            pool / ring
        );
    }
    let (mut ring, mut pool) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ring.push(sync_round(&ringed, &directory));
        pool.push(sync_round(&pooled, &directory));
    }
    let (ring, pool) = (median(ring), median(pool));
    println!(
        "sync_data by Selkie's ring and by its pool,{ring:.0},{pool:.0},{:.2}",
        pool / ring
    );
    std::fs::remove_dir_all(&directory).expect("the temporary directory");
}
