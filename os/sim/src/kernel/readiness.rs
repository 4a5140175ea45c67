//! What objects are ready for, and who is notified when that changes.

use super::channel::Channel;
use super::object::Object;
use super::state::State;
use crate::ids::ObjectId;

impl State {
    /// A descriptor for a new object of the running thread's host; the `flags` are `O_NONBLOCK` and `O_CLOEXEC`, which each call
    /// has under a name of its own.
    pub(crate) fn open(&mut self, object: Object, flags: i32) -> i32 {
        let host = self.host();
        let id = self
            .objects
            .add(host, object, flags & libc::O_NONBLOCK != 0);
        let descriptor = self.descriptors.add(id, 0);
        self.descriptors
            .set_cloexec(descriptor, flags & libc::O_CLOEXEC != 0);
        descriptor
    }

    /// What `epoll` says of an object now.
    pub(crate) fn readiness(&mut self, id: ObjectId) -> u32 {
        let Some(open) = self.objects.find(id) else {
            return 0;
        };
        match &open.object {
            Object::Counter { value, .. } => {
                let readable = if *value > 0 { libc::EPOLLIN } else { 0 };
                let writable = if *value < u64::MAX - 1 {
                    libc::EPOLLOUT
                } else {
                    0
                };
                (readable | writable) as u32
            }
            &Object::Pipe { pipe, is_writer } => self.pipe_readiness(pipe, is_writer),
            Object::Poller(_) => {
                let ready = self.is_poller_ready(id);
                if ready { libc::EPOLLIN as u32 } else { 0 }
            }
            Object::Socket => (libc::EPOLLOUT | libc::EPOLLWRNORM | libc::EPOLLHUP) as u32,
            Object::Stream(end) => {
                let end = self.network.endpoints.get(end);
                end.map_or(
                    (libc::EPOLLHUP | libc::EPOLLIN | libc::EPOLLOUT) as u32,
                    |end| end.readiness(),
                )
            }
            Object::Listener => {
                let waits = self
                    .network
                    .listeners
                    .get(&id)
                    .is_some_and(|at| !at.queue.is_empty());
                if waits { libc::EPOLLIN as u32 } else { 0 }
            }
            // Never waited for: they cannot be watched.
            Object::File(_) | Object::Entropy => (libc::EPOLLIN | libc::EPOLLOUT) as u32,
            Object::Datagram => self
                .network
                .datagrams
                .get(&id)
                .map_or(0, |socket| socket.readiness()),
        }
    }

    /// The object may have become ready: whoever waits for it looks again.
    pub(crate) fn changed(&mut self, id: ObjectId) {
        let Some(open) = self.objects.find(id) else {
            return;
        };
        open.changes += 1;
        let watchers = open.watchers.clone();
        self.wake(Channel::Object(id));
        for poller in watchers {
            self.changed(poller);
        }
    }

    /// One descriptor less stands for the object.
    pub(crate) fn release(&mut self, id: ObjectId) {
        let Some(open) = self.objects.find(id) else {
            return;
        };
        open.references -= 1;
        if open.references > 0 {
            return;
        }
        let open = self.objects.remove(id).expect("looked up above");
        self.network.now = self.now;
        let is_reset = open.is_reset_at_close();
        for poller in open.watchers {
            self.unwatch(poller, id);
        }
        self.network.bound.remove(&id);
        self.network.nodes.remove(&id);
        match open.object {
            // As SO_LINGER says with no time to linger.
            Object::Stream(end) if is_reset => self.network.reset(end),
            Object::Stream(end) => self.network.close_endpoint(end),
            Object::Pipe { pipe, is_writer } => self.close_pipe(pipe, is_writer),
            Object::Listener => self.network.close_listener(id),
            Object::Datagram => self.network.close_datagram(id),
            Object::Poller(poller) => {
                for watched in poller.watched() {
                    if let Some(open) = self.objects.find(watched) {
                        open.watchers.retain(|&other| other != id);
                    }
                }
            }
            Object::File(file) => self.close_file(open.host, file),
            Object::Counter { .. } | Object::Socket | Object::Entropy => (),
        }
        self.settle();
    }
}
