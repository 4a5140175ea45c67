//! How programs are run, and what befalls them.

use std::time::Duration;

use selkie_sim::{Builder, Faults, Host, World};

/// The seeds with which each program runs, each three times.
const SEEDS: u64 = 20;

pub(super) fn seeds() -> Builder {
    Builder::new().runs(SEEDS).repeats(3)
}

/// Waits until the program of `host` has ended well.
pub(super) async fn ends(world: &World, host: &Host, limit: Duration) {
    world
        .eventually(limit, "the client ends", || host.ended().is_some())
        .await;
    assert_eq!(host.ended(), Some(Ok(())));
}

/// What befalls hosts for ten seconds: all but crashes, after which what was in memory is gone.
pub(super) async fn disturb(world: &World, hosts: &[&Host]) {
    let faults = Faults::hostile().crashes(0).lasts(Duration::from_secs(2));
    world.faults(&faults, hosts, Duration::from_secs(10)).await;
}
