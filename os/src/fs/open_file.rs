//! An open file, and every operation that uses it.
//!
//! Idea        Who operates on the file holds a part of it, also when nobody waits for the operation any
//!             more. The last that lets go closes it, or hands it to whoever wants it back.
//! Invariants  I1 `std` is there until the last owner drops.
//!             I2 it is wanted back once, by who gives up its own part at that.
//!             I3 what was learned of the file is true as long as it is open, and only ever becomes less.
//!             I4 a seek that was deferred is there until an operation has made it: one that never runs has not. Seeks are
//!                deferred only while nothing is under way that makes them. One to a place is made before anybody
//!                else is shown the file.
//! Rejected    A count beside the `Arc`'s own: two more read-modify-writes for each operation.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use selkie_core::raw::platform::{AtomicU64, Lock};

use super::closing::close;
use super::in_flight::{Flown, GivenUp};
use crate::sync::oneshot;
use crate::sys::{AtHand, Learned, System};

/// An open file that several own.
pub(super) struct OpenFile {
    std: Option<File>,
    back: OnceLock<oneshot::Sender<File>>,
    /// What is known of it, a `Learned`.
    learned: AtomicU8,
    /// Whether it is closed where it is dropped, whatever it is; shared by its clones, which share its locks.
    stays: Arc<AtomicBool>,
    given_up: GivenUp,
    /// Where the system's position has to go by a deferred seek, or `NOWHERE` (I4).
    place: AtomicU64,
    /// Bytes that were read ahead and undone, by which the system's position has not gone back (I4).
    ahead: AtomicUsize,
    /// Held while deferred seeks are made.
    seeking: Lock<()>,
}

/// No seek to a place is deferred: no file has this one.
const NOWHERE: u64 = u64::MAX;

impl Flown for OpenFile {
    fn given_up(&self) -> &GivenUp {
        &self.given_up
    }
}

// An unwinding may leave nothing undone in it: the system has the file's state, and a sender is set once.
impl UnwindSafe for OpenFile {}
impl RefUnwindSafe for OpenFile {}

impl OpenFile {
    /// A file that was just opened.
    pub(super) fn new(std: File) -> Arc<Self> {
        Self::known(std, Learned::Nothing, Arc::default())
    }

    /// A file that others have had: they may have placed locks on it.
    pub(super) fn of_others(std: File) -> Arc<Self> {
        Self::known(std, Learned::Nothing, Arc::new(AtomicBool::new(true)))
    }

    /// Another descriptor of the same open file.
    pub(super) fn try_clone(&self) -> io::Result<Arc<Self>> {
        let std = (**self).try_clone()?;
        Ok(Self::known(std, self.learned(), Arc::clone(&self.stays)))
    }

    fn known(std: File, learned: Learned, stays: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Self {
            std: Some(std),
            back: OnceLock::new(),
            learned: AtomicU8::new(learned as u8),
            stays,
            given_up: GivenUp::default(),
            place: AtomicU64::new(NOWHERE),
            ahead: AtomicUsize::new(0),
            seeking: Lock::new(()),
        })
    }

    /// What is known of the file.
    #[inline]
    pub(super) fn learned(&self) -> Learned {
        // Relaxed: the byte is all there is.
        Learned::from_byte(self.learned.load(Ordering::Relaxed))
    }

    /// What the file is, which is learned if it is not known. Call it on the pool.
    pub(super) fn learn(&self) -> Learned {
        if self.learned() == Learned::Nothing {
            let learned = System::learn(self);
            // Relaxed, both: whoever asks learns the same, but for who has found it to be less (I3).
            let _known = self.learned.compare_exchange(
                Learned::Nothing as u8,
                learned as u8,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
        self.learned()
    }

    /// The file's system does not say what is at hand.
    #[cold]
    pub(super) fn refuses(&self) {
        // Relaxed: as above (I3).
        self.learned
            .store(Learned::Elsewhere as u8, Ordering::Relaxed);
    }

    /// Defers a seek to `place` until something goes by the system's position.
    pub(super) fn defer_seek_to(&self, place: u64) {
        // Relaxed, both: nothing that seeks is under way, and what comes next gets it with the file.
        self.ahead.store(0, Ordering::Relaxed);
        self.place.store(place, Ordering::Relaxed);
    }

    /// Defers a seek back by `unread` bytes.
    pub(super) fn defer_seek_back(&self, unread: usize) {
        // Relaxed: as above.
        self.ahead.fetch_add(unread, Ordering::Relaxed);
    }

    /// Whether the system's position has to go elsewhere before it is used.
    pub(super) fn has_deferred_seek(&self) -> bool {
        // Acquire, both: pair with the Releases in `run_deferred_seek`: the seek has been made.
        let (place, ahead) = (&self.place, &self.ahead);
        place.load(Ordering::Acquire) != NOWHERE || ahead.load(Ordering::Acquire) > 0
    }

    /// Whether a seek to a place is deferred: nobody else has been shown the file (I4).
    pub(super) fn is_unseen(&self) -> bool {
        // Acquire: as above.
        self.place.load(Ordering::Acquire) != NOWHERE
    }

    /// Makes the seek that was deferred, if one was (I4). It waits for whoever reads by the same open file: call it on the
    /// pool.
    pub(super) fn run_deferred_seek(&self) -> io::Result<()> {
        if !self.has_deferred_seek() {
            return Ok(());
        }
        // Whoever comes meanwhile waits until the position is right.
        let _seeking = self.seeking.lock();
        let (mut file, mut sought) = (&**self, Ok(0));
        // Relaxed, both: changed under the lock, or while nobody has it.
        let place = self.place.load(Ordering::Relaxed);
        let unread = self.ahead.load(Ordering::Relaxed);
        if place != NOWHERE {
            sought = file.seek(SeekFrom::Start(place));
        }
        if unread > 0 && sought.is_ok() {
            sought = file.seek(SeekFrom::Current(-(unread as i64)));
        }
        // Release, both: pair with the Acquires in `has_deferred_seek`. A seek that failed is not tried again.
        self.place.store(NOWHERE, Ordering::Release);
        self.ahead.store(0, Ordering::Release);
        sought.map(drop)
    }

    /// Whoever drops the file, or a clone, closes it, and so frees its locks, before going on.
    pub(super) fn close_where_it_drops(&self) {
        // Relaxed: the last owner has it by the count of owners, and a clone's from whoever placed the lock.
        self.stays.store(true, Ordering::Relaxed);
    }

    /// The file itself, if nobody else owns it; else the part that was given.
    pub(super) fn try_unwrap(self: Arc<Self>) -> Result<File, Arc<Self>> {
        let mut open = Arc::try_unwrap(self)?;
        Ok(open.std.take().expect("gone when dropped alone")) // I1
    }

    /// The file itself, once nobody else owns it.
    pub(super) async fn unwrap(self: Arc<Self>) -> File {
        let shared = match self.try_unwrap() {
            Ok(std) => return std,
            Err(shared) => shared,
        };
        let (back, receiver) = oneshot::channel();
        shared.back.set(back).expect("wanted back once"); // I2
        drop(shared);
        receiver.await.expect("the last owner sends it")
    }
}

impl Deref for OpenFile {
    type Target = File;

    #[inline]
    fn deref(&self) -> &File {
        self.std.as_ref().expect("gone when dropped alone") // I1
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let Some(mut std) = self.std.take() else {
            return;
        };
        if let Some(back) = self.back.take() {
            match back.send(std) {
                Ok(()) => return,
                // Who wanted it has given up.
                Err(unwanted) => std = unwanted,
            }
        }
        let learned = Learned::from_byte(*self.learned.get_mut());
        // Relaxed: see `close_where_it_drops`.
        close(std, learned, self.stays.load(Ordering::Relaxed));
    }
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
