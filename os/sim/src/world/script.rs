//! The world as its script sees it.

use std::time::Duration;

use super::handle::{Host, HostBuilder};
use crate::host::HostState;
use crate::ids::HostId;
use crate::kernel::{add_invariant, read};
use crate::network::Link;

/// The simulated world: its hosts, its links, its time.
#[derive(Debug, Clone)]
pub struct World {
    _private: (),
}

impl World {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }

    /// A new host with this name, which other hosts find it by.
    pub fn host(&self, name: &str) -> HostBuilder {
        let id = read(|state| {
            let id = HostId(state.hosts.len());
            let mut host = HostState::new(name, &state.entropy);
            let ip = std::net::Ipv4Addr::from(0x0a00_0000 + 0x0001_0000 + id.0 as u32).into();
            host.addresses.push(ip);
            state.network.links.add_address(ip, id);
            state.hosts.push(host);
            id
        });
        HostBuilder::new(id)
    }

    /// Waits, in the world's time.
    pub async fn sleep(&self, time: Duration) {
        selkie::time::sleep(time).await;
    }

    /// The time since the simulation began.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(read(|state| state.now))
    }

    /// Nothing gets through between two hosts, in neither direction.
    pub fn partition(&self, one: &Host, two: &Host) {
        self.partition_one_way(one, two);
        self.partition_one_way(two, one);
    }

    /// Nothing gets through from one host to another; the other direction stays.
    pub fn partition_one_way(&self, from: &Host, to: &Host) {
        read(|state| {
            state.network.links.cut(from.id, to.id);
            let (from, to) = (&state.hosts[from.id.0].name, &state.hosts[to.id.0].name);
            state.trace.cover("partition");
            let what = format!("partition from {from} to {to}");
            state.note(what);
        });
    }

    /// What is sent between two hosts gets through again.
    pub fn heal(&self, one: &Host, two: &Host) {
        read(|state| {
            state.network.links.heal(one.id, two.id);
            state.network.links.heal(two.id, one.id);
            let (one, two) = (&state.hosts[one.id.0].name, &state.hosts[two.id.0].name);
            let what = format!("heal between {one} and {two}");
            state.note(what);
        });
    }

    /// What is sent gets through again, everywhere.
    pub fn heal_all(&self) {
        read(|state| {
            state.network.links.heal_all();
            state.note("heal all");
        });
    }

    /// How links behave for which nothing else is said.
    pub fn default_link(&self, link: Link) {
        read(|state| state.network.links.set_default(link));
    }

    /// How the link between two hosts behaves, in both directions.
    pub fn link(&self, one: &Host, two: &Host, link: &Link) {
        read(|state| {
            state.network.links.set(one.id, two.id, link.clone());
            state.network.links.set(two.id, one.id, link.clone());
            let (one, two) = (&state.hosts[one.id.0].name, &state.hosts[two.id.0].name);
            state.trace.cover("changed link");
            let what = format!("link between {one} and {two}: {link}");
            state.note(what);
        });
    }

    /// The link between two hosts behaves as links do for which nothing is said.
    pub fn reset_link(&self, one: &Host, two: &Host) {
        read(|state| {
            state.network.links.reset(one.id, two.id);
            state.network.links.reset(two.id, one.id);
            let (one, two) = (&state.hosts[one.id.0].name, &state.hosts[two.id.0].name);
            let what = format!("link between {one} and {two} as others");
            state.note(what);
        });
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// If it does not within `limit`: what must happen in the end has not.
    pub async fn eventually(
        &self,
        limit: Duration,
        what: &str,
        mut condition: impl FnMut() -> bool,
    ) {
        let end = self.now() + limit;
        while !condition() {
            assert!(self.now() < end, "not within {limit:?}: {what}");
            self.sleep(Duration::from_millis(10)).await;
        }
    }

    /// `holds` is asked after every step of every thread: what it says is wrong ends the run. It must not take a lock that
    /// somebody keeps over a call of the system.
    pub fn always(&self, what: &str, holds: impl FnMut() -> Result<(), String> + Send + 'static) {
        add_invariant(what, holds);
    }

    /// A line for the trace.
    pub fn note(&self, what: &str) {
        read(|state| state.note(what));
    }
}
