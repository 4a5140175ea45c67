//! Options to open a file: all combinations behave as those of the standard library.

use std::io::{self, Write};
use std::path::Path;

use selkie::fs::OpenOptions;
use selkie::io::AsyncWriteExt;

use crate::files::fresh_directory;

/// Options by their bits: reads, writes, appends, truncates, creates, creates a new file only.
const COMBINATIONS: u8 = 1 << 6;

macro_rules! options {
    ($options:ty, $bits:expr) => {{
        let is = |bit: u8| $bits & (1 << bit) != 0;
        let mut options = <$options>::new();
        options.read(is(0)).write(is(1)).append(is(2));
        options.truncate(is(3)).create(is(4)).create_new(is(5));
        options
    }};
}

/// What came of opening, and of writing after that: the kinds and numbers of errors.
type Outcome = Result<Result<(), ErrorNumber>, ErrorNumber>;
type ErrorNumber = (io::ErrorKind, Option<i32>);

fn error_number(error: io::Error) -> ErrorNumber {
    (error.kind(), error.raw_os_error())
}

/// A file of four bytes at `path`, or none.
fn prepare(path: &Path, is_there: bool) {
    let _ = std::fs::remove_file(path);
    if is_there {
        std::fs::write(path, b"once").expect("write");
    }
}

fn as_std(path: &Path, bits: u8) -> Outcome {
    let mut file = options!(std::fs::OpenOptions, bits)
        .open(path)
        .map_err(error_number)?;
    Ok(file.write_all(b"ab").map_err(error_number))
}

async fn as_ours(path: &Path, bits: u8) -> Outcome {
    let opened = options!(OpenOptions, bits).open(path).await;
    let mut file = opened.map_err(error_number)?;
    let written = async {
        file.write_all(b"ab").await?;
        file.flush().await
    };
    Ok(written.await.map_err(error_number))
}

/// Each combination, on a file that is there and on one that is not.
pub(crate) async fn combinations() {
    let directory = fresh_directory().await;
    let path = directory.join("file");
    for bits in 0..COMBINATIONS {
        for is_there in [false, true] {
            prepare(&path, is_there);
            let (theirs, their_bytes) = (as_std(&path, bits), std::fs::read(&path).ok());
            prepare(&path, is_there);
            let ours = as_ours(&path, bits).await;
            let case = format!("options {bits:06b}, file there: {is_there}");
            assert_eq!(ours, theirs, "{case}");
            assert_eq!(std::fs::read(&path).ok(), their_bytes, "{case}");
        }
    }
    std::fs::remove_dir_all(&directory).expect("remove");
}
