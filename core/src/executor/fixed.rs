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
//! Rejected    An executor for each type of future: its loop would be there several times.
#![allow(unsafe_code)]

use core::alloc::Layout;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;

use super::arena::{Arena, Slots};
use super::root::{Root, TimersGuard};
use super::services::{Refusal, Services, ServicesGuard, SpawnError};
use super::slot::{BODY_ALIGN, FixedHeader, ReadyQueue, begin};
use super::unpark::ErasedUnpark;
use crate::collections::SlotRef;
use crate::coop;
use crate::log::warning;
use crate::maybe_const;
use crate::park::{Park, Unpark};
use crate::platform::{Flags, in_section, polled_twice};
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
    ready: ReadyQueue,
    busy: Flags,
    root: Root,
    slots: Slots,
}

impl Executor {
    maybe_const! {
        /// An executor that ends its sleep by `unpark`, with the slots of `arena` for what [`spawn`] spawns.
        ///
        /// [`spawn`]: Self::spawn
        pub fn new<U: Unpark, const SLOTS: usize, const BYTES: usize>(
            unpark: &'static U,
            arena: &'static Arena<SLOTS, BYTES>,
        ) -> Self {
            Self {
                ready: ReadyQueue::new(ErasedUnpark::new(unpark)),
                busy: Flags::new(0),
                root: Root::new(),
                slots: arena.slots(),
            }
        }
    }

    /// Makes `shard` the one of the timers that tasks make here; without one they panic.
    pub fn set_timers(&self, timers: TimersHandle) {
        self.ready.set_timers(timers);
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
        unsafe { self.place(&self.slots, future) }
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
        unsafe { self.place(&arena.slots(), future) }
    }

    /// # Safety
    /// The future is `Send`, or made by the context that is in `run`.
    #[inline]
    unsafe fn place<F: Future<Output = ()> + 'static>(
        &'static self,
        slots: &Slots,
        future: F,
    ) -> Result<(), SpawnError<F>> {
        match claim(slots, Layout::new::<F>()) {
            Ok(slot) => {
                // SAFETY: claimed, with room for the future.
                unsafe { begin(slot, future, &self.ready) };
                Ok(())
            }
            Err(refusal) => Err(SpawnError { future, refusal }),
        }
    }

    /// Whether a task is ready.
    pub fn has_ready(&self) -> bool {
        self.ready.has_ready()
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile. Those do not unpark: call again.
    ///
    /// For an executor that is driven by something else: an interrupt handler (see
    /// [`on_interrupt`](Self::on_interrupt)), another loop, a test.
    ///
    /// # Panics
    /// If the executor is polled already, here or in another context.
    pub fn poll_ready(&'static self) -> bool {
        let _busy = Busy::new(self);
        self.inside(|| self.turn())
    }

    /// What the handler of an executor's interrupt does: runs what is ready, and pends the
    /// interrupt again, by the executor's `unpark`, if more became ready meanwhile.
    ///
    /// # Panics
    /// As for [`poll_ready`](Self::poll_ready).
    pub fn on_interrupt(&'static self) {
        if self.poll_ready() {
            self.ready.unpark();
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
        self.inside(|| {
            if park.asks_first() {
                // SAFETY: this context is in `busy`, for ever (I1, I2).
                unsafe {
                    self.ready
                        .run_always(|| park.park_unless(&|| self.has_ready()))
                }
            }
            loop {
                let more = self.turn();
                park.park(more.then_some(Duration::ZERO));
            }
        })
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
            let more = self.inside(|| self.turn());
            park.park(more.then_some(Duration::ZERO));
        }
    }

    /// Runs each task that is ready now once; says whether more became ready meanwhile.
    fn turn(&'static self) -> bool {
        // SAFETY: callers are in `busy` (I1), and futures that are not `Send` belong to the one in `run` (I2).
        unsafe { self.ready.turn() }
    }

    /// Runs `f` where `spawn` and timers find this executor.
    fn inside<R>(&'static self, f: impl FnOnce() -> R) -> R {
        // SAFETY: the executor is static.
        let _services =
            unsafe { ServicesGuard::new(Services::of_fixed(NonNull::from(self).cast())) };
        let _timers = TimersGuard::new(match self.ready.timers() {
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

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("has_ready", &self.has_ready())
            .finish_non_exhaustive()
    }
}

/// Claims one of `slots` for a future of that layout.
fn claim(slots: &Slots, layout: Layout) -> Result<SlotRef<FixedHeader>, Refusal> {
    let claimed = slots.claim(layout);
    if let Err(refusal) = &claimed {
        warning!("task refused: {}", refusal);
    }
    claimed
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
    executor.root.wake(|| executor.ready.unpark());
}

/// The flag of an executor that is polled.
const BUSY: u8 = 1;

/// The one context that polls the executor's tasks (I1).
struct Busy(&'static Executor);

impl Busy {
    fn new(executor: &'static Executor) -> Self {
        // Pairs with the change in `drop`: futures come over as they were left.
        let before = in_section(|section| executor.busy.update(section, |_| BUSY));
        if before == BUSY {
            polled_twice();
        }
        Self(executor)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Pairs with the change in `new`.
        in_section(|section| self.0.busy.update(section, |_| 0));
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
        // SAFETY: this context is or was in `run`, and no other ever polls (I2).
        unsafe { self.executor.place(&self.executor.slots, future) }
    }
}
