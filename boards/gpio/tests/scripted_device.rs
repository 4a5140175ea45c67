//! The sample driver in a hosted program, on a device that a script moves.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use embedded_hal::digital::InputPin;
use embedded_hal_async::digital::Wait;
use selkie::runtime::Runtime;
use selkie_button::{Button, Press, Timing};
use selkie_core::time::Delay;
use selkie_gpio::{Device, Edge, Line, open};

/// The device: each byte is an edge.
struct ScriptedDevice {
    edges: UnixStream,
    high: Arc<AtomicBool>,
}

impl AsRawFd for ScriptedDevice {
    fn as_raw_fd(&self) -> RawFd {
        self.edges.as_raw_fd()
    }
}

// SAFETY: it owns one descriptor and returns that.
unsafe impl Device for ScriptedDevice {
    fn level(&self) -> io::Result<bool> {
        Ok(self.high.load(Ordering::SeqCst))
    }

    fn read_edge(&self) -> io::Result<Edge> {
        let mut byte = [0];
        (&self.edges).read_exact(&mut byte)?;
        Ok(if byte[0] == 1 {
            Edge::Rising
        } else {
            Edge::Falling
        })
    }
}

/// What moves the line.
struct Script {
    edges: UnixStream,
    high: Arc<AtomicBool>,
}

impl Script {
    fn set(&mut self, high: bool) {
        if self.high.swap(high, Ordering::SeqCst) != high {
            // The device may have been closed meanwhile.
            let _closed = self.edges.write_all(&[u8::from(high)]);
        }
    }
}

fn line() -> (Script, Line<ScriptedDevice>) {
    let (edges, device) = UnixStream::pair().expect("a pair");
    device.set_nonblocking(true).expect("non-blocking");
    let high = Arc::new(AtomicBool::new(true));
    let script = Script {
        edges,
        high: high.clone(),
    };
    let device = ScriptedDevice {
        edges: device,
        high,
    };
    (script, Line::new(device).expect("registered"))
}

#[test]
fn levels_and_edges_are_waited_for() {
    Runtime::new().expect("a runtime").block_on(async {
        let (mut script, mut line) = line();
        assert!(line.is_high().expect("a level"));
        line.wait_for_high().await.expect("it is high");
        let task = selkie::spawn(async move {
            line.wait_for_low().await.expect("an edge");
            assert!(line.is_low().expect("a level"));
            line
        });
        script.set(false);
        let mut line = task.await.expect("no panic");
        // The edges so far are no news.
        let task = selkie::spawn(async move {
            line.wait_for_rising_edge().await.expect("an edge");
        });
        while !task.is_finished() {
            script.set(true);
            selkie::task::yield_now().await;
            script.set(false);
            script.set(true);
        }
        task.await.expect("no panic");
    });
}

#[test]
fn a_device_that_goes_away_is_an_error() {
    Runtime::new().expect("a runtime").block_on(async {
        let (script, mut line) = line();
        drop(script);
        line.wait_for_low().await.expect_err("no script");
    });
}

#[test]
fn the_sample_driver_runs_unchanged() {
    Runtime::new().expect("a runtime").block_on(async {
        let (mut script, line) = line();
        let timing = Timing {
            debounce_ms: 5,
            long_ms: 400,
        };
        let script = selkie::spawn(async move {
            for (high, millis) in [(false, 1), (true, 1), (false, 60), (true, 60), (false, 900)] {
                script.set(high);
                selkie::time::sleep(Duration::from_millis(millis)).await;
            }
            script.set(true);
            script
        });
        let mut button = Button::new(line, Delay, timing);
        assert_eq!(button.press().await.expect("a device"), Press::Short);
        assert_eq!(button.press().await.expect("a device"), Press::Long);
        drop(script.await.expect("no panic"));
    });
}

#[test]
fn a_file_that_is_not_a_gpio_chip_is_refused() {
    let runtime = Runtime::new().expect("a runtime");
    let _context = runtime.enter();
    let error = open("/dev/null", 0, "test").expect_err("no chip");
    assert!(error.to_string().contains("/dev/null"), "{error}");
    assert!(open("/no/such/chip", 0, "test").is_err());
}
