//! Plays the hardware: interrupts are calls, and tasks are polled when they are woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use selkie_heapless::calibration::Calibration;
use selkie_heapless::{
    adc, battery, bus, calibration, dma, link, messages, serial, settings, start,
};

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A task that runs only when it was woken, as on a chip.
struct Task<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Flag>,
}

impl<'a, T> Task<'a, T> {
    fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            woken: Arc::new(Flag(AtomicBool::new(true))),
        }
    }

    /// Runs until it waits or ends.
    fn run(&mut self) -> Option<T> {
        let waker = Waker::from(self.woken.clone());
        while self.woken.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(output) = self.future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Some(output);
            }
        }
        None
    }
}

#[test]
fn bytes_become_lines_and_overruns_are_counted() {
    let mut line = [0; 8];
    let mut reader = Task::new(serial::read_line(&mut line));
    assert_eq!(reader.run(), None);
    b"selk".iter().copied().for_each(serial::on_receive);
    assert_eq!(reader.run(), None);
    b"ie\nnext".iter().copied().for_each(serial::on_receive);
    assert_eq!(reader.run(), Some(&b"selkie"[..]));
    drop(reader);
    // Four bytes stand in the queue of 64 already.
    (0..61).for_each(|_| serial::on_receive(b'.'));
    assert_eq!(serial::overruns(), 1);
}

#[test]
fn only_the_latest_sample_counts() {
    let mut task = Task::new(adc::mean(2));
    assert_eq!(task.run(), None);
    adc::on_conversion(1);
    adc::on_conversion(100);
    assert_eq!(task.run(), None);
    adc::on_conversion(200);
    assert_eq!(task.run(), Some(150));
}

#[test]
fn everyone_sees_the_battery_go_empty() {
    let mut shown = Vec::new();
    let mut display = Task::new(battery::show(|millivolts| shown.push(millivolts)));
    let mut guard = Task::new(battery::empty(3000));
    let (mut seen, mut ends) = (0, None);
    for millivolts in [3700, 3701, 3699, 3300, 2900, 2800] {
        seen += usize::from(display.run().is_none());
        ends = ends.or(guard.run());
        battery::on_measured(millivolts);
    }
    ends = ends.or(guard.run());
    assert!(display.run().is_none());
    drop(display);
    assert_eq!((seen, ends), (6, Some(2900)));
    assert_eq!(shown, [0, 3700, 3300, 2900, 2800]);
}

#[test]
fn a_transfer_keeps_the_bus() {
    let mut writer = Task::new(bus::write(3, 42));
    let mut reader = Task::new(bus::read(3));
    assert!(writer.run().is_none() && reader.run().is_none());
    assert_eq!(bus::transfers(), None, "the bus is locked");
    bus::on_transfer_done();
    assert_eq!(writer.run(), Some(()));
    assert!(reader.run().is_none());
    bus::on_transfer_done();
    assert_eq!(reader.run(), Some(42));
    drop((writer, reader));
    assert_eq!(bus::transfers(), Some(2));
}

#[test]
fn a_third_copy_waits_for_a_channel() {
    let mut targets = [[0; 4]; 3];
    let mut tasks: Vec<_> = targets
        .iter_mut()
        .map(|to| Task::new(dma::copy(b"copy", to)))
        .collect();
    assert!(tasks.iter_mut().all(|task| task.run().is_none()));
    assert_eq!(dma::free_channels(), 0);
    for done in 0..3 {
        dma::on_copied();
        let ended: Vec<_> = tasks.iter_mut().map(|task| task.run().is_some()).collect();
        assert!(ended[done], "in the order they asked");
    }
    drop(tasks);
    assert_eq!(dma::free_channels(), dma::CHANNELS);
    assert_eq!(targets, [*b"copy"; 3]);
}

#[test]
fn settings_change_as_a_whole() {
    let mut change = Task::new(settings::change(|settings| {
        settings.brightness = 10;
        settings.dark_after_seconds = 5;
    }));
    assert_eq!(change.run(), Some(()));
    let now = Task::new(settings::current()).run().unwrap();
    assert_eq!((now.brightness, now.dark_after_seconds), (10, 5));
}

#[test]
fn the_calibration_is_loaded_once() {
    let loads = AtomicBool::new(false);
    let load = || async {
        assert!(!loads.swap(true, Ordering::SeqCst), "loaded twice");
        Calibration {
            offset: -3,
            gain: 2000,
        }
    };
    assert_eq!(Task::new(calibration::corrected(10, load)).run(), Some(17));
    assert_eq!(Task::new(calibration::corrected(20, load)).run(), Some(37));
}

#[test]
fn the_first_fix_counts() {
    let mut clock = Task::new(calibration::first_fix());
    assert_eq!(clock.run(), None);
    calibration::on_fix(1_000);
    calibration::on_fix(2_000);
    assert_eq!(clock.run(), Some(1_000));
}

#[test]
fn nobody_measures_before_all_are_ready() {
    let mut sensors: Vec<_> = (0..start::SENSORS)
        .map(|_| Task::new(start::ready(async {})))
        .collect();
    let last = sensors.len() - 1;
    assert!(sensors[..last].iter_mut().all(|task| task.run().is_none()));
    assert_eq!(sensors[last].run(), Some(true));
    assert!(
        sensors[..last]
            .iter_mut()
            .all(|task| task.run() == Some(false))
    );
}

#[test]
fn samples_come_in_batches_and_lines_are_sent_whole() {
    let mut summary = Task::new(messages::summarise());
    assert!(summary.run().is_none());
    // The sixteen that fit, and one past them.
    for sample in 0..16 {
        assert!(messages::on_sample(sample * 100));
    }
    assert!(!messages::on_sample(9), "a sample past the limit was taken");
    assert!(summary.run().is_none());
    let mut line = Task::new(messages::next_line());
    assert_eq!(line.run().as_deref(), Some("8 samples, mean 350"));
    let mut line = Task::new(messages::next_line());
    assert_eq!(line.run().as_deref(), Some("8 samples, mean 1150"));
}

#[test]
fn a_name_that_fits_arrives_and_a_longer_one_is_refused() {
    let mut name = Task::new(messages::renamed());
    assert!(name.run().is_none());
    assert!(!messages::rename("thirteen byte"));
    assert!(name.run().is_none());
    assert!(messages::rename("twelve bytes"));
    assert_eq!(name.run().as_deref(), Some("twelve bytes"));
}

#[test]
fn a_radio_does_whatever_comes_first() {
    let mut link_task = Task::new(link::run());
    assert_eq!(link_task.run(), None);
    link::send(1).unwrap();
    link::send(2).unwrap();
    link::on_heard(40);
    assert_eq!(link_task.run(), None);
    link::on_heard(2);
    assert_eq!(link_task.run(), None);
    link::on_button();
    assert_eq!(link_task.run(), Some(link::Log { sent: 2, heard: 42 }));
    // From the top: what is heard comes first, and what waits to be sent goes on waiting.
    link::send(3).unwrap();
    link::on_heard(4);
    assert_eq!(Task::new(link::run_once(false)).run(), Some(Some(4)));
    assert_eq!(Task::new(link::run_once(true)).run(), None);
    assert_eq!(Task::new(link::run_once(false)).run(), Some(None));
}

#[test]
fn self_tests_run_side_by_side() {
    use std::future::{pending, ready};
    assert_eq!(
        Task::new(link::test_both(ready(1), ready(2))).run(),
        Some(3)
    );
    assert_eq!(
        Task::new(link::test_until_error(ready(Ok(1)), ready(Ok(2)))).run(),
        Some(Ok(3))
    );
    // The other one never ends.
    assert_eq!(
        Task::new(link::test_until_error(pending(), ready(Err("no antenna")))).run(),
        Some(Err("no antenna"))
    );
}
