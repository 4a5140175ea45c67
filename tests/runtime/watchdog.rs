//! The watchdog names the task that blocks its worker, once.

use std::sync::mpsc;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::task;

use crate::flavors::both;

const THRESHOLD: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_long_poll_is_reported_once_with_task_name_and_place() {
    let (report, reports) = mpsc::channel();
    let runtimes = both(|builder| {
        let report = report.clone();
        builder.watchdog_with(THRESHOLD, move |stalled| {
            let _gone = report.send(stalled.clone());
        });
    });
    for runtime in runtimes {
        let (release, released) = mpsc::channel();
        let line = line!() + 3;
        let stuck = task::Builder::new()
            .name("stuck")
            .spawn_on(
                async move { released.recv_timeout(LONG).unwrap() },
                runtime.handle(),
            )
            .unwrap();
        let id = stuck.id();
        let joined = std::thread::scope(|scope| {
            let driver = scope.spawn(|| runtime.block_on(stuck));
            let stalled = reports.recv_timeout(LONG).unwrap();
            assert_eq!(stalled.task_id(), Some(id));
            assert_eq!(stalled.task_name(), Some("stuck"));
            assert_eq!(stalled.spawned_at().file(), file!());
            assert_eq!(stalled.spawned_at().line(), line);
            assert!(stalled.duration() >= THRESHOLD);
            assert!(stalled.worker().unwrap() < runtime.metrics().num_workers());
            assert_eq!(runtime.metrics().stalled_poll_count(), 1);
            assert!(runtime.metrics().longest_stalled_poll() >= THRESHOLD);
            // Several looks later there is no second report.
            assert!(reports.recv_timeout(3 * THRESHOLD).is_err());
            release.send(()).unwrap();
            driver.join().unwrap()
        });
        joined.unwrap();
    }
}

#[test]
fn a_poll_inside_block_in_place_is_not_reported() {
    let (report, reports) = mpsc::channel();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .watchdog_with(THRESHOLD, move |_| report.send(()).unwrap())
        .build()
        .unwrap();
    let task = runtime.spawn(async {
        task::block_in_place(|| std::thread::sleep(4 * THRESHOLD));
        task::spawn_blocking(|| std::thread::sleep(4 * THRESHOLD))
            .await
            .unwrap();
    });
    runtime.block_on(task).unwrap();
    drop(runtime);
    assert!(reports.try_recv().is_err());
}

#[test]
#[should_panic(expected = "above zero")]
fn a_threshold_of_zero_is_refused() {
    Builder::new_current_thread().watchdog(Duration::ZERO);
}
