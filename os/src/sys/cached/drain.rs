//! Reading what turned out to be no regular file.
#![allow(unsafe_code)]

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use super::inode::inode;
use super::kernel::checked;
use super::lookup::make_blocking;

/// All that comes from `fd`, which was opened in place, as if it had been opened to wait. Call it on the pool.
///
/// # Errors
/// What the system says.
pub(crate) fn drain(fd: OwnedFd) -> io::Result<Vec<u8>> {
    make_blocking(fd.as_fd())?;
    if inode(fd.as_fd())?.is_pipe {
        wait_for_writer(&fd)?;
    }
    let mut bytes = Vec::new();
    std::fs::File::from(fd).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Waits until the named pipe `fd` has something to tell, be it its end. To open it would have waited for the
/// first writer; a reader that came without waiting is told of no end before there was one, see fifo(7)
/// and poll(2).
fn wait_for_writer(fd: &OwnedFd) -> io::Result<()> {
    loop {
        let mut asked = libc::pollfd {
            fd: fd.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: the system reads and writes one `pollfd`.
        match checked(unsafe { libc::poll(&raw mut asked, 1, -1) }.into()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome.map(drop),
        }
    }
}
