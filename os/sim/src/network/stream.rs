//! Bytes of connections: sent, received, ended.

use super::delivery::{Delivery, Segment};
use super::endpoint::WINDOW;
use super::link::RESEND;
use super::network::Network;
use crate::errno::Errno;
use crate::ids::{EndpointId, ObjectId};

/// How often what does not get through is sent again before the connection is given up: 15 minutes.
const TRIES: u32 = 15;
/// The longest time between two of them.
const LONGEST: u64 = 120_000_000_000;
/// Bytes that travel together at most.
const SEGMENT: usize = 16 * 1024;

impl Network {
    /// Sends what there is room for; how much that was, or `EAGAIN`.
    pub(crate) fn send(
        &mut self,
        id: EndpointId,
        bytes: &[u8],
        passed: &mut Vec<ObjectId>,
    ) -> Result<usize, Errno> {
        let end = self.endpoints.get_mut(&id).ok_or(Errno(libc::EPIPE))?;
        if end.is_instant {
            return self.send_local(id, bytes, passed);
        }
        if let Some(error) = end.error.take() {
            return Err(error);
        }
        if end.is_broken || end.is_write_shut {
            return Err(Errno(libc::EPIPE));
        }
        if end.peer.is_none() {
            return Err(Errno(libc::EAGAIN));
        }
        let room = WINDOW.saturating_sub(end.outstanding);
        if room == 0 && !bytes.is_empty() {
            return Err(Errno(libc::EAGAIN));
        }
        let sent = room.min(bytes.len());
        end.outstanding += sent;
        for part in bytes[..sent].chunks(SEGMENT) {
            self.transmit(id, Segment::Data(part.to_vec()));
        }
        Ok(sent)
    }

    /// Whether the next call on a connection reports an error.
    pub(crate) fn has_error(&self, id: EndpointId) -> bool {
        self.endpoints
            .get(&id)
            .is_some_and(|end| end.error.is_some())
    }

    /// Receives what is there; 0 if no more will come, or `EAGAIN`.
    pub(crate) fn receive(
        &mut self,
        id: EndpointId,
        buffer: &mut [u8],
        peeks: bool,
        passed: &mut Vec<ObjectId>,
    ) -> Result<usize, Errno> {
        let end = self.endpoints.get_mut(&id).ok_or(Errno(libc::ENOTCONN))?;
        if end.received.is_empty() {
            if let Some(error) = end.error.take() {
                return Err(error);
            }
            if end.is_finished || end.is_read_shut || end.is_broken {
                return Ok(0);
            }
            return Err(Errno(libc::EAGAIN));
        }
        if end.is_instant {
            let (count, objects) = self.receive_local(id, buffer, peeks);
            passed.extend(objects);
            return Ok(count);
        }
        let count = buffer.len().min(end.received.len());
        for (to, from) in buffer.iter_mut().zip(end.received.iter()) {
            *to = *from;
        }
        if peeks {
            return Ok(count);
        }
        end.received.drain(..count);
        end.untold += count;
        // The other end is notified when there is a good deal of room.
        if end.untold >= WINDOW / 4 || (end.received.is_empty() && end.untold > 0) {
            let room = std::mem::take(&mut end.untold);
            self.transmit(id, Segment::Window(room));
        }
        Ok(count)
    }

    /// Ends one direction or both.
    pub(crate) fn shut_down(
        &mut self,
        id: EndpointId,
        read: bool,
        write: bool,
    ) -> Result<(), Errno> {
        let end = self.endpoints.get_mut(&id).ok_or(Errno(libc::ENOTCONN))?;
        if end.is_instant {
            self.shut_down_local(id, read, write);
            return Ok(());
        }
        // Both ends have sent all that they will.
        let is_over = end.is_finished && end.is_write_shut;
        if end.peer.is_none() || end.is_broken || is_over {
            return Err(Errno(libc::ENOTCONN));
        }
        end.is_read_shut |= read;
        self.changed.extend(end.object);
        if write && !end.is_write_shut {
            end.is_write_shut = true;
            self.transmit(id, Segment::Fin);
        }
        Ok(())
    }

    /// The program has closed its end.
    pub(crate) fn close_endpoint(&mut self, id: EndpointId) {
        let Some(end) = self.endpoints.get_mut(&id) else {
            return;
        };
        end.object = None;
        if end.is_instant {
            self.close_local(id, false);
            return;
        }
        if end.peer.is_none() || end.is_broken {
            self.endpoints.remove(&id);
            return;
        }
        if !end.received.is_empty() {
            // Data that nobody has read are lost: the other end sees a reset.
            self.transmit(id, Segment::Reset);
            self.endpoints.remove(&id);
            return;
        }
        end.is_read_shut = true;
        if !end.is_write_shut {
            end.is_write_shut = true;
            self.transmit(id, Segment::Fin);
        }
        self.forget_if_over(id);
    }

    /// The connection is given up: the other end sees a reset.
    pub(crate) fn reset(&mut self, id: EndpointId) {
        match self.endpoints.get(&id) {
            Some(end) if end.is_instant => self.close_local(id, true),
            Some(_) => {
                self.transmit(id, Segment::Reset);
                self.endpoints.remove(&id);
            }
            None => (),
        }
    }

    /// Neither end sends any more, and the program has let go of this one.
    fn forget_if_over(&mut self, id: EndpointId) {
        let is_over = self.endpoints.get(&id).is_some_and(|end| {
            end.object.is_none() && end.is_write_shut && end.is_finished && end.stalled.is_empty()
        });
        if is_over {
            self.endpoints.remove(&id);
        }
    }

    /// Puts a segment in flight.
    pub(crate) fn transmit(&mut self, id: EndpointId, segment: Segment) {
        let now = self.now;
        let Some(end) = self.endpoints.get(&id) else {
            return;
        };
        let (Some(to), from_host) = (end.peer, end.host) else {
            return;
        };
        let to_host = self.peer_host(id);
        let size = match &segment {
            Segment::Data(bytes) => bytes.len(),
            _ => 40,
        };
        let (mut takes, is_lost) =
            self.links
                .journey(&mut self.random, self.now, (from_host, to_host), size);
        if is_lost {
            self.faults.push("lost segment");
            takes += RESEND << self.random.below(3);
        }
        let end = self.endpoints.get_mut(&id).expect("looked up above");
        end.arrives = end.arrives.max(now.saturating_add(takes));
        let after = end.arrives - now;
        self.outbox.push((
            after,
            Delivery::Segment {
                from: id,
                to,
                hosts: (from_host, to_host),
                segment,
            },
        ));
    }

    fn peer_host(&self, id: EndpointId) -> crate::ids::HostId {
        let end = &self.endpoints[&id];
        let route = end
            .remote
            .ip()
            .and_then(|ip| self.links.route(end.host, ip));
        route.unwrap_or(end.host)
    }

    /// A segment's time has come.
    pub(crate) fn segment_arrives(
        &mut self,
        from: EndpointId,
        to: EndpointId,
        hosts: (crate::ids::HostId, crate::ids::HostId),
        segment: Segment,
    ) {
        let is_open = self.links.is_open(hosts.0, hosts.1);
        let Some(sender) = self.endpoints.get_mut(&from) else {
            // Nobody is left who would send it again.
            if is_open {
                self.arrive(from, to, segment);
            }
            return;
        };
        if is_open && sender.stalled.is_empty() {
            self.arrive(from, to, segment);
            return;
        }
        if matches!(segment, Segment::Reset) {
            return;
        }
        if sender.stalled.is_empty() {
            self.outbox.push((RESEND, Delivery::Resend { from }));
        }
        sender.stalled.push_back(segment);
    }

    /// What did not get through is sent again.
    pub(crate) fn resend(&mut self, from: EndpointId) {
        let Some(sender) = self.endpoints.get_mut(&from) else {
            return;
        };
        if sender.is_broken {
            sender.stalled.clear();
            return;
        }
        let host = sender.host;
        let to_host = self.peer_host(from);
        let is_open = self.links.is_open(host, to_host);
        self.faults.push("resent segment");
        let sender = self.endpoints.get_mut(&from).expect("looked up above");
        if is_open {
            sender.tries = 0;
            for segment in std::mem::take(&mut sender.stalled) {
                self.transmit(from, segment);
            }
            return;
        }
        sender.tries += 1;
        if sender.tries > TRIES {
            self.break_off(from, Errno(libc::ETIMEDOUT));
            return;
        }
        let after = (RESEND << sender.tries.min(20)).min(LONGEST);
        self.outbox.push((after, Delivery::Resend { from }));
    }

    /// A segment reaches its end.
    fn arrive(&mut self, from: EndpointId, to: EndpointId, segment: Segment) {
        let Some(end) = self.endpoints.get_mut(&to) else {
            if !matches!(segment, Segment::Reset | Segment::Window(_)) {
                self.refuse(from);
            }
            return;
        };
        match segment {
            Segment::Data(bytes) => {
                if end.object.is_none() && end.is_read_shut {
                    // Closed here: data that come now are refused.
                    self.endpoints.remove(&to);
                    self.refuse(from);
                    return;
                }
                if !end.is_read_shut {
                    end.received.extend(bytes);
                } else {
                    let count = bytes.len();
                    self.transmit(to, Segment::Window(count));
                }
            }
            Segment::Fin => end.is_finished = true,
            Segment::Window(room) => end.outstanding = end.outstanding.saturating_sub(room),
            Segment::Reset => {
                self.break_off(to, Errno(libc::ECONNRESET));
                return;
            }
        }
        self.changed
            .extend(self.endpoints.get(&to).and_then(|end| end.object));
        self.forget_if_over(to);
    }

    /// There is no such connection any more: the sender sees a reset.
    fn refuse(&mut self, from: EndpointId) {
        let Some(sender) = self.endpoints.get(&from) else {
            return;
        };
        let host = sender.host;
        let to_host = self.peer_host(from);
        let (takes, _lost) = self
            .links
            .journey(&mut self.random, self.now, (to_host, host), 40);
        let (hosts, segment) = ((to_host, host), Segment::Reset);
        self.outbox.push((
            takes,
            Delivery::Segment {
                from: EndpointId(u64::MAX),
                to: from,
                hosts,
                segment,
            },
        ));
    }

    /// The connection is gone, and the program sees why.
    pub(crate) fn break_off(&mut self, id: EndpointId, error: Errno) {
        let Some(end) = self.endpoints.get_mut(&id) else {
            return;
        };
        if end.object.is_none() {
            self.endpoints.remove(&id);
            return;
        }
        end.is_broken = true;
        self.faults.push("broken connection");
        end.stalled.clear();
        // What had come before can still be read.
        if !(end.is_finished && end.is_write_shut) {
            end.error = Some(error);
        }
        self.changed.extend(end.object);
    }
}
