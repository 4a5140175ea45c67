//! Files and folders.
//!
//! Systems have no readiness for files: operations run on the blocking pool; a path is copied, and the
//! operation, once begun, is done even if its future drops. On Linux what the system has in memory of an open file is
//! answered where the task runs: reads of at most 64 KiB, seeks, its metadata.

mod offload;

mod in_flight;

mod closing;

mod open_file;

mod place;

mod in_place;

#[cfg(io_uring)]
mod by_ring;
#[cfg(not(io_uring))]
#[path = "no_ring.rs"]
mod by_ring;

mod file_times;

#[cfg(any(windows, target_vendor = "apple"))]
mod created;

mod file_buf;

mod kept_error;

mod file_state;

mod file;

mod file_streams;

mod changes;

#[cfg(unix)]
mod fd;
#[cfg(windows)]
mod handle;
mod open_options;
mod positional;

mod dir_builder;
mod links;
mod meta;
mod read_dir;
mod remove;
mod whole;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod replace;

#[cfg(unix)]
mod alarm;
#[cfg(unix)]
mod lock;

pub use dir_builder::{DirBuilder, create_dir, create_dir_all};
pub use file::File;
pub use file_times::FileTimes;
pub use links::{canonicalize, hard_link, read_link, rename};
pub use meta::{metadata, set_permissions, symlink_metadata, try_exists};
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use remove::{remove_dir, remove_dir_all, remove_file};
pub use replace::replace;
#[cfg(unix)]
pub use unix::symlink;
pub use whole::{copy, read, read_to_string, write};
#[cfg(windows)]
pub use windows::{symlink_dir, symlink_file};
