//! The reactors of one driver: one for all workers, or one per worker.
//!
//! Idea        A source is registered with the reactor of the worker that makes it, unless that one has more
//!             sources than others: then with one that has few. Its events wake the task on the worker that sleeps
//!             in that reactor, so that what an accept loop accepts spreads over the workers, task and socket
//!             together. A source whose task has run elsewhere for long follows the task (see `migration`).
//! Invariants  I1 the first reactor exists from the start, and is used in place of any that cannot be made.
//!             I2 a source counts for the reactor that it is registered with, until its registration is dropped.
//! Rejected    To look at all counts to find the least: a cache line per worker for each connection. Comparing two
//!             in turn spreads as well (M. Mitzenmacher, The Power of Two Choices, 1996). Listeners with
//!             `SO_REUSEPORT`: the system spreads by address, and the queue of a worker that is stuck waits.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use mio::Registry;
use mio::event::Source;
use selkie_core::raw::collections::{Padded, boxed_slice};

use super::reactor::Reactor;

/// How many sources more than another a worker's own reactor may have before the other gets the next one: this
/// number, and this part of what the other has.
const SLACK_SOURCES: usize = 1;
const SLACK_PART: usize = 8;

thread_local! {
    /// The reactors whose worker this thread is, by their address, and the index of the worker.
    static CURRENT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// The reactor that this thread compares next, modulo their number.
    static NEXT: Cell<usize> = {
        static FIRST: AtomicUsize = AtomicUsize::new(0);
        // Two per thread, so that threads that register one source each spread, too. Relaxed: any spread will
        // do.
        Cell::new(FIRST.fetch_add(2, Ordering::Relaxed))
    };
}

/// The worker that has to be woken, since its reactor has got its first source.
#[derive(Debug)]
#[must_use]
pub(super) struct PendingNotify(Option<usize>);

impl PendingNotify {
    pub(super) const NONE: Self = Self(None);
}

/// All reactors of one driver.
#[derive(Debug)]
pub(super) struct Reactors(Box<[Padded<Reactor>]>);

impl Reactors {
    /// Makes `count` reactors, of which the first has its poller (I1).
    ///
    /// # Errors
    /// If the system gives no poller.
    pub(super) fn new(count: usize) -> io::Result<Self> {
        let all = boxed_slice(count.max(1), |_| Padded(Reactor::new()));
        all[0].registry_or_make()?;
        Ok(Self(all))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one reactor serves all workers.
    #[inline]
    pub(super) fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Reactor> {
        self.0.iter().map(|reactor| &**reactor)
    }

    pub(super) fn at(&self, index: usize) -> &Reactor {
        &self.0[index]
    }

    /// Says that the calling thread is worker `worker` of this driver from now on, or no worker.
    pub(super) fn bind_worker(&self, worker: Option<usize>) {
        CURRENT.set(worker.map_or((0, 0), |worker| (self.address(), worker)));
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The reactor of the worker that the calling thread is, if it is one.
    pub(super) fn current(&self) -> Option<usize> {
        let (address, worker) = CURRENT.get();
        (address == self.address() && worker < self.len()).then_some(worker)
    }

    /// Registers a source with a reactor, by calling `register`. Returns which reactor it was, and whom to wake
    /// once no lock is held.
    pub(super) fn register(
        &self,
        register: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> (io::Result<usize>, PendingNotify) {
        self.register_at(self.choose(), register)
    }

    /// As [`register`](Self::register), with the reactor `index` if it can be made.
    pub(super) fn register_at(
        &self,
        index: usize,
        register: &mut dyn FnMut(&Registry) -> io::Result<()>,
    ) -> (io::Result<usize>, PendingNotify) {
        let made = match self.0[index].registry_or_make() {
            Err(_) if index != 0 => self.0[0].registry_or_make().map(|registry| (0, registry)), // I1
            made => made.map(|registry| (index, registry)),
        };
        let (index, registry) = match made {
            Ok(made) => made,
            Err(error) => return (Err(error), PendingNotify(None)),
        };
        let reactor = &self.0[index];
        // Counted before it is registered: a worker that goes to sleep from now on sleeps in the reactor.
        let is_first = reactor.add_source();
        let registered = register(registry);
        if registered.is_err() {
            reactor.remove_source();
        }
        // Also if the registration failed: another source may have been counted meanwhile, and its thread has
        // woken nobody.
        let notify = is_first && self.current() != Some(index);
        (
            registered.map(|()| index),
            PendingNotify(notify.then_some(index)),
        )
    }

    /// Wakes the worker that may sleep elsewhere; no lock may be held.
    pub(super) fn notify(&self, pending: PendingNotify) {
        if let PendingNotify(Some(index)) = pending {
            self.0[index].notify_worker();
        }
    }

    /// Deregisters `source` from the reactor `index`.
    pub(super) fn deregister(&self, index: usize, source: &mut dyn Source) {
        let reactor = self.at(index);
        if let Some(registry) = reactor.registry() {
            // It fails only if the poller does not know the source any more.
            let _ = registry.deregister(source);
        }
        reactor.remove_source();
    }

    /// Whether a source may move from the reactor `from` to `to`: only if that does not make `to` the fuller
    /// one.
    pub(super) fn may_migrate(&self, from: usize, to: usize) -> bool {
        self.0[to].sources() < with_slack(self.0[from].sources())
    }

    /// The reactor for a source that the calling thread registers.
    fn choose(&self) -> usize {
        if self.is_one() {
            return 0;
        }
        let other = self.fewer(self.next(), self.next());
        match self.current() {
            Some(own) if self.0[own].sources() <= with_slack(self.0[other].sources()) => own,
            _ => other,
        }
    }

    fn fewer(&self, one: usize, other: usize) -> usize {
        if self.0[one].sources() <= self.0[other].sources() {
            one
        } else {
            other
        }
    }

    /// The next reactor, in turn, for this thread.
    fn next(&self) -> usize {
        NEXT.with(|next| next.replace(next.get().wrapping_add(1))) % self.len()
    }
}

/// How many sources a worker's own reactor may have if another has `sources`.
const fn with_slack(sources: usize) -> usize {
    sources + SLACK_SOURCES + sources / SLACK_PART
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::Reactors;

    fn register_one(reactors: &Reactors) {
        let (registered, pending) = reactors.register(&mut |_| Ok(()));
        registered.unwrap();
        reactors.notify(pending);
    }

    /// How many of `sources` each of `workers` reactors gets if worker 0 registers all of them.
    fn spread(workers: usize, sources: usize) -> Vec<usize> {
        let reactors = Reactors::new(workers).unwrap();
        reactors.bind_worker(Some(0));
        for _ in 0..sources {
            register_one(&reactors);
        }
        reactors.bind_worker(None);
        reactors.all().map(super::Reactor::sources).collect()
    }

    #[test]
    fn a_few_sources_stay_with_their_worker_and_many_spread() {
        assert_eq!(spread(1, 100), [100]);
        assert_eq!(spread(4, 1), [1, 0, 0, 0]);
        for (workers, sources) in [(2, 64), (4, 64), (8, 1_000), (16, 10_000)] {
            let spread = spread(workers, sources);
            let (mean, most) = (sources / workers, *spread.iter().max().unwrap());
            let least = *spread.iter().min().unwrap();
            assert!(most <= mean + mean / 4 + 2, "{spread:?}");
            assert!(least >= mean - mean / 4 - 2, "{spread:?}");
        }
    }

    #[test]
    fn what_cannot_be_registered_counts_for_nobody() {
        let reactors = Reactors::new(2).unwrap();
        let refused = || std::io::Error::other("refused");
        reactors.register(&mut |_| Err(refused())).0.unwrap_err();
        assert_eq!(
            reactors.all().map(super::Reactor::sources).sum::<usize>(),
            0
        );
    }

    /// A worker that counts how often it is called.
    #[derive(Default)]
    struct CallCounter(AtomicUsize);

    impl Wake for CallCounter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_worker_is_called_for_a_second_source_where_the_first_is_refused() {
        let reactors = Reactors::new(2).unwrap();
        let called = Arc::new(CallCounter::default());
        reactors.at(1).set_worker(Waker::from(Arc::clone(&called)));
        let (refused, pending) = reactors.register_at(1, &mut |_| {
            let (registered, pending) = reactors.register_at(1, &mut |_| Ok(()));
            reactors.notify(pending);
            registered.map(drop)?;
            Err(std::io::Error::other("refused"))
        });
        refused.unwrap_err();
        reactors.notify(pending);
        assert_eq!(reactors.at(1).sources(), 1);
        assert_eq!(called.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_thread_that_is_no_worker_spreads_too() {
        let reactors = Reactors::new(4).unwrap();
        for _ in 0..100 {
            register_one(&reactors);
        }
        let spread: Vec<_> = reactors.all().map(super::Reactor::sources).collect();
        assert_eq!(spread, [25; 4]);
    }

    #[test]
    fn threads_that_register_one_source_each_spread_too() {
        let reactors = Reactors::new(4).unwrap();
        for _ in 0..100 {
            std::thread::scope(|scope| {
                scope.spawn(|| register_one(&reactors));
            });
        }
        let spread: Vec<_> = reactors.all().map(super::Reactor::sources).collect();
        assert!(
            spread.iter().all(|count| (15..=35).contains(count)),
            "{spread:?}"
        );
    }
}
