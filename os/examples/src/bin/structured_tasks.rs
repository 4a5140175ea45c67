//! Tasks that belong together: the first error stops the others, and nobody goes on behind the caller's back.
//!
//! ```sh
//! cargo run -p selkie-examples --bin structured_tasks
//! ```

use std::time::Duration;

use selkie::task::scope;
use selkie::time::sleep;

/// Says when it goes, however it ends.
struct Part(&'static str);

impl Drop for Part {
    fn drop(&mut self) {
        println!("{} has ended", self.0);
    }
}

async fn fetch(name: &'static str, takes: Duration, fails: bool) -> Result<usize, String> {
    let _part = Part(name);
    sleep(takes).await;
    if fails {
        Err(format!("{name} has failed"))
    } else {
        Ok(name.len())
    }
}

/// The sum of two lengths, fetched side by side.
async fn sum(second_fails: bool) -> Result<usize, String> {
    scope(move |scope| async move {
        let first = scope.spawn(fetch("first", Duration::from_millis(20), false));
        let second = scope.spawn(fetch("second", Duration::from_millis(5), second_fails));
        // A stopped task has no result; then this body is stopped, too.
        let first = first.await.expect("no task panics").unwrap_or_default();
        let second = second.await.expect("no task panics").unwrap_or_default();
        Ok(first + second)
    })
    .await
}

#[selkie::main]
async fn main() {
    println!("{:?}", sum(false).await);
    // The first is stopped in its sleep, and has ended before the scope is ready.
    println!("{:?}", sum(true).await);
}
