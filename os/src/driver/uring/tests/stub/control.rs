//! What a test plans for the rings of a thread, and asks of them.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::buffer::lock;
use super::group::Group;
use super::plan::{CompletionTime, Plan, PlannedOutcome};
use super::ring::{Script, Stub, StubState};

/// What the rings of a test do.
#[derive(Clone)]
pub(crate) struct Control(pub(super) Arc<Script>);

thread_local! {
    pub(super) static HERE: RefCell<Option<Control>> = const { RefCell::new(None) };
}

impl Control {
    /// Rings whose operations go as `fates` says.
    pub(crate) fn new(fates: impl FnMut(u8) -> Plan + Send + 'static) -> Self {
        Self(Arc::new(Script {
            fates: Mutex::new(Box::new(fates)),
            entering: Mutex::default(),
            setting_up: Mutex::default(),
            probing: Mutex::default(),
            registering: Mutex::default(),
            room: 512,
            batch: 32,
            is_strict: false,
            sockets: true,
            bundles: false,
            watches: false,
            losing: AtomicUsize::new(0),
            is_silent: false,
            is_released: AtomicBool::new(false),
            order: AtomicUsize::new(0),
            rings: Mutex::default(),
        }))
    }

    /// Rings whose first operation goes as `first` says, and all others at once.
    pub(crate) fn with_first(first: Plan) -> Self {
        let mut first = Some(first);
        let rest = Plan::new(CompletionTime::Early, PlannedOutcome::Done);
        Self::new(move |_code| first.take().unwrap_or(rest))
    }

    pub(super) fn change(&mut self) -> &mut Script {
        Arc::get_mut(&mut self.0).expect("before it is installed")
    }

    /// A queue with room for so many completions.
    pub(crate) fn room(mut self, completions: usize) -> Self {
        self.change().room = completions;
        self
    }

    /// So many entries are taken at a time.
    pub(crate) fn batch(mut self, entries: usize) -> Self {
        self.change().batch = entries;
        self
    }

    pub(crate) fn strict(mut self) -> Self {
        self.change().is_strict = true;
        self
    }

    pub(crate) fn bundles(mut self, bundles: bool) -> Self {
        self.change().bundles = bundles;
        self
    }

    /// What is lost is counted, and said by no call.
    pub(crate) fn silent(mut self, is_silent: bool) -> Self {
        self.change().is_silent = is_silent;
        self
    }

    /// Memory that operations name is `WatchedBuffer`.
    pub(crate) fn watches(mut self) -> Self {
        self.change().watches = true;
        self
    }

    /// Operations complete in an order drawn from `seed`, which is odd.
    pub(crate) fn shuffled(self, seed: usize) -> Self {
        self.0.order.store(seed, Ordering::Relaxed);
        self
    }

    /// What was planned to complete never does so at the next turn.
    pub(crate) fn release(&self) {
        self.0.is_released.store(true, Ordering::Relaxed);
    }

    /// From here on operations go as `fates` says.
    pub(crate) fn plan(&self, fates: impl FnMut(u8) -> Plan + Send + 'static) {
        *lock(&self.0.fates) = Box::new(fates);
    }

    /// Entering the system fails so, in turn.
    pub(crate) fn refuse_entering(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.entering).extend(errnos);
    }

    pub(crate) fn refuse_rings(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.setting_up).extend(errnos);
    }

    pub(crate) fn refuse_probes(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.probing).extend(errnos);
    }

    pub(crate) fn refuse_registering(&self, errnos: impl IntoIterator<Item = i32>) {
        lock(&self.0.registering).extend(errnos);
    }

    /// The next completions of operations that find no room are dropped, so many.
    pub(crate) fn lose(&self, completions: usize) {
        self.0.losing.store(completions, Ordering::Relaxed);
    }

    /// PlannedOutcome many completions are still to be dropped.
    pub(crate) fn losing(&self) -> usize {
        self.0.losing.load(Ordering::Relaxed)
    }

    /// Entering the system fails no more.
    pub(crate) fn relent(&self) {
        lock(&self.0.entering).clear();
    }

    /// PlannedOutcome often making a ring, or probing it, is still to fail.
    pub(crate) fn left(&self) -> usize {
        lock(&self.0.setting_up).len() + lock(&self.0.probing).len()
    }

    /// This thread gets such rings from here on.
    pub(crate) fn install(&self) {
        HERE.with_borrow_mut(|here| *here = Some(self.clone()));
    }

    /// This thread gets the system's rings again.
    pub(crate) fn remove(&self) {
        HERE.with_borrow_mut(|here| *here = None);
    }

    /// The rings made so far.
    pub(crate) fn rings(&self) -> Vec<Stub> {
        lock(&self.0.rings).clone()
    }

    /// A turn of every ring.
    pub(crate) fn turn(&self) {
        self.rings().iter().for_each(Stub::turn);
    }

    /// Operations that the rings have taken.
    pub(crate) fn taken(&self) -> usize {
        self.sum(|inside| inside.taken)
    }

    /// PlannedOutcome often the rings were entered.
    pub(crate) fn enters(&self) -> usize {
        self.sum(|inside| inside.enters)
    }

    /// PlannedOutcome often anything was asked of the rings but their descriptors, or a ring was made.
    pub(crate) fn calls(&self) -> usize {
        self.sum(|inside| inside.calls) + self.rings().len()
    }

    /// Operations that have not ended.
    pub(crate) fn in_flight(&self) -> usize {
        self.sum(|inside| inside.in_flight.len() + inside.waiting.len() + inside.deferred.len())
    }

    /// What is in flight, for messages.
    pub(crate) fn told(&self) -> String {
        let told = |stub: &Stub| {
            let inside = lock(&stub.0);
            let in_flight: Vec<_> = inside
                .in_flight
                .iter()
                .map(|one| (one.wanted, one.fate))
                .collect();
            format!(
                "in flight {in_flight:?}, not taken {:?}, deferred {:?}, completions {} and {}",
                inside.waiting,
                inside.deferred,
                inside.ready.len(),
                inside.kept.len()
            )
        };
        self.rings().iter().map(told).collect()
    }

    /// Buffers that lie in the queues of all groups, each at one place only.
    pub(crate) fn provided(&self) -> usize {
        self.sum(|inside| inside.groups.values().map(Group::provided).sum())
    }

    /// Files in the tables.
    pub(crate) fn files(&self) -> usize {
        self.sum(|inside| inside.table.iter().flatten().count())
    }

    pub(super) fn sum(&self, of: impl Fn(&StubState) -> usize) -> usize {
        self.rings().iter().map(|stub| of(&lock(&stub.0))).sum()
    }
}
