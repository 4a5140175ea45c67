//! What all kinds of Unix have, of types with parameters.

use std::os::fd::{AsFd, AsRawFd};

use tokio::io::unix::AsyncFd;

fn implementations<T: AsRawFd>() {
    implements!(AsyncFd<T>: AsFd + AsRawFd);
}
