#[selkie::main(flavor = "current_thread", worker_threads = 4)]
async fn threads_without_a_pool() {}

#[selkie::main]
fn not_async() {}

#[selkie::test(flavor = "sea")]
async fn no_such_flavor() {}

#[selkie::main(start_paused = true)]
async fn paused_with_threads() {}

#[selkie::main(threads = 4)]
async fn no_such_option() {}

#[selkie::main(worker_threads = 0)]
async fn no_threads() {}

#[selkie::test(start_paused)]
async fn no_value() {}

#[selkie::test(unhandled_panic = "hide", flavor = "current_thread")]
async fn no_such_policy() {}

#[selkie::main(flavor = "multi_thread", unhandled_panic = "shutdown_runtime")]
async fn policy_with_threads() {}

#[selkie::main(flavor = "local", worker_threads = 2)]
async fn local_with_threads() {}

#[selkie::test(flavor = "local", flavor = "local")]
async fn twice() {}

fn main() {}
