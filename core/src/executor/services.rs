//! What the running executor offers to crates that do not know it.
//!
//! Idea        Each executor installs a table of two words while it runs tasks, and [`spawn`] uses the
//!             table that is installed. So a driver crate written once against this crate runs on a chip and inside a
//!             hosted runtime. Timers find their shard by another cell of the context.
//! Invariants  I1 what `data` points to is alive while the table is installed: whoever installs it
//!                puts back the one before, in the reverse order. An interrupt's executor that runs
//!                meanwhile does the same, so that the interrupted one notices nothing.
//!             I2 without threads an interrupt handler finds the table of the executor that it
//!                interrupted, at any of its steps: a table's function expects that.
//! Rejected    A trait parameter in every driver: it would have to go through each of its types.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;

use crate::context_cell;
use crate::task::raw::ErasedFuture;

/// Spawns the erased future, or says why not.
///
/// The first argument is the table's `data`, alive by its installer's promise; the future is
/// `Send`. Without threads an interrupt handler may call it at any step of the installer (I2 of this
/// file).
pub type SpawnFunction = unsafe fn(*const (), ErasedFuture<'_>) -> Result<(), Refusal>;

/// What the running executor offers.
#[derive(Debug, Clone, Copy)]
pub struct Services {
    data: *const (),
    spawn: SpawnFunction,
}

// SAFETY: `data` is used only in the context that the table is installed in, or by an interrupt
// handler while that context is suspended (I2).
unsafe impl Send for Services {}

impl Services {
    /// A table whose function is called with `data`.
    pub const fn new(data: *const (), spawn: SpawnFunction) -> Self {
        Self { data, spawn }
    }

    /// Whether the table's function is called with `data`.
    pub fn is_of(&self, data: *const ()) -> bool {
        core::ptr::eq(self.data, data)
    }
}

context_cell! {
    static CURRENT: Option<Services> = None;
}

/// Installs `services` for the running context and returns what stood there.
///
/// # Safety
/// What the table's `data` points to stays alive until the caller puts back what stood before.
#[inline]
pub unsafe fn set_services(services: Option<Services>) -> Option<Services> {
    CURRENT.replace(services)
}

/// Why an executor does not take a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// Every slot holds a task.
    Full {
        /// How many slots there are.
        slots: usize,
    },
    /// The future does not fit into a slot, by size or alignment.
    TooLarge {
        /// Bytes of the future.
        bytes: usize,
        /// Bytes of a slot's body.
        slot_bytes: usize,
    },
    /// No executor runs here, or one that does not spawn.
    Absent,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { slots } => write!(f, "arena full: {slots} of {slots} slots used"),
            Self::TooLarge { bytes, slot_bytes } => write!(
                f,
                "future does not fit: {bytes} bytes, and a slot has {slot_bytes}, aligned to 8"
            ),
            Self::Absent => f.write_str("no executor that spawns runs here"),
        }
    }
}

/// A task was not spawned; the future comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpawnError<F> {
    /// What was not spawned.
    pub future: F,
    /// Why.
    pub refusal: Refusal,
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpawnError").field(&self.refusal).finish()
    }
}

impl<F> fmt::Display for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)
    }
}

impl<F> core::error::Error for SpawnError<F> {}

/// Lends `future` to `take`, and gives it back if that refuses it.
pub(super) fn lend<F: Future<Output = ()> + 'static>(
    future: F,
    take: impl FnOnce(ErasedFuture<'_>) -> Result<(), Refusal>,
) -> Result<(), SpawnError<F>> {
    ErasedFuture::lend(future, take).map_err(|(refusal, future)| SpawnError { future, refusal })
}

/// Spawns `future` at whatever executor runs here: in a slot of its arena on a chip, as a task of
/// the runtime on a hosted system.
///
/// In an interrupt handler the executor that was interrupted runs here, if one was: where it matters
/// which, name it and call its `spawn`.
///
/// # Errors
/// [`SpawnError`] with the future: every slot is taken, the future is larger than a slot, or no
/// executor runs here.
///
/// # Cost
/// The future is copied into its slot; nothing is allocated by an executor without a heap.
///
/// # Examples
/// ```
/// let refused = selkie_core::spawn(async {}).expect_err("no executor runs here");
/// assert_eq!(refused.to_string(), "no executor that spawns runs here");
/// drop(refused.future);
/// ```
pub fn spawn<F>(future: F) -> Result<(), SpawnError<F>>
where
    F: Future<Output = ()> + Send + 'static,
{
    lend(future, |erased| match CURRENT.get() {
        // SAFETY: `data` is alive while the table is installed (I1), and `F` is `Send`.
        Some(services) => unsafe { (services.spawn)(services.data, erased) },
        None => Err(Refusal::Absent),
    })
}

/// Puts back the table that stood before, also on unwinding.
pub(super) struct ServicesGuard(Option<Services>);

impl ServicesGuard {
    /// # Safety
    /// What the table's `data` points to outlives the guard, which drops in this context.
    pub(super) unsafe fn new(services: Services) -> Self {
        Self(CURRENT.replace(Some(services)))
    }
}

impl Drop for ServicesGuard {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
