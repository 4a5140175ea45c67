//! A fault that is found: a task that blocks its worker, reported by the watchdog; and a dump of where the others wait.
//!
//! ```sh
//! cargo run -p selkie-examples --bin watchdog_report
//! ```

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use selkie::runtime::{Builder, Handle};

/// Polls that last longer are reported.
const TOO_LONG: Duration = Duration::from_millis(50);

async fn wait_for_a_day() {
    selkie::time::sleep(Duration::from_secs(24 * 3600)).await;
}

fn main() -> io::Result<()> {
    let (report, reports) = mpsc::channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .watchdog_with(TOO_LONG, move |poll| {
            // A program would log this.
            let _gone = report.send(poll.to_string());
        })
        .build()?;
    let stuck = runtime.spawn(async {
        // The fault: this sleeps with the whole worker, where `selkie::time::sleep` would let others run.
        std::thread::sleep(4 * TOO_LONG);
    });
    let report = reports
        .recv()
        .expect("the watchdog looks four times a threshold");
    println!("watchdog: {report}");

    runtime.block_on(async {
        stuck.await.expect("it ends");
        let waiting = selkie::task::Builder::new()
            .name("patient")
            .spawn(wait_for_a_day())?;
        selkie::task::yield_now().await;
        let dump = Handle::current().dump().await;
        for task in dump.tasks().iter().filter(|task| task.id() == waiting.id()) {
            println!("task {}:\n{}", task.id(), task.trace());
        }
        waiting.abort();
        Ok(())
    })
}
