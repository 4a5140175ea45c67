//! The driver of one reactor: it sleeps in the poller and dispatches the events.
//!
//! Idea        Each park makes one call of the poller. Each event carries a token, which finds the slot of its
//!             source.
//! Invariants  I1 the tokens of the waker, of the signals and of the rings are not the key of any slot.
//!             I2 what a worker put into the submission queue of its ring is submitted by `submit_and_reap`, which a
//!                scheduler with several workers calls; a scheduler with one worker parks here and need not call
//!                it.
//!             I3 a waker that panics does not keep the other events of the turn from being dispatched; its panic
//!                goes no further.
//! Rejected    To read the clock before and after, and to wait again if the poller returns early: the scheduler
//!             computes its next deadline anyway.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};
use selkie_core::park::{Park, Unpark};
use selkie_core::raw::platform::contain_panic;

use super::config::Config;
use super::conversion::ready_of_event;
use super::handle::{Handle, Shared, Unparker};
use super::reactor::{Reactor, WAKER};
use super::reactors::Reactors;
use super::rings::Rings;
use super::slots::Key;
use crate::observability::{WakeBatch, count_events};
use crate::sys::EDGE_TRIGGERED;

/// Workers from which on each has a reactor of its own by default.
const OWN_REACTORS_FROM: usize = 3;

/// The poller of one reactor, once it was made, and its buffers for events.
#[derive(Debug)]
pub(crate) struct Driver {
    index: usize,
    poll: Option<Poll>,
    /// Made in the first turn.
    events: Option<Events>,
    /// The buffer for turns between tasks, if those take another number of events.
    busy_events: Option<Events>,
    /// How many events the buffers have room for.
    room: usize,
    busy_room: usize,
    handle: Handle,
    /// Whether the worker that parks here is the only one (I2).
    has_one_worker: bool,
}

/// Whether each of `workers` has a reactor of its own by default. It is worth the descriptors with many workers, and was
/// measured with pollers that report edges.
const fn has_own_reactors(workers: usize) -> bool {
    workers >= OWN_REACTORS_FROM && EDGE_TRIGGERED
}

/// Makes a driver per reactor, and the handle by which sources are registered with them.
///
/// # Errors
/// If the system gives no poller or no waker, as a rule because it is out of descriptors.
pub(crate) fn build(config: &Config) -> io::Result<(Vec<Driver>, Handle)> {
    let is_own = config
        .reactor_per_worker
        .unwrap_or(has_own_reactors(config.workers));
    let reactors = if is_own { config.workers } else { 1 };
    let rings = Rings::new(config.ring, config.workers);
    let shared = Shared::new(Reactors::new(reactors)?, rings);
    let handle = Handle::new(Arc::new(shared));
    let mut drivers = Vec::with_capacity(reactors);
    for index in 0..handle.shared.reactors.len() {
        drivers.push(Driver {
            index,
            poll: None,
            events: None,
            busy_events: None,
            room: config.events_per_turn.max(1),
            busy_room: config.events_per_busy_turn.max(1),
            handle: handle.clone(),
            has_one_worker: config.workers == 1,
        });
    }
    Ok((drivers, handle))
}

impl Driver {
    fn reactor(&self) -> &Reactor {
        self.handle.shared.reactors.at(self.index)
    }

    /// Dispatches the events that the poller has, after waiting for them for at most `timeout`. If no poller
    /// was made there are none.
    fn turn(&mut self, timeout: Option<Duration>) {
        if self.poll.is_none() {
            self.poll = self.reactor().take_poller();
        }
        let Some(poll) = &mut self.poll else { return };
        let is_busy = timeout == Some(Duration::ZERO) && self.room != self.busy_room;
        let (events, room) = match is_busy {
            true => (&mut self.busy_events, self.busy_room),
            false => (&mut self.events, self.room),
        };
        if events.is_none() {
            *events = Some(Events::with_capacity(room));
        }
        let Some(events) = events else { return };
        let shared = &self.handle.shared;
        let polled = poll.poll(events, timeout);
        let _batch = WakeBatch::begin();
        match polled {
            Ok(()) => {}
            // Interrupted by a signal, or by work that the kernel had for a ring and has done by now.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                shared.rings.reap_of_reactor(self.index);
                return;
            }
            Err(error) => panic!("the reactor's poller failed: {error}"),
        }
        let mut dispatched = 0;
        for event in &*events {
            // The poller reports each change once: foreign code that panics must not keep the other events from
            // being dispatched (I3).
            let is_source = contain_panic(|| dispatch(shared, event));
            dispatched += u64::from(is_source.unwrap_or(true));
        }
        if dispatched > 0 {
            self.reactor().count_events(dispatched);
            count_events(dispatched);
        }
    }
}

/// Dispatches `event`; returns whether it was for a source.
fn dispatch(shared: &Shared, event: &Event) -> bool {
    match event.token() {
        WAKER => {}
        #[cfg(all(feature = "signal", unix))]
        super::signal::TOKEN => super::signal::dispatch(),
        token if shared.rings.reap(token) => {}
        Token(key) => {
            if let Some((slot, generation)) = shared.slots.find(Key(key)) {
                slot.publish(
                    generation,
                    ready_of_event(event, Key(key).tagged_index().kind()),
                );
                return true;
            }
        }
    }
    false
}

impl Park for Driver {
    type Unpark = Unparker;

    fn unpark_handle(&self) -> Unparker {
        self.handle.unparker(self.index)
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let has_woken = self.has_one_worker && self.handle.shared.rings.submit_and_reap(0);
        if timeout == Some(Duration::ZERO) || has_woken {
            return self.turn(Some(Duration::ZERO));
        }
        if self.reactor().begin_sleep() {
            self.turn(timeout);
            self.reactor().end_sleep();
        } else {
            self.turn(Some(Duration::ZERO));
        }
    }

    fn shutdown(&mut self) {
        self.unpark_handle().shutdown();
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

    use super::{Config, Driver, Handle, build};
    use crate::async_io::{Interest, Ready};
    use crate::driver::{Direction, Registration, SourceKind, is_shutdown_error};
    use crate::sys::AsDeferredSource;

    const LONG: Duration = Duration::from_secs(20);

    fn one() -> (Driver, Handle) {
        let (mut drivers, handle) = build(&Config::default()).unwrap();
        (drivers.pop().unwrap(), handle)
    }

    #[test]
    fn an_unpark_before_a_park_ends_it() {
        let (mut driver, _handle) = one();
        let begun = Instant::now();
        driver.unpark_handle().unpark();
        driver.park(Some(LONG));
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn an_unpark_by_another_thread_ends_a_park() {
        let (mut driver, _handle) = one();
        let unparker = driver.unpark_handle();
        let begun = Instant::now();
        let other = std::thread::spawn(move || unparker.unpark());
        driver.park(None);
        other.join().unwrap();
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn events_are_counted_and_a_late_one_finds_nobody() {
        let (mut driver, handle) = one();
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = mio::net::UnixStream::from_std(near);
        let registration = Registration::new(
            &mut near,
            SourceKind::Stream,
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
        let (mut driver, handle) = one();
        let mut all: Vec<_> = (0..10)
            .map(|number| {
                let (near, far) = UnixStream::pair().unwrap();
                near.set_nonblocking(true).unwrap();
                let mut near = mio::net::UnixStream::from_std(near);
                let registration = Registration::new(
                    &mut near,
                    SourceKind::Stream,
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
        let (mut driver, handle) = one();
        driver.shutdown();
        let (mut near, _far) = mio::net::UnixStream::pair().unwrap();
        let error = Registration::new(&mut near, SourceKind::Stream, Interest::READABLE, handle)
            .unwrap_err();
        assert!(is_shutdown_error(&error));
    }

    #[test]
    fn after_the_shutdown_no_poller_is_made() {
        let config = Config {
            workers: 4,
            reactor_per_worker: Some(true),
            ..Config::default()
        };
        let (_drivers, handle) = build(&config).unwrap();
        let pairs = [(); 8].map(|()| UnixStream::pair().unwrap());
        let deferred = pairs.each_ref().map(|(near, _)| {
            Registration::deferred(
                near.deferred_source(),
                SourceKind::Stream,
                Ready::EMPTY,
                handle.clone(),
            )
            .unwrap()
        });
        handle.shut_down();
        for registration in &deferred {
            assert!(!registration.register_deferred().unwrap());
        }
        let reactors = handle.shared.reactors.all();
        assert_eq!(reactors.filter(|one| one.registry().is_some()).count(), 1);
    }
}
