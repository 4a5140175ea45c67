//! What the guards of the mutex and of the read-write lock are made of.
//!
//! Idea        A [`HeldLock`] stands for a lock that somebody holds: dropping it unlocks. A [`HeldPart`] is a held
//!             lock and a pointer to what its guard gives access to, the whole value or a part of it. Both are
//!             generic over how they reach the lock (`L`: a reference, or an `Arc` that keeps the lock
//!             alive) and over what the holder may do (`H`: [`Reader`] or [`Writer`]). Each public guard is
//!             one of the two, with the name, the docs and the auto traits that users see.
//! Invariants  I1 a held lock was taken as `H` says, and is unlocked once: by the drop of its `HeldLock`.
//!             I2 the pointer of a held part goes into the value of its lock; a writer's may be written by.
//! Rejected    Public guards that are aliases of these types: docs/decisions/0210-one-guard.md.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

/// The holder shares the value with other readers.
pub(super) enum Reader {}

/// The holder alone has access to the value.
pub(super) enum Writer {}

/// A lock that can be held as `H` says: the lock itself, or what is left of it without the value.
pub(super) trait Unlock<H> {
    /// Tells a subscriber of `tracing` that the lock was taken.
    fn tell_locked(&self);

    /// Gives the lock back. Only the drop of a [`HeldLock`] calls this (I1).
    fn unlock(&self);
}

/// A lock for readers and writers, whose writer can become a reader.
pub(super) trait RwUnlock: Unlock<Reader> + Unlock<Writer> {
    /// Lets other readers in. The caller held the lock as a writer and holds it as a reader from now on.
    fn downgrade(&self);
}

/// A lock that is held, and that is unlocked when this drops.
pub(super) struct HeldLock<L: Deref<Target: Unlock<H>>, H> {
    lock: L,
    _holder: PhantomData<H>,
}

impl<L: Deref<Target: Unlock<H>>, H> HeldLock<L, H> {
    /// A lock that was taken just now.
    ///
    /// # Safety
    /// The caller took the lock as `H` says, and leaves it to this to unlock it (I1).
    #[inline]
    pub(super) unsafe fn new(lock: L) -> Self {
        // SAFETY: the caller's promise.
        let held = unsafe { Self::resume(lock) };
        held.lock.tell_locked();
        held
    }

    /// As [`new`](Self::new), for a lock that was held before.
    ///
    /// # Safety
    /// As for [`new`](Self::new).
    #[inline]
    const unsafe fn resume(lock: L) -> Self {
        Self {
            lock,
            _holder: PhantomData,
        }
    }

    pub(super) const fn lock(&self) -> &L {
        &self.lock
    }

    /// How the lock is reached; it stays locked.
    #[inline]
    fn into_lock(self) -> L {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not touched again, so `lock` is moved out once.
        unsafe { ptr::read(&raw const this.lock) }
    }
}

impl<L: Deref<Target: Unlock<H>>, H> Drop for HeldLock<L, H> {
    #[inline]
    fn drop(&mut self) {
        self.lock.unlock();
    }
}

/// A lock that is held, and the part of its value that the holder has access to.
pub(super) struct HeldPart<L: Deref<Target: Unlock<H>>, H, T: ?Sized> {
    held: HeldLock<L, H>,
    part: NonNull<T>,
}

impl<L: Deref<Target: Unlock<H>>, H, T: ?Sized> HeldPart<L, H, T> {
    /// The part of `held` that `part` points to.
    ///
    /// # Safety
    /// `part` points into the value of the lock, and may be written by if `H` is [`Writer`] (I2).
    #[inline]
    pub(super) const unsafe fn new(held: HeldLock<L, H>, part: NonNull<T>) -> Self {
        Self { held, part }
    }

    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    pub(super) const fn lock(&self) -> &L {
        self.held.lock()
    }

    /// The held lock alone.
    #[inline]
    pub(super) fn into_held(self) -> HeldLock<L, H> {
        self.held
    }

    /// Reaches the lock by what `reach` returns.
    ///
    /// # Safety
    /// `reach` returns another way to the same lock.
    #[inline]
    pub(super) unsafe fn reach_by<M: Deref<Target: Unlock<H>>>(
        self,
        reach: impl FnOnce(L) -> M,
    ) -> HeldPart<M, H, T> {
        let lock = reach(self.held.into_lock());
        HeldPart {
            // SAFETY: it was held before, and is the same lock by the caller's promise.
            held: unsafe { HeldLock::resume(lock) },
            part: self.part,
        }
    }
}

impl<L: Deref<Target: Unlock<Reader>>, T: ?Sized> HeldPart<L, Reader, T> {
    /// Narrows the part. If `f` panics, the lock is unlocked.
    #[inline]
    pub(super) fn map<U: ?Sized>(self, f: impl FnOnce(&T) -> &U) -> HeldPart<L, Reader, U> {
        let part = NonNull::from(f(&self));
        HeldPart {
            held: self.held,
            part,
        }
    }

    /// Narrows the part if `f` finds a smaller one.
    #[inline]
    pub(super) fn try_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<HeldPart<L, Reader, U>, Self> {
        let Some(part) = f(&self).map(NonNull::from) else {
            return Err(self);
        };
        Ok(HeldPart {
            held: self.held,
            part,
        })
    }
}

impl<L: Deref<Target: Unlock<Writer>>, T: ?Sized> HeldPart<L, Writer, T> {
    /// Narrows the part. If `f` panics, the lock is unlocked.
    #[inline]
    pub(super) fn map<U: ?Sized>(
        mut self,
        f: impl FnOnce(&mut T) -> &mut U,
    ) -> HeldPart<L, Writer, U> {
        let part = NonNull::from(f(&mut self));
        HeldPart {
            held: self.held,
            part,
        }
    }

    /// Narrows the part if `f` finds a smaller one.
    #[inline]
    pub(super) fn try_map<U: ?Sized>(
        mut self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<HeldPart<L, Writer, U>, Self> {
        let Some(part) = f(&mut self).map(NonNull::from) else {
            return Err(self);
        };
        Ok(HeldPart {
            held: self.held,
            part,
        })
    }
}

impl<L: Deref<Target: RwUnlock>, T: ?Sized> HeldPart<L, Writer, T> {
    /// Becomes a reader of a part. If `f` panics, the lock is unlocked.
    #[inline]
    pub(super) fn downgrade_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> &U,
    ) -> HeldPart<L, Reader, U> {
        let part = NonNull::from(f(&self));
        self.into_reader(part)
    }

    /// Becomes a reader of a part if `f` finds one.
    #[inline]
    pub(super) fn try_downgrade_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<HeldPart<L, Reader, U>, Self> {
        let Some(part) = f(&self).map(NonNull::from) else {
            return Err(self);
        };
        Ok(self.into_reader(part))
    }

    #[inline]
    fn into_reader<U: ?Sized>(self, part: NonNull<U>) -> HeldPart<L, Reader, U> {
        let lock = self.held.into_lock();
        // SAFETY: a writer may read, and is a reader after the next line.
        let held = unsafe { HeldLock::resume(lock) };
        // The reader exists before the call: it unlocks even if a waker panics that is woken there.
        held.lock.downgrade();
        HeldPart { held, part }
    }
}

impl<L: Deref<Target: Unlock<H>>, H, T: ?Sized> Deref for HeldPart<L, H, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held (I1), and the pointer goes into its value (I2).
        unsafe { self.part.as_ref() }
    }
}

impl<L: Deref<Target: Unlock<Writer>>, T: ?Sized> DerefMut for HeldPart<L, Writer, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: a writer's access is its own (I1), and its pointer may be written by (I2).
        unsafe { self.part.as_mut() }
    }
}

/// The traits of a public guard: it derefs to a value, and prints as that value. `mut` is for those that let
/// their holder write.
///
/// ```text
/// deref_guard! { [T: ?Sized, U: ?Sized] OwnedGuard<T, U>, held => mut U }
/// ```
macro_rules! deref_guard {
    ([$($generics:tt)*] $guard:ty, $field:ident => mut $value:ident) => {
        $crate::sync::guard::deref_guard! { [$($generics)*] $guard, $field => $value }

        impl<$($generics)*> core::ops::DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $value {
                &mut self.$field
            }
        }
    };
    ([$($generics:tt)*] $guard:ty, $field:ident => $value:ident) => {
        impl<$($generics)*> core::ops::Deref for $guard {
            type Target = $value;

            #[inline]
            fn deref(&self) -> &$value {
                &self.$field
            }
        }

        impl<$($generics)*> core::fmt::Debug for $guard
        where
            $value: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($generics)*> core::fmt::Display for $guard
        where
            $value: core::fmt::Display,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&**self, f)
            }
        }
    };
}
pub(super) use deref_guard;
