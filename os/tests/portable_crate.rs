//! A crate that depends on the core alone works when a hosted runtime runs it.

use std::time::Duration;

use selkie_core::executor::Refusal;
use selkie_core::sync::FixedChannel;

/// Such a crate: it spawns, sleeps and sends, and names no runtime.
async fn count(numbers: &'static FixedChannel<u32, 4>) {
    for number in 0..10 {
        selkie_core::time::sleep(Duration::from_millis(1)).await;
        selkie_core::spawn(async move { numbers.send(number).await }).expect("an executor");
    }
}

async fn sum(numbers: &FixedChannel<u32, 4>) -> u32 {
    let mut sum = 0;
    for _ in 0..10 {
        sum += numbers.recv().await;
    }
    sum
}

#[test]
fn a_crate_of_the_core_runs_on_one_thread() {
    static NUMBERS: FixedChannel<u32, 4> = FixedChannel::new();
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.spawn(count(&NUMBERS));
    assert_eq!(runtime.block_on(sum(&NUMBERS)), 45);
}

#[test]
fn a_crate_of_the_core_runs_on_many_threads() {
    static NUMBERS: FixedChannel<u32, 4> = FixedChannel::new();
    let runtime = selkie::runtime::Runtime::new().expect("a runtime");
    runtime.spawn(count(&NUMBERS));
    assert_eq!(runtime.block_on(sum(&NUMBERS)), 45);
}

#[test]
fn outside_a_runtime_the_future_comes_back() {
    let refused = selkie_core::spawn(async {}).expect_err("nothing runs here");
    assert_eq!(refused.refusal, Refusal::Absent);
    let runtime = selkie::runtime::Runtime::new().expect("a runtime");
    let guard = runtime.enter();
    selkie_core::spawn(refused.future).expect("in the runtime's context");
    drop(guard);
    assert!(selkie_core::spawn(async {}).is_err());
}
