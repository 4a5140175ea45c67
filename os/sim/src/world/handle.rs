//! A host as the script sees it.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::calls::{deliver_signal, end_host, start_on};
use crate::host::WORLD;
use crate::ids::HostId;
use crate::kernel::{finish, read};
use crate::payload::text_of;

type Main = Arc<dyn Fn() + Send + Sync>;

/// A host that is about to be started.
#[derive(Debug)]
pub struct HostBuilder {
    pub(super) id: HostId,
    may_panic: bool,
}

impl HostBuilder {
    pub(super) fn new(id: HostId) -> Self {
        Self {
            id,
            may_panic: false,
        }
    }

    /// Gives it this address instead of one that is chosen.
    ///
    /// # Panics
    /// If the text is no address.
    #[must_use]
    pub fn ip(self, ip: &str) -> Self {
        let ip: IpAddr = ip.parse().expect("an IP address");
        read(|state| {
            state.hosts[self.id.0].addresses = vec![ip];
            state.network.links.add_address(ip, self.id);
        });
        self
    }

    /// A panic of its program's main function does not fail the run; [`Host::ended`] says that there was one.
    #[must_use]
    pub fn may_panic(mut self) -> Self {
        self.may_panic = true;
        self
    }

    /// How many processors its programs see.
    #[must_use]
    pub fn processors(self, count: usize) -> Self {
        read(|state| state.hosts[self.id.0].processors = count.max(1));
        self
    }

    /// Starts it: the future runs on a multi-thread runtime of Selkie.
    pub fn start<F, Fut>(self, program: F) -> Host
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future,
    {
        self.start_main(move || {
            let runtime = selkie::runtime::Builder::new_multi_thread()
                .enable_all()
                .build();
            let _output = runtime.expect("a runtime for the host").block_on(program());
        })
    }

    /// Starts it with an ordinary function, as `main` is one; whatever runtimes it makes are simulated.
    pub fn start_main(self, program: impl Fn() + Send + Sync + 'static) -> Host {
        let host = Host {
            id: self.id,
            may_panic: self.may_panic,
            main: Arc::new(program),
        };
        host.begin();
        host
    }
}

/// A host of the world.
#[derive(Clone)]
pub struct Host {
    pub(super) id: HostId,
    may_panic: bool,
    main: Main,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("id", &self.id.0)
            .finish_non_exhaustive()
    }
}

impl Host {
    fn begin(&self) {
        let id = self.id;
        let name = read(|state| {
            state.network.links.set_up(id, true);
            let host = &mut state.hosts[id.0];
            host.is_up = true;
            host.starts += 1;
            host.ended = None;
            let name = host.name.clone();
            state.note(format_args!("start {name}"));
            name
        });
        let main = Arc::clone(&self.main);
        let (own_name, may_panic) = (name.clone(), self.may_panic);
        let thread = std::thread::Builder::new().name(name);
        let begun = start_on(id, || {
            thread.spawn(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| main()));
                // The process ends with its main thread, whatever other threads are at.
                let ended = ended.map_err(|payload| format!("panicked: {}", text_of(&*payload)));
                match ended {
                    Err(why) if !may_panic => finish(Err(format!("{own_name} {why}"))),
                    ended => end_host(ended),
                }
            })
        });
        drop(begun.expect("a thread can be started"));
    }

    /// Its power is cut: no thread of it runs again, its sockets are gone, and nobody is notified.
    pub fn crash(&self) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.trace.cover("crash");
            state.note(format_args!("crash {name}"));
            state.hosts[self.id.0].is_up = false;
            state.freeze(self.id);
            state.lose_objects(self.id);
        });
    }

    /// Starts its program again. A program that restarts its own host does not come back.
    pub fn restart(&self) {
        if read(|state| state.host() == self.id) {
            let again = self.clone();
            let other = std::thread::Builder::new().name(String::from("restart"));
            let begun = start_on(WORLD, || other.spawn(move || again.restart()));
            drop(begun.expect("a thread can be started"));
            loop {
                std::thread::park();
            }
        }
        if read(|state| state.hosts[self.id.0].is_up) {
            self.crash();
        }
        self.begin();
    }

    /// Gives its program a signal: what listens to it is woken; without a handler the program ends.
    pub fn signal(&self, number: i32) {
        let is_up = read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.trace.cover("signal");
            state.note(format_args!("signal {number} to {name}"));
            state.hosts[self.id.0].is_up
        });
        if is_up {
            deliver_signal(self.id, number);
        }
    }

    /// Gives its program what the terminal's Ctrl-C gives: `SIGINT`.
    pub fn ctrl_c(&self) {
        self.signal(libc::SIGINT);
    }

    /// All its threads stand still, as if a garbage collector ran; the system still takes what comes.
    pub fn pause(&self) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.trace.cover("pause");
            state.note(format_args!("pause {name}"));
            state.pause(self.id);
        });
    }

    /// Its threads go on.
    pub fn resume(&self) {
        read(|state| {
            let name = state.hosts[self.id.0].name.clone();
            state.note(format_args!("resume {name}"));
            state.resume(self.id);
        });
    }

    /// Sets its wall clock forward, or back.
    pub fn shift_clock(&self, by: Duration, back: bool) {
        let nanoseconds = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        let by = if back { -nanoseconds } else { nanoseconds };
        read(|state| {
            let host = &mut state.hosts[self.id.0];
            host.wall_offset = host.wall_offset.saturating_add(by);
            state.trace.cover("clock shift");
            let host = &state.hosts[self.id.0];
            let what = format!(
                "clock of {} set by {}",
                host.name,
                Duration::from_nanos(by.unsigned_abs()).as_secs_f64()
            );
            state.note(what);
        });
    }

    /// Lets its clocks go too fast, by so many millionths, or too slow if that is less than zero; 0 makes them right again. They keep
    /// what they have gained. Its sleeps and timeouts are as much shorter, or longer. A good clock is wrong by 50 millionths.
    ///
    /// # Panics
    /// If its clocks would stand still: a million millionths too slow.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::{Duration, Instant};
    /// # use selkie_sim::Builder;
    /// Builder::new().run(|world| async move {
    ///     let fast = world.host("fast").start(|| async { /* … */ });
    ///     // One hundredth: 36 seconds in an hour.
    ///     fast.drift_clock(10_000);
    /// });
    /// ```
    pub fn drift_clock(&self, millionths: i64) {
        read(|state| {
            let now = state.now;
            let host = &mut state.hosts[self.id.0];
            host.rate.set(now, millionths);
            let what = format!("clock of {} is {millionths} millionths fast", host.name);
            if millionths != 0 {
                state.trace.cover("clock drift");
            }
            state.note(what);
        });
    }

    /// How its program has ended: not yet, well, or with what a panic said.
    pub fn ended(&self) -> Option<Result<(), String>> {
        read(|state| state.hosts[self.id.0].ended.clone())
    }
}
