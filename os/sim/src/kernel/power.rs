//! What is lost when the power of a host is cut.

use super::state::State;
use crate::ids::HostId;

impl State {
    /// The program of `host` has ended, and how: its threads never run again.
    pub(crate) fn end_program(&mut self, host: HostId, how: Result<(), String>) {
        let said = match &how {
            Ok(()) => String::from("ended"),
            Err(why) => format!("ended: {why}"),
        };
        self.trace
            .note(self.now, (host, &self.hosts[host.0].name), said);
        let host_state = &mut self.hosts[host.0];
        host_state.ended = Some(how);
        host_state.is_up = false;
        host_state.directory = None;
        self.freeze(host);
        self.end_mappings(host);
        self.close_objects(host);
    }

    /// The objects of a program that has ended are closed, as the system does.
    fn close_objects(&mut self, host: HostId) {
        let own = self.objects.of(host);
        self.descriptors.forget(&own);
        self.network.now = self.now;
        for id in own {
            if let Some(open) = self.objects.find(id) {
                open.references = 1;
            }
            self.release(id);
        }
    }

    /// All objects of `host` are gone, as when its power is cut.
    pub(crate) fn lose_objects(&mut self, host: HostId) {
        self.end_mappings(host);
        self.network.crash(host);
        let lost = self.objects.of(host);
        self.descriptors.forget(&lost);
        for id in lost {
            self.objects.remove(id);
        }
        self.lose_pipes();
        self.settle();
        self.crash_disk(host);
    }
}
