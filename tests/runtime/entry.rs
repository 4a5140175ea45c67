//! The options of `#[main]` and `#[test]`, and what they do.

use std::rc::Rc;
use std::time::Duration;

use selkie::runtime::{Handle, RuntimeFlavor};
use selkie::task;

#[selkie::test(flavor = "local", name = "mine")]
async fn a_local_test_spawns_what_is_not_send() {
    let word = Rc::new("here");
    let task = task::spawn_local(async move { word.len() });
    assert_eq!(task.await.unwrap(), 4);
    assert_eq!(Handle::current().name(), Some("mine"));
}

#[selkie::test(flavor = "local", start_paused = true)]
async fn a_local_test_may_stop_its_clock() {
    let begun = selkie::time::Instant::now();
    selkie::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(3_600));
}

#[selkie::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_test_has_the_workers_it_asks_for() {
    let handle = Handle::current();
    assert_eq!(handle.runtime_flavor(), RuntimeFlavor::MultiThread);
    assert_eq!(handle.metrics().num_workers(), 3);
}

#[selkie::test(unhandled_panic = "shutdown_runtime")]
#[should_panic(expected = "a spawned task panicked")]
async fn a_test_may_end_with_the_first_panic() {
    task::spawn(async { panic!("on purpose") });
    std::future::pending::<()>().await;
}

#[selkie::test(unhandled_panic = "ignore")]
async fn a_test_may_ignore_panics() {
    let panicked = task::spawn(async { panic!("on purpose") });
    let ended: Result<(), _> = panicked.await;
    assert!(ended.unwrap_err().is_panic());
}

mod renamed_crate {
    pub(super) use selkie as sea;
}

#[selkie::test(crate = "renamed_crate::sea")]
async fn a_crate_may_have_another_name() {
    task::yield_now().await;
}
