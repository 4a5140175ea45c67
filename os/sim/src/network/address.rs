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

    /// Whether a socket that is bound here takes what is sent to `target`; what is bound to the unspecified address of IPv6 takes
    /// IPv4, too, unless it is said otherwise.
    pub(crate) fn takes(&self, target: &Self, is_six_only: bool) -> bool {
        match (self, target) {
            (Self::Inet(own), Self::Inet(target)) => {
                let is_covered = own.ip().is_unspecified()
                    && (own.is_ipv4() == target.is_ipv4() || own.is_ipv6() && !is_six_only);
                own.port() == target.port() && (is_covered || own.ip() == target.ip())
            }
            (own, target) => own == target,
        }
    }

    /// Whether it names one address of the host.
    pub(crate) fn is_specific(&self) -> bool {
        self.ip().is_none_or(|ip| !ip.is_unspecified())
    }

    /// The same, with an address of IPv4 that is written as one of IPv6 (`::ffff:10.0.0.1`) as what it is.
    pub(crate) fn canonical(self) -> Self {
        match self {
            Self::Inet(SocketAddr::V6(six)) => match six.ip().to_ipv4_mapped() {
                Some(four) => Self::Inet(SocketAddr::new(four.into(), six.port())),
                None => Self::Inet(six.into()),
            },
            other => other,
        }
    }

    /// The same as a socket of `domain` shows it.
    pub(crate) fn shown(&self, domain: i32) -> Self {
        match self {
            Self::Inet(SocketAddr::V4(four)) if domain == libc::AF_INET6 => {
                let ip = four.ip().to_ipv6_mapped();
                Self::Inet(SocketAddr::new(ip.into(), four.port()))
            }
            other => other.clone(),
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
