//! A report of the watchdog is an event, too, with the task and the calls that it is in.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[inline(never)]
fn computes_until(is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}

#[test]
fn a_stalled_poll_is_an_event_with_task_and_stack() {
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    // The watchdog has a thread of its own.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let reported = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&reported);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .watchdog_with(Duration::from_millis(20), move |_| {
            over.store(true, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let id = runtime.block_on(async {
        let task = tokio::spawn(async move { computes_until(&reported) });
        let id = task.id();
        task.await.unwrap();
        id
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("WARN selkie::watchdog: a poll has not returned"),
        "{log}"
    );
    for field in [
        "worker=0",
        &format!("task.id={id}"),
        "duration_ms=",
        "loc.file=",
    ] {
        assert!(log.contains(field), "{log}");
    }
    assert!(log.contains("stalled_polls.rs"), "{log}");
    if cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        assert!(log.contains("computes_until"), "{log}");
    }
}
