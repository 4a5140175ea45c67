//! Datagrams through Unix sockets.

pub(in crate::net) mod socket;
