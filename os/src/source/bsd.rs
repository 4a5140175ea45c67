//! Operations of the POSIX AIO of FreeBSD, whose completions the kqueue of the driver reports.
//!
//! An operation is described by a control block, which the program submits itself (`aio_read`, `aio_write`,
//! `aio_fsync`, `lio_listio`). What submits it implements [`AioSource`]; [`Aio`] registers it with the
//! driver, and waits for the completion:
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use std::future::poll_fn;
//! use std::os::fd::{AsRawFd, BorrowedFd};
//!
//! use selkie::io::bsd::{Aio, AioSource};
//!
//! /// Brings a file's data to the disk.
//! struct Sync(Box<libc::aiocb>);
//!
//! impl AioSource for Sync {
//!     fn register_borrowed(&mut self, kq: BorrowedFd<'_>, token: usize) {
//!         let event = &mut self.0.aio_sigevent;
//!         event.sigev_notify = libc::SIGEV_KEVENT;
//!         event.sigev_signo = kq.as_raw_fd();
//!         event.sigev_value.sival_ptr = token as *mut _;
//!     }
//!
//!     fn deregister(&mut self) {
//!         self.0.aio_sigevent.sigev_notify = libc::SIGEV_NONE;
//!     }
//! }
//!
//! let file = std::fs::File::create("data.bin")?;
//! // SAFETY: zeros make a control block.
//! let mut block: Box<libc::aiocb> = Box::new(unsafe { std::mem::zeroed() });
//! block.aio_fildes = file.as_raw_fd();
//! let mut sync = Aio::new_for_aio(Sync(block))?;
//! // SAFETY: the block stays where it is until the operation is over.
//! if unsafe { libc::aio_fsync(libc::O_SYNC, &mut *sync.0) } != 0 {
//!     return Err(std::io::Error::last_os_error());
//! }
//! poll_fn(|cx| sync.poll_ready(cx)).await?;
//! // SAFETY: the operation is over.
//! let outcome = unsafe { libc::aio_return(&mut *sync.0) };
//! assert_eq!(outcome, 0);
//! # Ok(())
//! # })
//! # }
//! ```

pub use super::aio::{Aio, AioEvent, AioSource};
