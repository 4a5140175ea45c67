//! What travels over the network.

use super::address::Address;
use crate::ids::EndpointId;
use crate::ids::HostId;

/// A part of one direction of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    Data(Vec<u8>),
    /// No data follows.
    Fin,
    /// The receiver has room for so many bytes more.
    Window(usize),
    /// The connection is gone.
    Reset,
}

/// What arrives when its time has come.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A connection is asked for.
    Syn {
        from: EndpointId,
        to: Address,
        host: HostId,
    },
    /// Whether the answer to a `Syn` came is looked at.
    SynTimer { from: EndpointId, attempt: u32 },
    /// The connection is there, with the other end.
    SynAck {
        to: EndpointId,
        peer: EndpointId,
        from: HostId,
    },
    /// There is none.
    Refused { to: EndpointId, from: HostId },
    /// A part of a connection.
    Segment {
        from: EndpointId,
        to: EndpointId,
        hosts: (HostId, HostId),
        segment: Segment,
    },
    /// What did not get through is sent again.
    Resend { from: EndpointId },
    /// A datagram.
    Datagram {
        from: Address,
        hosts: (HostId, HostId),
        to: Address,
        bytes: Vec<u8>,
    },
    /// Nobody takes datagrams there.
    Unreachable {
        hosts: (HostId, HostId),
        to: Address,
        about: Address,
    },
}
