//! Links between hosts: how long they take, what they lose, whether they are cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use crate::ids::HostId;
use crate::random::Random;

/// How a link from one host to another behaves.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie_sim::Link;
///
/// let slow = Link::default().latency(Duration::from_millis(40)..Duration::from_millis(60)).bandwidth(1_000_000);
/// assert_ne!(slow, Link::default());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub(crate) latency: Range<u64>,
    pub(crate) loss: f64,
    pub(crate) duplication: f64,
    pub(crate) bandwidth: Option<u64>,
    pub(crate) mtu: usize,
}

/// The least that a link lets through in one piece.
const LEAST_MTU: usize = 576;
/// What a datagram has beside its bytes: the headers of IPv4 and UDP.
const HEADERS: usize = 28;

impl Default for Link {
    /// A quiet local network: 0.1 to 1 ms, nothing is lost.
    fn default() -> Self {
        Self {
            latency: 100_000..1_000_000,
            loss: 0.0,
            duplication: 0.0,
            bandwidth: None,
            mtu: 1500,
        }
    }
}

impl Link {
    /// How long a packet takes, chosen again for each.
    #[must_use]
    pub fn latency(mut self, range: Range<Duration>) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.latency = nanos(range.start)..nanos(range.end);
        self
    }

    /// The probability that a packet is lost: a datagram for good, a part of a connection until it is sent again.
    #[must_use]
    pub fn loss(mut self, probability: f64) -> Self {
        self.loss = probability;
        self
    }

    /// The probability that a datagram arrives twice.
    #[must_use]
    pub fn duplication(mut self, probability: f64) -> Self {
        self.duplication = probability;
        self
    }

    /// The longest packet, 1500 bytes if nothing is said. A longer datagram travels in pieces, and is lost if one of them is; if it must not be
    /// divided (`IP_MTU_DISCOVER`), it is refused with `EMSGSIZE`.
    ///
    /// # Panics
    /// If it is less than 576 bytes, which every link must let through.
    #[must_use]
    pub fn mtu(mut self, bytes: usize) -> Self {
        assert!(bytes >= LEAST_MTU, "a link lets {LEAST_MTU} bytes through");
        self.mtu = bytes;
        self
    }

    /// Bytes a second that get through.
    #[must_use]
    pub fn bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.bandwidth = Some(bytes_per_second);
        self
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [least, most] = [self.latency.start, self.latency.end].map(Duration::from_nanos);
        write!(f, "{least:?} to {most:?}, loses {}", self.loss)?;
        match self.bandwidth {
            Some(bandwidth) => write!(f, ", {bandwidth} bytes a second"),
            None => Ok(()),
        }
    }
}

/// How long the own host takes.
const LOOPBACK: Range<u64> = 5_000..40_000;

/// The least time after which a lost part of a connection is sent again.
pub(crate) const RESEND: u64 = 200_000_000;

/// All links, and what stands in their way.
#[derive(Debug, Default)]
pub(crate) struct Links {
    addresses: BTreeMap<IpAddr, HostId>,
    default: Link,
    own: BTreeMap<(HostId, HostId), Link>,
    cut: BTreeSet<(HostId, HostId)>,
    down: BTreeSet<HostId>,
    /// Until when a link sends what was given to it before, where its bandwidth is limited.
    busy: BTreeMap<(HostId, HostId), u64>,
}

impl Links {
    pub(crate) fn set_default(&mut self, link: Link) {
        self.default = link;
    }

    pub(crate) fn set(&mut self, from: HostId, to: HostId, link: Link) {
        self.own.insert((from, to), link);
    }

    pub(crate) fn reset(&mut self, from: HostId, to: HostId) {
        self.own.remove(&(from, to));
    }

    pub(crate) fn add_address(&mut self, address: IpAddr, host: HostId) {
        self.addresses.insert(address, host);
    }

    /// The host that has `address`, as `from` sees it.
    pub(crate) fn route(&self, from: HostId, address: IpAddr) -> Option<HostId> {
        if address.is_loopback() || address.is_unspecified() {
            return Some(from);
        }
        self.addresses.get(&address).copied()
    }

    /// The address of `from` for what it sends to `to`.
    pub(crate) fn source(&self, from: HostId, to: IpAddr) -> IpAddr {
        if to.is_loopback() {
            return to;
        }
        let own = self.addresses.iter().filter(|&(_, &host)| host == from);
        let mut own = own.map(|(&address, _)| address);
        own.find(|address| address.is_ipv4() == to.is_ipv4())
            .unwrap_or(to)
    }

    pub(crate) fn cut(&mut self, from: HostId, to: HostId) {
        self.cut.insert((from, to));
    }

    pub(crate) fn heal(&mut self, from: HostId, to: HostId) {
        self.cut.remove(&(from, to));
    }

    pub(crate) fn heal_all(&mut self) {
        self.cut.clear();
    }

    pub(crate) fn set_up(&mut self, host: HostId, is_up: bool) {
        if is_up {
            self.down.remove(&host);
        } else {
            self.down.insert(host);
        }
    }

    /// Whether what is sent now gets through.
    pub(crate) fn is_open(&self, from: HostId, to: HostId) -> bool {
        !self.down.contains(&to) && !self.down.contains(&from) && !self.cut.contains(&(from, to))
    }

    fn between(&self, from: HostId, to: HostId) -> &Link {
        self.own.get(&(from, to)).unwrap_or(&self.default)
    }

    /// How long `bytes` take that are sent `now`, and whether they are lost.
    pub(crate) fn journey(
        &mut self,
        random: &mut Random,
        now: u64,
        (from, to): (HostId, HostId),
        bytes: usize,
    ) -> (u64, bool) {
        let (range, loss, bandwidth) = if from == to {
            (LOOPBACK, 0.0, None)
        } else {
            let link = self.between(from, to);
            (link.latency.clone(), link.loss, link.bandwidth)
        };
        let spread = range.end.saturating_sub(range.start);
        let mut takes = range.start.saturating_add(random.below(spread));
        if let Some(bandwidth) = bandwidth {
            let sends = (bytes as u64).saturating_mul(1_000_000_000) / bandwidth.max(1);
            let busy = self.busy.entry((from, to)).or_default();
            *busy = now.max(*busy).saturating_add(sends);
            takes = takes.saturating_add(*busy - now);
        }
        (takes, random.chance(loss))
    }

    /// In how many pieces a datagram of so many bytes travels.
    pub(crate) fn pieces(&self, from: HostId, to: HostId, bytes: usize) -> usize {
        if from == to {
            return 1;
        }
        let room = self.between(from, to).mtu - HEADERS;
        bytes.div_ceil(room).max(1)
    }

    /// Whether one more piece of a datagram is lost.
    pub(crate) fn loses(&self, random: &mut Random, from: HostId, to: HostId) -> bool {
        random.chance(self.between(from, to).loss)
    }

    /// Whether a datagram arrives twice.
    pub(crate) fn doubles(&self, random: &mut Random, from: HostId, to: HostId) -> bool {
        from != to && random.chance(self.between(from, to).duplication)
    }
}
