//! Who is at the other end of a Unix socket.
//!
//! Systems tell it in three ways, and each has a file with the same function: as a structure that is an option of the
//! socket, as an object that the system allocates, and by the C library's `getpeereid`, which knows no process.

mod peer;

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple"
))]
mod socket_option;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris"
)))]
mod ids;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
))]
mod peer_option;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
mod ucred;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris"
)))]
pub(crate) use ids::peer_credentials;
pub(crate) use peer::Peer;
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
))]
pub(crate) use peer_option::peer_credentials;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub(crate) use ucred::peer_credentials;
