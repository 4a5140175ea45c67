//! `epoll`: which of many objects are ready.

use super::interests::{Interest, Poller};
use super::object::Object;
use super::state::State;
use crate::errno::Errno;
use crate::ids::ObjectId;

/// What is reported whether one asks for it or not.
const ALWAYS: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32;

/// Pollers that watch each other in a row at most.
const DEPTH: usize = 5;

impl State {
    /// Whether `object` watches the poller, through others or itself, or so many watch each other that the system refuses it.
    fn is_circle(&mut self, poller: ObjectId, object: ObjectId, depth: usize) -> bool {
        let Some(open) = self.objects.find(object) else {
            return false;
        };
        let Object::Poller(other) = &open.object else {
            return false;
        };
        let watched = other.watched();
        let is_it = object == poller || depth == 0;
        is_it
            || watched
                .into_iter()
                .any(|next| self.is_circle(poller, next, depth - 1))
    }

    fn poller(&mut self, id: ObjectId) -> &mut Poller {
        match &mut self.objects.get(id).object {
            Object::Poller(poller) => poller,
            other => unreachable!("{other:?} is no poller"),
        }
    }

    /// Adds, changes or removes what is watched.
    pub(crate) fn control_poller(
        &mut self,
        id: ObjectId,
        operation: i32,
        descriptor: i32,
        object: ObjectId,
        wanted: Option<(u32, u64)>,
    ) -> Result<(), Errno> {
        let known = (descriptor, object);
        let exists = self.poller(id).interests.contains_key(&known);
        match operation {
            libc::EPOLL_CTL_ADD if exists => return Err(Errno(libc::EEXIST)),
            libc::EPOLL_CTL_MOD | libc::EPOLL_CTL_DEL if !exists => {
                return Err(Errno(libc::ENOENT));
            }
            libc::EPOLL_CTL_DEL => {
                self.poller(id).interests.remove(&known);
                let still = self.poller(id).watched().contains(&object);
                if !still {
                    self.objects
                        .get(object)
                        .watchers
                        .retain(|&other| other != id);
                }
                return Ok(());
            }
            libc::EPOLL_CTL_ADD if self.is_circle(id, object, DEPTH) => {
                return Err(Errno(libc::ELOOP));
            }
            libc::EPOLL_CTL_ADD | libc::EPOLL_CTL_MOD => (),
            _ => return Err(Errno(libc::EINVAL)),
        }
        let (events, data) = wanted.ok_or(Errno(libc::EFAULT))?;
        if operation == libc::EPOLL_CTL_MOD && events & libc::EPOLLEXCLUSIVE as u32 != 0 {
            return Err(Errno(libc::EINVAL));
        }
        let interest = Interest {
            object,
            events: events | ALWAYS,
            data,
            seen: 0,
            is_spent: false,
        };
        self.poller(id).interests.insert(known, interest);
        let watchers = &mut self.objects.get(object).watchers;
        if !watchers.contains(&id) {
            watchers.push(id);
        }
        self.changed(id);
        Ok(())
    }

    /// The object is closed: no poller reports it any more.
    pub(super) fn unwatch(&mut self, poller: ObjectId, object: ObjectId) {
        if let Some(open) = self.objects.find(poller) {
            if let Object::Poller(poller) = &mut open.object {
                poller
                    .interests
                    .retain(|_, interest| interest.object != object);
            }
        }
    }

    fn reported(&mut self, interest: &Interest) -> u32 {
        if interest.is_spent {
            return 0;
        }
        let changes = self
            .objects
            .find(interest.object)
            .map_or(0, |open| open.changes);
        let is_edge = interest.events & libc::EPOLLET as u32 != 0;
        if is_edge && interest.seen >= changes {
            return 0;
        }
        self.readiness(interest.object) & interest.events
    }

    pub(super) fn is_poller_ready(&mut self, id: ObjectId) -> bool {
        let interests: Vec<_> = self.poller(id).interests.values().copied().collect();
        interests
            .iter()
            .any(|interest| self.reported(interest) != 0)
    }

    /// What is ready, in an order that the seed says; `limit` at most.
    pub(crate) fn poll(&mut self, id: ObjectId, limit: usize) -> Vec<(u32, u64)> {
        let mut interests: Vec<_> = self
            .poller(id)
            .interests
            .iter()
            .map(|(&at, &one)| (at, one))
            .collect();
        let mut ready = Vec::new();
        while !interests.is_empty() && ready.len() < limit {
            let at = self.choices.below(interests.len() as u64) as usize;
            let (known, interest) = interests.swap_remove(at);
            let events = self.reported(&interest);
            if events == 0 {
                continue;
            }
            ready.push((events, interest.data));
            let changes = self.objects.get(interest.object).changes;
            if let Some(own) = self.poller(id).interests.get_mut(&known) {
                own.seen = changes;
                own.is_spent = interest.events & libc::EPOLLONESHOT as u32 != 0;
            }
        }
        ready
    }
}
