//! The list of cases, on runtimes of one thread and of several.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};

use crate::{channels, files, options, sockets, tasks, timers};

/// Seconds that one case may take, also on an emulated machine.
const CASE_SECONDS: u64 = 60;

const ONE: &str = "one thread";
const THREE: &str = "three threads";

fn runtime(name: &str) -> Runtime {
    let mut builder = if name == ONE {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder.worker_threads(3).enable_all().enable_io_uring();
    builder.build().expect("a runtime")
}

struct Suite {
    name: &'static str,
    runtime: Runtime,
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Suite {
    fn case<F: Future<Output = ()>>(&mut self, case: &str, future: F) {
        let start = Instant::now();
        let limit = Duration::from_secs(CASE_SECONDS);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.runtime.block_on(async {
                let ended = selkie::time::timeout(limit, future).await;
                assert!(ended.is_ok(), "not done in {CASE_SECONDS} seconds");
            });
        }));
        let verdict = if outcome.is_ok() { "pass" } else { "FAIL" };
        let millis = start.elapsed().as_millis();
        println!("{verdict} {case}, {} ({millis} ms)", self.name);
        if outcome.is_ok() {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    fn everywhere(&mut self) {
        self.case("tasks return", tasks::return_values());
        self.case("a panic stays in its task", tasks::panics());
        self.case("an aborted task is cancelled", tasks::aborted());
        self.case("blocking work runs beside", tasks::blocking());
        self.case("a portable crate spawns", tasks::portable());
        self.case("a thousand timers", timers::thousand());
        self.case("an interval ticks", timers::interval());
        self.case("a timeout ends a wait", timers::timeout_ends());
        self.case("mpsc keeps order and limit", channels::mpsc_order());
        self.case("oneshot, watch and broadcast", channels::others());
        self.case("a mutex excludes", channels::mutex());
        self.case("64-bit counters count", channels::wide_counters());
        self.case("TCP echoes", sockets::tcp_echo());
        self.case("many TCP connections", sockets::many_connections());
        self.case("UDP echoes", sockets::udp_echo());
        self.case("files are written and read", files::round_trip());
        self.case("a directory is listed", files::directory());
        self.case("files open as std's do", options::combinations());
    }

    /// A case that the system may have nothing for.
    #[cfg(windows)]
    fn maybe<F: Future<Output = Option<()>>>(&mut self, case: &str, future: F) {
        let mut is_there = true;
        self.case(case, async {
            is_there = future.await.is_some();
        });
        if !is_there {
            println!("skip {case}, {}: this system has none", self.name);
            self.skipped += 1;
            self.passed -= 1;
        }
    }

    #[cfg(windows)]
    fn on_windows(&mut self) {
        self.case("a child echoes and ends", crate::child::echo());
        self.case("a child is killed", crate::windows::kill());
        self.case("a named pipe echoes", crate::windows::pipe_echo());
        self.case(
            "messages keep their bounds",
            crate::windows::pipe_messages(),
        );
        self.case("any status comes", crate::windows_children::statuses());
        self.case("kills of children", crate::windows_children::kills());
        self.case(
            "arguments come as they were",
            crate::windows_children::arguments(),
        );
        self.case("flags of processes", crate::windows_children::flags());
        self.case("handles of pipes", crate::windows_children::pipes());
        self.case("files are shared or not", crate::windows_files::sharing());
        self.case(
            "rights, flags, attributes",
            crate::windows_files::create_file(),
        );
        self.case("handles of files", crate::windows_files::handles());
        self.case(
            "handles of streams",
            crate::windows_files::standard_handles(),
        );
        self.case("times are set", crate::windows_files::times());
        self.case("handles of sockets", crate::windows_sockets::handles());
        self.case("handles of named pipes", crate::windows_sockets::pipes());
        self.maybe(
            "links to directories and files",
            crate::windows_files::links(),
        );
        let case = "console events arrive";
        match self.runtime.block_on(crate::windows::console_events()) {
            Some(heard) => self.case(case, async move { assert!(heard, "not as they were sent") }),
            None => {
                println!("skip {case}, {}: no console to be had here", self.name);
                self.skipped += 1;
            }
        }
    }

    #[cfg(unix)]
    fn on_unix(&mut self) {
        self.case("a child echoes and ends", crate::child::echo());
        self.case("a Unix socket echoes", crate::unix::socket_echo());
        self.case("a signal arrives", crate::unix::signal());
        self.case("a descriptor is awaited", crate::unix::descriptor());
    }

    #[cfg(target_os = "linux")]
    fn on_linux(&mut self) {
        self.case("files by the ring", crate::ring::file());
        if crate::ring::is_there() {
            println!("by a ring, {}", self.name);
        } else {
            println!("no ring, {}: the pool did it", self.name);
        }
        let case = "a button is pressed on a simulated line";
        match crate::gpio::Chip::simulate() {
            Some(chip) => self.case(case, crate::gpio::button(chip)),
            None => {
                println!("skip {case}, {}: no simulated gpio here", self.name);
                self.skipped += 1;
            }
        }
    }
}

/// Runs every case and says how many failed.
pub(crate) fn run() -> u32 {
    let mut failed = 0;
    for name in [ONE, THREE] {
        #[cfg(target_os = "linux")]
        assert!(!crate::ring::is_there(), "a ring outlived its runtime");
        let mut suite = Suite {
            name,
            runtime: runtime(name),
            passed: 0,
            failed: 0,
            skipped: 0,
        };
        suite.everywhere();
        #[cfg(unix)]
        suite.on_unix();
        #[cfg(windows)]
        suite.on_windows();
        #[cfg(target_os = "linux")]
        suite.on_linux();
        println!(
            "{name}: {} passed, {} failed, {} skipped",
            suite.passed, suite.failed, suite.skipped
        );
        failed += suite.failed;
    }
    failed
}
