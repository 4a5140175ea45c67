//! The disk of a simulated host: a file system in memory that forgets, at a crash, what was not synced.
//!
//! Programs that store data are wrong in ways that a disk in good health never shows: a file that was renamed before its content
//! was synced, a log whose last page was torn, an `fsync` whose error was taken for a passing one. This room is a disk on which these
//! things happen, as often as a [`Profile`] says and in an order that a seed decides. It is plain data: it knows neither threads nor
//! C functions nor clocks, and it never waits. Whoever calls it passes the time, and is notified of how long the call would have
//! taken ([`Disk::take_latency`]) and of each fault ([`Disk::take_events`]).
//!
//! ```
//! use selkie_sim::disk::{Disk, Profile};
//! use selkie_sim::random::Random;
//!
//! # fn main() -> Result<(), selkie_sim::errno::Errno> {
//! let mut random = Random::new(42);
//! let mut disk = Disk::new(Profile::rough(), &random);
//! let (root, now) = (disk.root(), 0);
//! let file = disk.open(root, b"/log", libc::O_CREAT | libc::O_RDWR, 0o644, now)?;
//! disk.write(file, b"synced", now)?;
//! disk.sync(file)?;
//! disk.write(file, b" or not", now)?;
//!
//! disk.crash(&mut random);
//!
//! let file = disk.open(root, b"/log", libc::O_RDONLY, 0, now)?;
//! let mut text = [0; 64];
//! let length = disk.read(file, &mut text, now)?;
//! assert!(text[..length].starts_with(b"synced"));
//! # Ok(())
//! # }
//! ```
//!
//! # What is durable when
//! - The bytes and the size of a file are durable when [`Disk::sync`] (`fsync`, or `fdatasync`) of it has succeeded.
//! - The entry of a file in its directory is durable when the directory was synced. With [`JournalMode::Ordered`], which is as ext4
//!   does, syncing the file makes it durable, too, with all that changed in directories before; with [`JournalMode::Strict`], which
//!   is as POSIX allows, it does not.
//! - Everything else is lost at a crash or not, as the profile's [`CrashMode`] says: pages of 4096 bytes in any subset, sectors of
//!   512 bytes of a page; what changed in directories, and sizes, up to some point of the order in which it changed (if strict, in any
//!   subset, but for one name or file in order).
//! - An `fsync` that fails has forgotten which pages were to be written. The next one succeeds and does not write them.
//!
//! Decision 0310 says which systems, manuals and papers this follows.
mod attribute;
mod cache;
mod crash;
mod directory;
mod disk;
mod entries;
mod event;
mod fault;
mod image;
mod ino;
mod inode;
mod journal;
mod latency;
mod lock;
mod lower;
mod open;
mod open_file;
mod operation;
mod pages;
mod path;
mod profile;
mod read_dir;
mod read_write;
mod rename;
mod seek;
mod space;
mod sync;

#[cfg(test)]
mod tests;

pub use attribute::StampChange;
pub use disk::Disk;
pub use event::DiskEvent;
pub use fault::Fault;
pub use ino::Ino;
pub use inode::{Kind, Metadata};
pub use latency::Latency;
pub use lock::Lock;
pub use lower::{Lower, LowerMetadata};
pub use open_file::OpenFile;
pub use operation::Operation;
pub use profile::{CrashMode, ErrorRates, JournalMode, Profile};
pub use read_dir::DirectoryEntry;
