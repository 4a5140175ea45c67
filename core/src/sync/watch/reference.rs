//! A borrow of a watched value.
//!
//! Idea        A read guard, which also says whether the value was new.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use super::shared::ReadGuard;

/// The value of a watch channel, held against senders until dropped.
///
/// Meanwhile senders block their thread, and a second borrow from the same thread may block too: drop it before
/// the next await.
///
/// # Cost
/// Dropping it is one read-modify-write.
///
/// # Examples
/// ```
/// use selkie::sync::watch;
///
/// let (tx, mut rx) = watch::channel("old");
/// tx.send("new").unwrap();
/// let look = rx.borrow_and_update();
/// assert_eq!((*look, look.has_changed()), ("new", true));
/// ```
pub struct Ref<'a, T> {
    reading: ReadGuard<'a, T>,
    changed: bool,
    /// Not to be sent, so that it is not held across an await by mistake.
    _thread: PhantomData<*const ()>,
}

// SAFETY: a shared look gives `&T` only.
unsafe impl<T: Sync> Sync for Ref<'_, T> {}

impl<'a, T> Ref<'a, T> {
    pub(super) const fn new(reading: ReadGuard<'a, T>, changed: bool) -> Self {
        Self {
            reading,
            changed,
            _thread: PhantomData,
        }
    }

    /// Whether the value was new to the receiver that borrowed it; `false` if a sender borrowed it.
    pub fn has_changed(&self) -> bool {
        self.changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.reading
    }
}

impl<'a, T: fmt::Debug> fmt::Debug for Ref<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &**self)
            .field("changed", &self.changed)
            .finish()
    }
}
