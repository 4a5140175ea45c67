//! The executor without a heap: its tasks are in static slots, and it has one queue.
//!
//! Idea        Ready tasks are linked through their own headers, so the queue has no capacity to
//!             overflow. A wake, from a task or an interrupt handler, links the task and, if the
//!             queue was empty, ends the sleep: by a flag and the interrupt itself in thread mode,
//!             by pending an interrupt where the executor is that interrupt's handler. Executors at
//!             several priorities preempt each other as their interrupts do.
//! States      idle ─enter→ busy ─leave→ idle; busy for ever from the start of `run`
//! Invariants  I1 one context at a time is in `busy`, and it alone polls tasks.
//!             I2 futures that are not `Send` are spawned by `run`'s context only. No other context
//!             polls ever after, since the executor stays busy, also when `run` unwinds.
//!             I3 the queue's lock is held for a push or a pop, never across a poll or an unpark.
//!             I4 without threads no interrupt handler comes between a task's wake, its push and the
//!             unpark. So a task is in the queue, and its executor unparked, when a handler finds it
//!             woken; the task never waits for the context that woke it and that the handler has
//!             suspended.
//! Rejected    A static ring as the queue: it can be full, and then a wake must be dropped or must
//!             wait. A lock-free stack: on a chip without compare-exchange it is a critical section
//!             anyhow, and it is last in, first out.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;

use super::arena::{Arena, Storage};
use super::root::{Root, TimersGuard};
use super::services::{Refusal, Services, ServicesGuard, SpawnError, lend};
use crate::collections::Chain;
use crate::coop;
use crate::log::warning;
use crate::maybe_const;
use crate::park::{Park, Unpark};
use crate::platform::{AtomicBool, Lock, Ordering, without_interrupts};
use crate::task::raw::{BODY_ALIGN, ErasedFuture, FixedNotified, FixedSchedule};
use crate::time::TimersHandle;
use crate::time::raw::Current;

/// Runs tasks in static slots, in the order in which they became ready.
///
/// # Examples
/// ```
/// # #[cfg(feature = "std")] {
/// use selkie_core::executor::{Arena, Executor, ThreadPark, ThreadUnpark};
/// use selkie_core::sync::FixedChannel;
///
/// static ARENA: Arena<4, 128> = Arena::new();
/// static UNPARK: ThreadUnpark = ThreadUnpark::new();
/// static EXECUTOR: Executor = Executor::new(&UNPARK, &ARENA);
/// static NUMBERS: FixedChannel<u32, 4> = FixedChannel::new();
///
/// EXECUTOR.spawn(async { NUMBERS.send(42).await }).unwrap();
/// let number = EXECUTOR.block_on(&mut ThreadPark::new(&UNPARK), NUMBERS.recv());
/// assert_eq!(number, 42);
/// # }
/// ```
pub struct Executor {
    queue: Lock<Chain<FixedNotified>>,
    busy: AtomicBool,
    root: Root,
    timers: Lock<Option<TimersHandle>>,
    unpark: &'static dyn Unpark,
    storage: &'static dyn Storage,
}

impl Executor {
    maybe_const! {
        /// An executor that ends its sleep by `unpark`, with `storage` for what [`spawn`] spawns.
        ///
        /// [`spawn`]: Self::spawn
        pub fn new(unpark: &'static dyn Unpark, storage: &'static dyn Storage) -> Self {
            Self {
                queue: Lock::new(Chain::new()),
                busy: AtomicBool::new(false),
                root: Root::new(),
                timers: Lock::new(None),
                unpark,
                storage,
            }
        }
    }

    /// Makes `shard` the one of the timers that tasks make here; without one they panic.
    pub fn set_timers(&self, timers: TimersHandle) {
        *self.timers.lock() = Some(timers);
    }

    /// Spawns `future` into a slot of the executor's storage. Any context may call it.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, if every slot is taken or the future is larger than one.
    pub fn spawn<F>(&'static self, future: F) -> Result<(), SpawnError<F>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // SAFETY: the future is `Send`.
        lend(future, |erased| unsafe { self.place(self.storage, erased) })
    }

    /// Spawns `future` into a slot of another arena. Any context may call it.
    ///
    /// A future that is larger than the arena's slots does not compile.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, if every slot is taken.
    pub fn spawn_in<F, const SLOTS: usize, const BYTES: usize>(
        &'static self,
        arena: &'static Arena<SLOTS, BYTES>,
        future: F,
    ) -> Result<(), SpawnError<F>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        const {
            assert!(
                size_of::<F>() <= BYTES && align_of::<F>() <= BODY_ALIGN,
                "the future does not fit into the arena's slots"
            );
        }
        // SAFETY: the future is `Send`.
        lend(future, |erased| unsafe { self.place(arena, erased) })
    }

    /// # Safety
    /// The future is `Send`, or made by the context that is in `run`.
    unsafe fn place(
        &'static self,
        storage: &'static dyn Storage,
        erased: ErasedFuture<'_>,
    ) -> Result<(), Refusal> {
        // SAFETY: by the caller's promise.
        match unsafe { storage.place(erased, self) } {
            Ok(notified) => {
                self.schedule(notified);
                Ok(())
            }
            Err(refusal) => {
                warning!("task refused: {}", refusal);
                Err(refusal)
            }
        }
    }

    /// Whether a task is ready.
    pub fn has_ready(&self) -> bool {
        !self.queue.lock().is_empty()
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    ///
    /// For an executor that is driven by something else: an interrupt handler (see
    /// [`on_interrupt`](Self::on_interrupt)), another loop, a test.
    ///
    /// # Panics
    /// If the executor is polled already, here or in another context.
    pub fn poll_ready(&'static self) -> bool {
        let _busy = Busy::new(self);
        self.turn()
    }

    /// What the handler of an executor's interrupt does: runs what is ready, and pends the
    /// interrupt again, by the executor's `unpark`, if more became ready meanwhile.
    ///
    /// # Panics
    /// As for [`poll_ready`](Self::poll_ready).
    pub fn on_interrupt(&'static self) {
        if self.poll_ready() {
            self.unpark.unpark();
        }
    }

    /// Runs tasks for ever; `init` gets a spawner for futures that are not `Send`.
    ///
    /// Where panics unwind, one that leaves this call (of a task, of `init`, of `park`) ends the
    /// executor: nobody can poll it any more, since its tasks belong to the thread that was here.
    ///
    /// # Panics
    /// If the executor runs already, or has run.
    pub fn run<P: Park>(&'static self, park: &mut P, init: impl FnOnce(LocalSpawner)) -> ! {
        // Busy for ever (I2).
        core::mem::forget(Busy::new(self));
        init(LocalSpawner {
            executor: self,
            _here: PhantomData,
        });
        loop {
            let more = self.turn();
            park.park(more.then_some(Duration::ZERO));
        }
    }

    /// Runs tasks until `future` is ready.
    ///
    /// # Panics
    /// If the executor runs already.
    pub fn block_on<P: Park, F: Future>(&'static self, park: &mut P, future: F) -> F::Output {
        let _busy = Busy::new(self);
        let mut future = pin!(future);
        let waker = self.root_waker();
        let mut cx = Context::from_waker(&waker);
        self.root.begin();
        loop {
            if self.root.take() {
                let polled = self.inside(|| coop::raw::budget(|| future.as_mut().poll(&mut cx)));
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            let more = self.turn();
            park.park(more.then_some(Duration::ZERO));
        }
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    fn turn(&'static self) -> bool {
        self.inside(|| {
            let ready = self.queue.lock().len();
            for _ in 0..ready {
                let Some(notified) = self.queue.lock().pop() else {
                    break;
                };
                notified.run();
            }
        });
        self.has_ready()
    }

    /// Runs `f` where `spawn` and timers find this executor.
    fn inside<R>(&'static self, f: impl FnOnce() -> R) -> R {
        let services = Services::new(core::ptr::from_ref(self).cast(), spawn_erased);
        // SAFETY: the executor is static.
        let _services = unsafe { ServicesGuard::new(services) };
        let timers = *self.timers.lock();
        let _timers = TimersGuard::new(match timers {
            Some(timers) => Current::Timers(timers),
            None => Current::Disabled,
        });
        f()
    }

    fn root_waker(&'static self) -> Waker {
        // SAFETY: the table's functions are safe in every context, and the executor is static.
        unsafe { Waker::new(core::ptr::from_ref(self).cast(), &ROOT_TABLE) }
    }
}

impl FixedSchedule for Executor {
    fn schedule(&self, notified: FixedNotified) {
        // In one section (I4), in which the queue's lock is let go before the unpark (I3).
        without_interrupts(|| {
            let mut queue = self.queue.lock();
            let was_empty = queue.is_empty();
            queue.push(notified);
            drop(queue);
            // A queue that was not empty is looked at before the executor sleeps.
            if was_empty {
                self.unpark.unpark();
            }
        });
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("ready", &self.queue.lock().len())
            .finish_non_exhaustive()
    }
}

/// # Safety
/// `data` is a static executor, and the future is `Send`.
unsafe fn spawn_erased(data: *const (), erased: ErasedFuture<'_>) -> Result<(), Refusal> {
    // SAFETY: by the caller's promise.
    let executor: &'static Executor = unsafe { &*data.cast() };
    // SAFETY: as above.
    unsafe { executor.place(executor.storage, erased) }
}

static ROOT_TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(data, &ROOT_TABLE),
    wake_root,
    wake_root,
    |_| {},
);

unsafe fn wake_root(data: *const ()) {
    // SAFETY: the word was made of a static executor's address.
    let executor = unsafe { NonNull::new_unchecked(data.cast_mut().cast::<Executor>()) };
    // SAFETY: as above.
    let executor = unsafe { executor.as_ref() };
    executor.root.wake(executor.unpark);
}

/// The one context that polls the executor's tasks (I1).
struct Busy(&'static Executor);

impl Busy {
    fn new(executor: &'static Executor) -> Self {
        // Acquire: pairs with the Release in `drop`: futures come over as they were left.
        let was_busy = executor.busy.swap(true, Ordering::Acquire);
        assert!(
            !was_busy,
            "an executor was polled while it ran, or after its `run`"
        );
        Self(executor)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `new`.
        self.0.busy.store(false, Ordering::Release);
    }
}

/// Spawns futures that are not `Send` on the executor that runs in this context.
#[derive(Debug, Clone, Copy)]
pub struct LocalSpawner {
    executor: &'static Executor,
    /// Neither `Send` nor `Sync`: it belongs to the context that is in `run` (I2).
    _here: PhantomData<*const ()>,
}

impl LocalSpawner {
    /// Spawns `future` into a slot of the executor's storage.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, if every slot is taken or the future is larger than one.
    pub fn spawn<F: Future<Output = ()> + 'static>(&self, future: F) -> Result<(), SpawnError<F>> {
        let executor = self.executor;
        // SAFETY: this context is or was in `run`, and no other ever polls (I2).
        lend(future, |erased| unsafe {
            executor.place(executor.storage, erased)
        })
    }
}
