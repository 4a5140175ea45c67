//! The driver itself: sleeps in the poller and hands out what it tells.
//!
//! Idea        One call of the poller a park; each event finds its slot by its token.
//! Invariants  I1 the tokens of the waker, of the signals and of rings are no slot's.
//!             I2 what a worker put into its ring's line is submitted by `settle`, which a scheduler with
//!                several workers calls; the one that parks here alone need not.
//!             I3 a waker that panics keeps no other event of the turn from being told; its panic goes no
//!                further.
//! Rejected    A clock read before and after, to wait anew when the poller returns early: the
//!             scheduler computes its next deadline anyway.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};
use selkie_core::park::Park;
use selkie_core::platform::contain_panic;

use super::handle::{Handle, Shared, Unparker};
use super::poller::told;
use super::slots::Key;
use super::uring::Rings;

/// The waker's token (I1: above every key, whose generation has fewer bits than are left).
const WAKER: Token = Token(usize::MAX);
/// Events taken in one turn, unless configured.
const EVENTS_PER_TURN: usize = 1024;

/// What a driver is built with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Events that one turn takes at most; others wait in the kernel for the next.
    pub(crate) events_per_turn: usize,
    /// The same for a turn that does not sleep, between tasks.
    pub(crate) events_per_busy_turn: usize,
    /// Whether operations may use completion rings.
    pub(crate) ring: bool,
    /// Threads that run tasks.
    pub(crate) workers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            events_per_turn: EVENTS_PER_TURN,
            events_per_busy_turn: EVENTS_PER_TURN,
            ring: false,
            workers: 1,
        }
    }
}

/// The poller and its events.
#[derive(Debug)]
pub(crate) struct Driver {
    poll: Poll,
    events: Events,
    /// Events of turns between tasks, if those take another number.
    busy_events: Option<Events>,
    handle: Handle,
    /// Whether the worker that parks here is the only one (I2).
    has_one_worker: bool,
}

/// A driver and the handle to register with it.
///
/// # Errors
/// If the system gives no poller or no waker: it is out of descriptors, as a rule.
pub(crate) fn build(config: &Config) -> io::Result<(Driver, Handle)> {
    let poll = Poll::new()?;
    let waker = mio::Waker::new(poll.registry(), WAKER)?;
    let registry = poll.registry().try_clone()?;
    let rings = Rings::new(config.ring, config.workers);
    let handle = Handle::new(Arc::new(Shared::new(registry, waker, rings)));
    let events = Events::with_capacity(config.events_per_turn.max(1));
    let busy = config.events_per_busy_turn.max(1);
    let busy_events = (busy != config.events_per_turn).then(|| Events::with_capacity(busy));
    Ok((
        Driver {
            poll,
            events,
            busy_events,
            handle: handle.clone(),
            has_one_worker: config.workers == 1,
        },
        handle,
    ))
}

impl Driver {
    /// Takes what the poller has, waiting for it at most `timeout`.
    fn turn(&mut self, timeout: Option<Duration>) {
        let events = match &mut self.busy_events {
            Some(events) if timeout == Some(Duration::ZERO) => events,
            _ => &mut self.events,
        };
        match self.poll.poll(events, timeout) {
            Ok(()) => {}
            // By a signal, or since work for the ring came up, which has been done by now.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.handle.shared.rings.reap_all();
                return;
            }
            Err(error) => panic!("the reactor's poller failed: {error}"),
        }
        let shared = &self.handle.shared;
        let mut dispatched = 0;
        for event in &*events {
            // The poller tells of each change once: foreign code that panics does not keep the rest from
            // being told (I3).
            let is_source = contain_panic(|| dispatch(shared, event));
            dispatched += u64::from(is_source.unwrap_or(true));
        }
        shared.count_events(dispatched);
    }
}

/// Tells of `event`; whether it was a source's.
fn dispatch(shared: &Shared, event: &Event) -> bool {
    match event.token() {
        WAKER => {}
        super::signal::TOKEN => super::signal::dispatch(),
        token if shared.rings.reap(token) => {}
        Token(key) => {
            if let Some((slot, generation)) = shared.slots.find(Key(key)) {
                slot.publish(generation, told(event, Key(key).place().carries()));
                return true;
            }
        }
    }
    false
}

impl Park for Driver {
    type Unpark = Unparker;

    fn unpark_handle(&self) -> Unparker {
        self.handle.unparker()
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let has_woken = self.has_one_worker && self.handle.shared.rings.settle(0);
        if timeout == Some(Duration::ZERO) || has_woken {
            return self.turn(Some(Duration::ZERO));
        }
        if self.handle.shared.fall_asleep() {
            self.turn(timeout);
            self.handle.shared.wake_up();
        } else {
            self.turn(Some(Duration::ZERO));
        }
    }

    fn shutdown(&mut self) {
        self.handle.shut_down();
    }
}

#[cfg(all(test, unix, feature = "net"))]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};
    use std::time::{Duration, Instant};

    use selkie_core::park::{Park, Unpark};

    use super::{Config, build};
    use crate::driver::{Carries, Direction, Registration, is_shutdown_error};
    use crate::io::Interest;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn an_unpark_before_a_park_ends_it() {
        let (mut driver, _handle) = build(&Config::default()).unwrap();
        let begun = Instant::now();
        driver.unpark_handle().unpark();
        driver.park(Some(LONG));
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn an_unpark_by_another_thread_ends_a_park() {
        let (mut driver, _handle) = build(&Config::default()).unwrap();
        let unparker = driver.unpark_handle();
        let begun = Instant::now();
        let other = std::thread::spawn(move || unparker.unpark());
        driver.park(None);
        other.join().unwrap();
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn events_are_counted_and_a_late_one_finds_nobody() {
        let (mut driver, handle) = build(&Config::default()).unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = mio::net::UnixStream::from_std(near);
        let registration = Registration::new(
            &mut near,
            Carries::Bytes,
            Interest::READABLE,
            handle.clone(),
        )
        .unwrap();
        far.write_all(b"!").unwrap();
        driver.park(Some(LONG));
        assert!(registration.is_ready(Interest::READABLE));
        assert_eq!(
            (handle.events(), handle.registered(), handle.deregistered()),
            (1, 1, 0)
        );
        // The source stays with the poller, as a duplicate of its descriptor would make it.
        drop(registration);
        far.write_all(b"!").unwrap();
        driver.park(Some(LONG));
        assert_eq!(
            (handle.events(), handle.registered(), handle.deregistered()),
            (1, 1, 1)
        );
    }

    /// A waker that panics, or counts.
    struct Waits(bool, AtomicUsize);

    impl Wake for Waits {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, Ordering::SeqCst);
            assert!(!self.0, "a waker that panics");
        }
    }

    #[test]
    fn a_waker_that_panics_keeps_no_other_event_back() {
        let (mut driver, handle) = build(&Config::default()).unwrap();
        let mut all: Vec<_> = (0..10)
            .map(|number| {
                let (near, far) = UnixStream::pair().unwrap();
                near.set_nonblocking(true).unwrap();
                let mut near = mio::net::UnixStream::from_std(near);
                let registration = Registration::new(
                    &mut near,
                    Carries::Bytes,
                    Interest::READABLE,
                    handle.clone(),
                )
                .unwrap();
                let waits = Arc::new(Waits(number % 3 == 0, AtomicUsize::new(0)));
                let waker = Waker::from(Arc::clone(&waits));
                let mut cx = Context::from_waker(&waker);
                let polled = registration.poll_ready(&mut cx, Direction::Read);
                assert!(polled.is_pending());
                (far, near, registration, waits)
            })
            .collect();
        all.iter_mut()
            .for_each(|(far, ..)| far.write_all(b"!").unwrap());
        driver.park(Some(LONG));
        let woken = all.iter().map(|(.., waits)| waits.1.load(Ordering::SeqCst));
        assert_eq!(woken.collect::<Vec<_>>(), [1; 10]);
    }

    #[test]
    fn after_the_shutdown_nothing_is_registered() {
        let (mut driver, handle) = build(&Config::default()).unwrap();
        driver.shutdown();
        let (mut near, _far) = mio::net::UnixStream::pair().unwrap();
        let error =
            Registration::new(&mut near, Carries::Bytes, Interest::READABLE, handle).unwrap_err();
        assert!(is_shutdown_error(&error));
    }
}
