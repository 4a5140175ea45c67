//! Sensors that need their time to warm up: nobody measures before all are ready.

use selkie_core::sync::Barrier;

/// How many sensors there are.
pub const SENSORS: usize = 3;

static READY: Barrier = Barrier::const_new(SENSORS);

/// Waits for `warm_up` and then for the other sensors. `true` for the one who says so to the user.
pub async fn ready(warm_up: impl Future<Output = ()>) -> bool {
    warm_up.await;
    READY.wait().await.is_leader()
}
