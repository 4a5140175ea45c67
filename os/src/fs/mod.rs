//! Files and directories.
//!
//! Systems report no readiness for files, so operations run on the blocking pool: a path is copied, and the operation,
//! once begun, is completed even if its future is dropped. On Linux, what the system has in memory of an open file is
//! read where the task runs, without a thread of the pool: reads of at most 64 KiB, seeks, and metadata. With I/O
//! enabled, reads and writes at an offset go to io_uring.

mod offload;

mod detached;

mod close;

mod open_file;

mod position;

mod in_place;

mod ring_io;

mod file_times;

#[cfg(any(windows, target_vendor = "apple"))]
mod creation_time;

mod file_buf;

mod stored_error;

mod file_state;

mod file;

mod file_streams;

mod attributes;

#[cfg(unix)]
mod fd;
#[cfg(windows)]
mod handle;
mod open_options;
mod positional;

mod dir_builder;
mod links;
mod metadata;
mod read_dir;
mod remove;
mod whole_file;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod replace;

#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod timer_thread;

pub use dir_builder::{DirBuilder, create_dir, create_dir_all};
pub use file::File;
pub use file_times::FileTimes;
pub use links::{canonicalize, hard_link, read_link, rename};
pub use metadata::{metadata, set_permissions, symlink_metadata, try_exists};
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use remove::{remove_dir, remove_dir_all, remove_file};
pub use replace::replace;
#[cfg(unix)]
pub use unix::symlink;
pub use whole_file::{copy, read, read_to_string, write};
#[cfg(windows)]
pub use windows::{symlink_dir, symlink_file};
