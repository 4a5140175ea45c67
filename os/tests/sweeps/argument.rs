//! The argument that a sweep, which is a process of its own, gets from the test that starts it.

use std::path::PathBuf;

use crate::fixture::PART;

/// More than any operation has.
pub(crate) const MOST_POINTS: usize = 1_000;

/// The argument of a part, which is a directory and a word.
pub(crate) fn argument() -> Option<(PathBuf, String)> {
    let path = PathBuf::from(std::env::var_os(PART)?);
    let word = path.file_name()?.to_str()?.to_owned();
    Some((path.parent()?.to_owned(), word))
}
