//! Files that are in the page cache.

/// The operations on one runtime; see `operations!` in `main`.
macro_rules! files {
    ($name:ident) => {
        pub(crate) mod $name {
            use std::path::PathBuf;

            use ::$name::fs;
            use ::$name::io::{AsyncReadExt, AsyncSeekExt};
            use ::$name::runtime::Builder;

            async fn read_4k(path: PathBuf, times: u64) {
                let mut file = fs::File::open(&path).await.expect("opens");
                let mut bytes = [0; 4096];
                for _ in 0..times {
                    file.read_exact(&mut bytes).await.expect("reads");
                }
            }

            async fn rewind_4k(path: PathBuf, times: u64) {
                let mut file = fs::File::open(&path).await.expect("opens");
                let mut bytes = [0; 4096];
                for _ in 0..times {
                    file.rewind().await.expect("goes back");
                    file.read_exact(&mut bytes).await.expect("reads");
                }
            }

            async fn whole(path: PathBuf, times: u64, length: usize) {
                for _ in 0..times {
                    assert_eq!(fs::read(&path).await.expect("reads").len(), length);
                }
            }

            async fn metadata(path: PathBuf, times: u64) {
                for _ in 0..times {
                    assert_eq!(fs::metadata(&path).await.expect("is there").len(), 65536);
                }
            }

            pub(crate) fn run(operation: &str, times: u64) -> bool {
                let length = match operation {
                    // One part for each read.
                    "file_read_4k" => times as usize * 4096,
                    "file_rewind_4k" | "fs_read_4k" => 4096,
                    "fs_read_64k" | "fs_metadata" => 65536,
                    _ => return false,
                };
                let path = std::env::temp_dir().join(format!("opcount-{}", std::process::id()));
                std::fs::write(&path, vec![0; length]).expect("a temporary file");
                let rt = Builder::new_current_thread().build().expect("a runtime");
                match operation {
                    "file_read_4k" => rt.block_on(read_4k(path.clone(), times)),
                    "file_rewind_4k" => rt.block_on(rewind_4k(path.clone(), times)),
                    "fs_metadata" => rt.block_on(metadata(path.clone(), times)),
                    _ => rt.block_on(whole(path.clone(), times, length)),
                }
                std::fs::remove_file(path).expect("the temporary file");
                true
            }
        }
    };
}

files!(selkie);
files!(tokio);
