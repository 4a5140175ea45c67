//! What is lost when the power of a host is cut.

use super::state::State;

impl State {
    /// All objects of `host` are gone, as when its power is cut.
    pub(crate) fn lose_objects(&mut self, host: crate::ids::HostId) {
        self.network.crash(host);
        let lost = self.objects.of(host);
        self.descriptors.forget(&lost);
        for id in lost {
            self.objects.remove(id);
        }
        self.settle();
    }
}
