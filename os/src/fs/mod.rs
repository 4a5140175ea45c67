//! Files and directories.
//!
//! The functions and types are those of `std::fs`, to be awaited:
//!
//! ```
//! use selkie::fs;
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! # let folder = std::env::temp_dir().join(format!("selkie-doc-fs-{}", std::process::id()));
//! # let path = folder.join("log/today.txt");
//! fs::create_dir_all(path.parent().unwrap()).await?;
//! fs::write(&path, "one line\n").await?;
//! assert_eq!(fs::read_to_string(&path).await?, "one line\n");
//! fs::remove_dir_all(&folder).await?;
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | read or write a whole file | [`read`](fn@read), [`read_to_string`], [`write`](fn@write) |
//! | replace a file, so that it is old or new, and whole, whatever happens | [`replace`](fn@replace) |
//! | read and write piece by piece | [`File`], [`OpenOptions`], with the traits of [`io`](crate::io) |
//! | read and write at an offset | [`File::read_at`], [`File::write_at`] and their kin |
//! | walk a directory | [`read_dir`] |
//! | keep others from a file | [`File::lock`], `lock_shared`, `try_lock` |
//!
//! # How it works
//!
//! Systems report no readiness for files, so operations run on the blocking pool: a path is copied, and the operation,
//! once begun, is completed even if its future is dropped. On Linux, what the system has in memory of an open file is
//! read where the task runs, without a thread of the pool: reads of at most 64 KiB, seeks, and metadata. With I/O
//! enabled, reads and writes at an offset go to io_uring.
//! [`Builder::disable_files_in_place`](crate::runtime::Builder::disable_files_in_place) leaves all to the pool.
//!
//! # Rules
//!
//! - **Writes.** `write` of a [`File`] is ready when the bytes are in its buffer; the pool writes them. `flush` waits until the system has them, and returns the
//!   error of an earlier write; [`File::sync_all`] waits until the disk has them. A `File` that is dropped finishes its write, but nobody hears whether it failed.
//! - **One position.** A [`File`] has one operation at a time; clones by [`File::try_clone`] share the position, as in std.
//! - **Small steps.** Each operation is a trip to a thread, some ten microseconds. Read and write in large pieces, through a
//!   [`BufReader`](crate::io::BufReader), or do a longer piece of work with `std::fs` in [`spawn_blocking`](crate::task::spawn_blocking).
//! - **Special files.** A FIFO or a terminal may keep a thread of the pool waiting; use [`net::unix::pipe`](crate::net::unix::pipe) and
//!   [`io::unix::AsyncFd`](crate::io::unix::AsyncFd) for those.

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

mod buffered_streams;
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
