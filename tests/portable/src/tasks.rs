//! Tasks.

use std::future::pending;

use selkie::task::{JoinSet, spawn, spawn_blocking, yield_now};

pub(crate) async fn return_values() {
    let mut set = JoinSet::new();
    for number in 0..200_u64 {
        set.spawn(async move {
            yield_now().await;
            number * number
        });
    }
    let mut sum = 0;
    while let Some(square) = set.join_next().await {
        sum += square.expect("no panic");
    }
    assert_eq!(sum, (0..200).map(|number| number * number).sum::<u64>());
}

pub(crate) async fn panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let ended = spawn(async { panic!("on purpose") }).await;
    std::panic::set_hook(hook);
    assert!(ended.expect_err("it panicked").is_panic());
    assert_eq!(spawn(async { 5 }).await.expect("others go on"), 5);
}

pub(crate) async fn aborted() {
    let task = spawn(pending::<()>());
    yield_now().await;
    task.abort();
    assert!(task.await.expect_err("it was aborted").is_cancelled());
}

pub(crate) async fn blocking() {
    let tasks: Vec<_> = (0..8)
        .map(|number| spawn_blocking(move || number * 2))
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.expect("no panic"), number * 2);
    }
}

/// What a crate does that knows the core alone.
pub(crate) async fn portable() {
    let (sender, mut receiver) = selkie::sync::mpsc::channel(1);
    selkie_core::spawn(async move {
        selkie_core::time::sleep(std::time::Duration::from_millis(2)).await;
        sender.send(3).await.expect("the receiver waits");
    })
    .expect("the runtime spawns");
    assert_eq!(receiver.recv().await, Some(3));
}
