//! Files, which are in the page cache, except for the benchmarks that sync or that read cold.

use crate::same;

/// Files read at once.
const FILES: u64 = 2_000;
/// Bytes of each.
const BYTES: usize = 4_096;

/// Bytes of the large file, and of the one that is not cached.
const LARGE_BYTES: usize = 2 * 1024 * 1024;
const COLD_BYTES: usize = 64 * 1024;

/// Has the system write the file out and drop it from its cache.
fn forget(path: &std::path::Path) {
    use std::os::fd::AsRawFd;
    let file = std::fs::File::open(path).expect("a file");
    file.sync_all().expect("synced");
    // SAFETY: no pointers.
    let status = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    assert_eq!(status, 0, "the system keeps its cache");
}

/// A directory of this process that is removed when it is dropped.
struct TempDir(std::path::PathBuf);

impl TempDir {
    fn with(files: u64) -> Self {
        let path = std::env::temp_dir().join(format!("selkie-side-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        let directory = Self(path);
        for n in 0..files {
            std::fs::write(directory.file(n), [7; BYTES]).expect("a file");
        }
        directory
    }

    fn file(&self, n: u64) -> std::path::PathBuf {
        self.0.join(n.to_string())
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

same!({
    use std::sync::Arc;

    use rt::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

    use super::{BYTES, COLD_BYTES, FILES, LARGE_BYTES, TempDir};
    use crate::measurement::repeat;

    async fn read_again(directory: Arc<TempDir>) -> f64 {
        let mut file = rt::fs::File::open(directory.file(0)).await.expect("a file");
        let mut buffer = vec![0; BYTES];
        let begun = std::time::Instant::now();
        for _ in 0..5_000 {
            file.rewind().await.expect("a file");
            assert_eq!(file.read(&mut buffer).await.expect("a file"), BYTES);
        }
        begun.elapsed().as_nanos() as f64 / 5_000.0
    }

    async fn write_and_sync(directory: Arc<TempDir>) -> f64 {
        let mut file = rt::fs::File::create(directory.file(1)).await.expect("a file");
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            file.write_all(&[7; BYTES]).await.expect("written");
            file.sync_data().await.expect("synced");
        }
        begun.elapsed().as_nanos() as f64 / 100.0
    }

    async fn all_at_once(directory: Arc<TempDir>) {
        let tasks: Vec<_> = (0..FILES)
            .map(|n| {
                let path = directory.file(n);
                rt::spawn(async move { rt::fs::read(path).await.expect("a file").len() })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.expect("no panic"), BYTES);
        }
    }

    async fn read_cold(directory: Arc<TempDir>) -> f64 {
        let path = directory.file(3);
        std::fs::write(&path, vec![7; COLD_BYTES]).expect("a file");
        let mut spent = std::time::Duration::ZERO;
        for _ in 0..100 {
            super::forget(&path);
            let begun = std::time::Instant::now();
            assert_eq!(rt::fs::read(&path).await.expect("a file").len(), COLD_BYTES);
            spent += begun.elapsed();
        }
        spent.as_nanos() as f64 / 100.0
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        let directory = Arc::new(TempDir::with(if benchmark == "read_2000" {
            FILES
        } else {
            1
        }));
        Some(match benchmark {
            "read_4k" => on(workers, read_again(directory)),
            "write_sync" => on(workers, write_and_sync(directory)),
            "read_file" => on(
                workers,
                repeat(100, move || {
                    let directory = directory.clone();
                    async move {
                        for _ in 0..100 {
                            assert_eq!(
                                rt::fs::read(directory.file(0)).await.expect("a file").len(),
                                BYTES
                            );
                        }
                    }
                }),
            ),
            "read_large" => {
                std::fs::write(directory.file(2), vec![7; LARGE_BYTES]).expect("a file");
                on(
                    workers,
                    repeat(10, move || {
                        let directory = directory.clone();
                        async move {
                            for _ in 0..10 {
                                let read = rt::fs::read(directory.file(2)).await.expect("a file");
                                assert_eq!(read.len(), LARGE_BYTES);
                            }
                        }
                    }),
                )
            }
            "read_cold" => on(workers, read_cold(directory)),
            "metadata" => on(
                workers,
                repeat(100, move || {
                    let directory = directory.clone();
                    async move {
                        for _ in 0..100 {
                            let data = rt::fs::metadata(directory.file(0)).await.expect("a file");
                            assert_eq!(data.len(), BYTES as u64);
                        }
                    }
                }),
            ),
            "read_2000" => on(workers, repeat(FILES, move || all_at_once(directory.clone()))),
            _ => return None,
        })
    }
});
