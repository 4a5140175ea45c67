//! Between the network and the kernel: what arrives, what leaves, who looks again.

use super::event::Event;
use super::state::State;
use crate::network::Delivery;

impl State {
    /// The network has been used: what it sends is in flight, and who waits for what has changed looks again.
    pub(crate) fn settle(&mut self) {
        for fault in std::mem::take(&mut self.network.faults) {
            self.trace.cover(fault);
        }
        for (after, delivery) in std::mem::take(&mut self.network.outbox) {
            self.set_event(after, Event::Delivery(delivery));
        }
        for object in std::mem::take(&mut self.network.changed) {
            self.changed(object);
        }
        for object in std::mem::take(&mut self.network.dropped) {
            self.release(object);
        }
    }

    /// Uses the network.
    pub(crate) fn on_network<T>(&mut self, f: impl FnOnce(&mut crate::network::Network) -> T) -> T {
        self.network.now = self.now;
        let result = f(&mut self.network);
        self.settle();
        result
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.on_network(|network| match delivery {
            Delivery::Syn { from, to, host } => network.syn_arrives(from, to, host),
            Delivery::SynTimer { from, attempt } => network.syn_timer(from, attempt),
            Delivery::SynAck { to, peer, from } => network.syn_ack_arrives(to, peer, from),
            Delivery::Refused { to, from } => network.refused(to, from),
            Delivery::Segment {
                from,
                to,
                hosts,
                segment,
            } => {
                network.segment_arrives(from, to, hosts, segment);
            }
            Delivery::Resend { from } => network.resend(from),
            Delivery::Datagram {
                from,
                hosts,
                to,
                bytes,
            } => {
                network.datagram_arrives(from, hosts, to, bytes);
            }
            Delivery::Unreachable { hosts, to, about } => network.unreachable(hosts, &to, &about),
        });
    }
}
