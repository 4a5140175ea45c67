//! Local connections: what is sent is there at once, and an end that closes is noticed at once.

use super::endpoint::{PassedObjects, WINDOW};
use super::network::Network;
use crate::errno::Errno;
use crate::ids::{EndpointId, ObjectId};

impl Network {
    /// Sends what there is room for to the other end, and objects with it.
    pub(crate) fn send_local(
        &mut self,
        id: EndpointId,
        bytes: &[u8],
        objects: &mut Vec<ObjectId>,
    ) -> Result<usize, Errno> {
        let end = self.endpoints.get_mut(&id).ok_or(Errno(libc::EPIPE))?;
        if end.is_write_shut {
            return Err(Errno(libc::EPIPE));
        }
        let room = WINDOW.saturating_sub(end.outstanding);
        if bytes.is_empty() {
            return Ok(0);
        }
        if room == 0 {
            return Err(Errno(libc::EAGAIN));
        }
        let count = room.min(bytes.len());
        end.outstanding += count;
        let begin = end.sent;
        end.sent += count as u64;
        let (end_at, peer) = (end.sent, end.peer);
        let peer = peer.and_then(|peer| self.endpoints.get_mut(&peer));
        let peer = peer.ok_or(Errno(libc::EPIPE))?;
        peer.received.extend(&bytes[..count]);
        if !objects.is_empty() {
            let objects = std::mem::take(objects);
            let end = end_at;
            peer.passed.push_back(PassedObjects {
                begin,
                end,
                objects,
            });
        }
        self.changed.extend(peer.object);
        Ok(count)
    }

    /// Receives what is there, up to the end of bytes that objects were passed with; these objects, too.
    pub(crate) fn receive_local(
        &mut self,
        id: EndpointId,
        room: &mut [u8],
        peeks: bool,
    ) -> (usize, Vec<ObjectId>) {
        let end = self.endpoints.get_mut(&id).expect("it has bytes");
        let mut count = room.len().min(end.received.len());
        if let Some(passed) = end.passed.front() {
            let until = usize::try_from(passed.end - end.read).unwrap_or(usize::MAX);
            count = count.min(until);
        }
        for (to, from) in room.iter_mut().zip(end.received.iter().take(count)) {
            *to = *from;
        }
        if peeks {
            return (count, Vec::new());
        }
        end.received.drain(..count);
        end.read += count as u64;
        let read = end.read;
        // A call for no bytes gets objects all the same.
        let until = read + u64::from(room.is_empty());
        let next = end.passed.front();
        let is_passed = next.is_some_and(|passed| passed.begin < until);
        let passed = if is_passed {
            end.passed.pop_front()
        } else {
            None
        };
        if let Some(peer) = end.peer.and_then(|peer| self.endpoints.get_mut(&peer)) {
            peer.outstanding -= count;
            self.changed.extend(peer.object);
        }
        (count, passed.map_or_else(Vec::new, |passed| passed.objects))
    }

    /// Ends one direction or both: the other end sees it.
    pub(super) fn shut_down_local(&mut self, id: EndpointId, read: bool, write: bool) {
        let Some(end) = self.endpoints.get_mut(&id) else {
            return;
        };
        end.is_read_shut |= read;
        end.is_write_shut |= write;
        let peer = end.peer;
        self.changed.extend(end.object);
        if let Some(peer) = peer.and_then(|peer| self.endpoints.get_mut(&peer)) {
            peer.is_finished |= write;
            peer.is_write_shut |= read;
            self.changed.extend(peer.object);
        }
    }

    /// The program has closed its end: the other end sees a reset if there were bytes that nobody has read, or nobody took it.
    pub(super) fn close_local(&mut self, id: EndpointId, is_reset: bool) {
        let Some(end) = self.endpoints.remove(&id) else {
            return;
        };
        let is_reset = is_reset || !end.received.is_empty();
        for passed in end.passed {
            self.dropped.extend(passed.objects);
        }
        let Some(peer) = end.peer.and_then(|peer| self.endpoints.get_mut(&peer)) else {
            return;
        };
        peer.is_finished = true;
        peer.is_write_shut = true;
        if is_reset {
            peer.error = Some(Errno(libc::ECONNRESET));
        }
        self.changed.extend(peer.object);
    }
}
