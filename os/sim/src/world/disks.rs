//! The disks of hosts, as the script sees them.

use super::handle::{Host, HostBuilder};
use crate::disk::{Fault, Profile};
use crate::kernel::read;

impl HostBuilder {
    /// What may happen to its disk, and how often. If nothing is said the disk is [calm](Profile::calm).
    #[must_use]
    pub fn disk(self, profile: Profile) -> Self {
        read(|state| state.hosts[self.id.0].disk.set_profile(profile));
        self
    }
}

impl Host {
    /// What may happen to its disk from now on, and how often.
    pub fn disk(&self, profile: Profile) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.note(format_args!("other disk profile for {name}"));
            state.hosts[self.id.0].disk.set_profile(profile);
        });
    }

    /// Its disk has room for so many bytes. What it has already stays; writing more fails with `ENOSPC`.
    pub fn disk_capacity(&self, bytes: u64) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.note(format_args!("disk of {name} has {bytes} bytes"));
            let disk = &mut state.hosts[self.id.0].disk;
            let capacity = bytes;
            disk.set_profile(Profile {
                capacity,
                ..disk.profile()
            });
        });
    }

    /// Operations of its disk fail.
    pub fn fail_disk(&self, fault: Fault) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.note(format_args!("disk of {name} will fail: {fault:?}"));
            state.hosts[self.id.0].disk.inject(fault);
        });
    }

    /// Operations of its disk do not fail any more, but for those that fail by its profile.
    pub fn heal_disk(&self) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.note(format_args!("disk of {name} is healed"));
            state.hosts[self.id.0].disk.clear_faults();
        });
    }

    /// Bytes that the files on its disk take, and how many it has room for.
    pub fn disk_usage(&self) -> (u64, u64) {
        read(|state| state.hosts[self.id.0].disk.usage())
    }
}
