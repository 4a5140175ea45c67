//! The simulated network: connections, datagrams, links between hosts, and what may go wrong on them.
//!
//! Idea        A plain value without threads. What is sent goes into the outbox with the time that it takes; the kernel gives it
//!             back when that time has come. Objects whose readiness has changed stand in a list that the kernel empties.

mod address;
mod connection;
mod datagram;
mod datagram_socket;
mod delivery;
mod endpoint;
mod link;
mod listener;
mod local_stream;
mod network;
mod stream;

pub(crate) use address::Address;
pub(crate) use datagram_socket::DatagramSocket;
pub(crate) use delivery::Delivery;
pub use link::Link;
pub(crate) use listener::Listener;
pub(crate) use network::Network;
