//! Where a socket is.

use std::net::{IpAddr, SocketAddr};

/// The address of a socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    Inet(SocketAddr),
    /// A path, an abstract name that begins with a zero, or no name.
    Unix(Vec<u8>),
}

impl Address {
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Inet(address) => Some(address.port()),
            Self::Unix(_) => None,
        }
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet(address) => Some(address.ip()),
            Self::Unix(_) => None,
        }
    }

    /// Whether a socket that is bound here takes what is sent to `target`.
    pub(crate) fn takes(&self, target: &Self) -> bool {
        match (self, target) {
            (Self::Inet(own), Self::Inet(target)) => {
                own.port() == target.port()
                    && (own.ip().is_unspecified() || own.ip() == target.ip())
            }
            (own, target) => own == target,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix(name) => write!(f, "unix:{}", name.escape_ascii()),
        }
    }
}
