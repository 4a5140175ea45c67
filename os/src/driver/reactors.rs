//! The reactors of one driver: one for all workers, or one a worker.
//!
//! Idea        A source is watched by the reactor of the worker that its task waits on, unless that one has more
//!             sources than others: then by one that has few. Its events wake the task on the worker that sleeps in
//!             that reactor, so what an accept loop takes spreads over the workers, task and socket together. A source
//!             whose task has run elsewhere for long follows it (`migration`).
//! Invariants  I1 the first reactor is there from the start, and stands for any that cannot be made.
//!             I2 a source counts for the reactor that watches it, until its registration goes.
//! Rejected    A look at all counts to find the least: a line of each worker for each connection. Two in turn spread
//!             as well (M. Mitzenmacher, The Power of Two Choices, 1996). Listeners by `SO_REUSEPORT`: the system
//!             spreads by address, and a queue of a worker that is stuck waits.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use mio::Registry;
use selkie_core::raw::collections::Padded;

use super::reactor::Reactor;

/// Sources that a worker's reactor may have beyond another's before the other gets the next: this many, and this part
/// of what the other has.
const SLACK_SOURCES: usize = 1;
const SLACK_PART: usize = 8;

thread_local! {
    /// Whose worker this thread is, by the address of its reactors, and which one.
    static HERE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// The reactor that this thread compares with next, modulo their number.
    static NEXT: Cell<usize> = {
        static FIRST: AtomicUsize = AtomicUsize::new(0);
        // Two each: threads that make one source known each spread, too. Relaxed: any spread will do.
        Cell::new(FIRST.fetch_add(2, Ordering::Relaxed))
    };
}

/// The worker that is to be told that its reactor has got its first source.
#[derive(Debug)]
#[must_use]
pub(super) struct PendingNotify(Option<usize>);

impl PendingNotify {
    pub(super) const NOBODY: Self = Self(None);
}

/// All reactors of one driver.
#[derive(Debug)]
pub(super) struct Reactors(Box<[Padded<Reactor>]>);

impl Reactors {
    /// `count` reactors, of which the first has its poller (I1).
    ///
    /// # Errors
    /// If the system gives none.
    pub(super) fn new(count: usize) -> io::Result<Self> {
        let all: Box<[_]> = (0..count.max(1)).map(|_| Padded(Reactor::new())).collect();
        all[0].make()?;
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

    /// The calling thread is `worker` of these from now on, or no worker.
    pub(super) fn bind_worker(&self, worker: Option<usize>) {
        HERE.set(worker.map_or((0, 0), |worker| (self.address(), worker)));
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The reactor of the worker that the calling thread is.
    pub(super) fn here(&self) -> Option<usize> {
        let (address, worker) = HERE.get();
        (address == self.address() && worker < self.len()).then_some(worker)
    }

    /// Has a reactor watch a source by `register`; says which one, and whom to notify once no lock is held.
    pub(super) fn watch(
        &self,
        register: impl FnOnce(&Registry) -> io::Result<()>,
    ) -> (io::Result<usize>, PendingNotify) {
        self.watch_at(self.choose(), register)
    }

    /// As [`watch`](Self::watch), by the reactor `index` if it can be made.
    pub(super) fn watch_at(
        &self,
        index: usize,
        register: impl FnOnce(&Registry) -> io::Result<()>,
    ) -> (io::Result<usize>, PendingNotify) {
        let made = match self.0[index].make() {
            Err(_) if index != 0 => self.0[0].make().map(|registry| (0, registry)), // I1
            made => made.map(|registry| (index, registry)),
        };
        let (index, registry) = match made {
            Ok(made) => made,
            Err(error) => return (Err(error), PendingNotify(None)),
        };
        let reactor = &self.0[index];
        // Before the poller knows it: the worker that then sleeps sleeps there.
        let is_first = reactor.add_source();
        let registered = register(registry);
        if registered.is_err() {
            reactor.remove_source();
        }
        // Also if it failed: a second one may be there meanwhile, which has called nobody.
        let notify = is_first && self.here() != Some(index);
        (
            registered.map(|()| index),
            PendingNotify(notify.then_some(index)),
        )
    }

    /// Wakes the worker that may sleep elsewhere; while no lock is held.
    pub(super) fn notify(&self, pending: PendingNotify) {
        if let PendingNotify(Some(index)) = pending {
            self.0[index].notify_worker();
        }
    }

    /// The reactor `index` no longer watches a source, which `deregister` tells its poller.
    pub(super) fn forget(
        &self,
        index: usize,
        deregister: impl FnOnce(&Registry) -> io::Result<()>,
    ) {
        let reactor = self.at(index);
        if let Some(registry) = reactor.registry() {
            // It fails only if the poller has forgotten already.
            let _ = deregister(registry);
        }
        reactor.remove_source();
    }

    /// Whether a source may leave the reactor `from` for `to`: that would not make `to` the fuller one.
    pub(super) fn may_migrate(&self, from: usize, to: usize) -> bool {
        self.0[to].sources() < with_slack(self.0[from].sources())
    }

    /// The reactor for a source that the calling thread makes known.
    fn choose(&self) -> usize {
        if self.is_one() {
            return 0;
        }
        let other = self.fewer(self.next(), self.next());
        match self.here() {
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

    /// Each reactor in turn, for this thread.
    fn next(&self) -> usize {
        NEXT.with(|next| next.replace(next.get().wrapping_add(1))) % self.len()
    }
}

/// How many sources a worker's own reactor may have where another has `sources`.
const fn with_slack(sources: usize) -> usize {
    sources + SLACK_SOURCES + sources / SLACK_PART
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::Reactors;

    fn watch(reactors: &Reactors) {
        let (watched, pending) = reactors.watch(|_| Ok(()));
        watched.unwrap();
        reactors.notify(pending);
    }

    /// How many of `sources` each of `workers` reactors gets, if worker 0 makes all of them known.
    fn spread(workers: usize, sources: usize) -> Vec<usize> {
        let reactors = Reactors::new(workers).unwrap();
        reactors.bind_worker(Some(0));
        for _ in 0..sources {
            watch(&reactors);
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
        reactors.watch(|_| Err(refused())).0.unwrap_err();
        assert_eq!(
            reactors.all().map(super::Reactor::sources).sum::<usize>(),
            0
        );
    }

    /// A worker that counts how often it is called.
    #[derive(Default)]
    struct Called(AtomicUsize);

    impl Wake for Called {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_worker_is_called_for_a_second_source_where_the_first_is_refused() {
        let reactors = Reactors::new(2).unwrap();
        let called = Arc::new(Called::default());
        reactors.at(1).set_worker(Waker::from(Arc::clone(&called)));
        let (refused, pending) = reactors.watch_at(1, |_| {
            let (watched, pending) = reactors.watch_at(1, |_| Ok(()));
            reactors.notify(pending);
            watched.map(drop)?;
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
            watch(&reactors);
        }
        let spread: Vec<_> = reactors.all().map(super::Reactor::sources).collect();
        assert_eq!(spread, [25; 4]);
    }

    #[test]
    fn threads_that_make_one_source_known_each_spread_too() {
        let reactors = Reactors::new(4).unwrap();
        for _ in 0..100 {
            std::thread::scope(|scope| {
                scope.spawn(|| watch(&reactors));
            });
        }
        let spread: Vec<_> = reactors.all().map(super::Reactor::sources).collect();
        assert!(
            spread.iter().all(|count| (15..=35).contains(count)),
            "{spread:?}"
        );
    }
}
