//! What the running executor offers to crates that do not know it.
//!
//! Idea        Each executor installs a table of two words while it runs tasks, and `spawn` uses the
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
use core::ptr::NonNull;

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
    /// Null if nothing runs.
    data: *const (),
    /// `None` of an executor without a heap, which `data` points to: it is called by its name, so that a program which
    /// does not spawn so does not have the code for it.
    spawn: Option<SpawnFunction>,
}

// SAFETY: `data` is used only in the context that the table is installed in, or by an interrupt
// handler while that context is suspended (I2).
unsafe impl Send for Services {}

/// Who is to spawn a future.
pub(super) enum Spawner {
    /// Nobody runs here.
    Absent,
    /// An executor without a heap.
    Fixed(NonNull<()>),
    /// What the table says.
    Table(SpawnFunction, *const ()),
}

impl Services {
    /// Those of a context in which no executor runs.
    pub const ABSENT: Self = Self {
        data: core::ptr::null(),
        spawn: None,
    };

    /// A table whose function is called with `data`.
    pub const fn new(data: *const (), spawn: SpawnFunction) -> Self {
        Self {
            data,
            spawn: Some(spawn),
        }
    }

    /// The services of an executor without a heap.
    pub(super) const fn of_fixed(executor: NonNull<()>) -> Self {
        Self {
            data: executor.as_ptr(),
            spawn: None,
        }
    }

    /// Whether the table's function is called with `data`.
    pub fn is_of(&self, data: *const ()) -> bool {
        self.spawn.is_some() && core::ptr::eq(self.data, data)
    }
}

context_cell! {
    static CURRENT: Services = Services::ABSENT;
}

/// Installs `services` for the running context and returns what stood there.
///
/// # Safety
/// What the table's `data` points to stays alive until the caller puts back what stood before.
#[inline]
pub unsafe fn set_services(services: Services) -> Services {
    CURRENT.replace(services)
}

/// Who spawns in the running context.
pub(super) fn spawner() -> Spawner {
    let Services { data, spawn } = CURRENT.get();
    match (spawn, NonNull::new(data.cast_mut())) {
        (Some(spawn), _) => Spawner::Table(spawn, data),
        (None, Some(executor)) => Spawner::Fixed(executor),
        (None, None) => Spawner::Absent,
    }
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

/// Puts back the table that stood before, also on unwinding.
pub(super) struct ServicesGuard(Services);

impl ServicesGuard {
    /// # Safety
    /// What the table's `data` points to outlives the guard, which drops in this context.
    pub(super) unsafe fn new(services: Services) -> Self {
        Self(CURRENT.replace(services))
    }
}

impl Drop for ServicesGuard {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
