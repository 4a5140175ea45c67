//! The C library's functions, in front of the library's own: on a simulated thread they ask the simulated kernel, elsewhere the
//! real one.
//!
//! Idea        The linker takes a program's own definition of a function before that of a shared library. So whatever is in the
//!             program, the standard library above all, calls the functions in this room.
//! Invariant   A function here does nothing on threads that are not simulated but what the system does.

mod answer;
mod bytes;
mod clock;
mod connection;
mod counters;
mod datagrams;
mod descriptors;
mod entropy;
mod messages;
mod names;
mod number;
mod options;
mod parts;
mod peer_addresses;
mod poll;
mod processes;
mod processors;
mod sleep;
mod socket_address;
mod socket_names;
mod sockets;
mod streams;
mod threads;

pub(crate) use processes::{deliver_signal, end_host};
pub(crate) use threads::start_on;
