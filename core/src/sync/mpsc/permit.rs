//! Permits: room in a bounded channel that is reserved before there is a value.
//!
//! Invariants  I1 a permit object stands for one permit of the channel's word: `send` turns it into a
//!             position in the queue, and a drop gives it back.

use core::fmt;
use core::iter::FusedIterator;

use super::bounded::BOUNDED;
use super::chan::Chan;
use super::error::{SendError, TrySendError};
use super::sender::Sender;

impl<T> Sender<T> {
    /// Waits for room for one value, and reserves it.
    ///
    /// # Errors
    /// [`SendError`] if the channel is closed.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and no room.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// assert!(tx.try_send(1).is_err());
    /// permit.send(2);
    /// assert_eq!(rx.recv().await, Some(2));
    /// # }
    /// ```
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.chan.reserve(1).await?;
        Ok(Permit { chan: &self.chan })
    }

    /// Waits for room for `n` values, and reserves it.
    ///
    /// # Errors
    /// [`SendError`] if the channel is closed, or never has so much room.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and no room.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(4);
    /// for (permit, letter) in tx.reserve_many(3).await.unwrap().zip("abc".chars()) {
    ///     permit.send(letter);
    /// }
    /// assert_eq!(rx.recv().await, Some('a'));
    /// assert!(tx.reserve_many(5).await.is_err(), "there is never room for five");
    /// # }
    /// ```
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.chan.reserve(n).await?;
        Ok(PermitIterator {
            chan: &self.chan,
            left: n,
        })
    }

    /// Waits for room for one value; the permit holds the sender itself.
    ///
    /// # Errors
    /// [`SendError`] if the channel is closed.
    ///
    /// # Cancel safety
    /// A cancelled call drops the sender and loses its position in the queue.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.clone().reserve_owned().await.unwrap();
    /// // An owned permit may go to another task.
    /// selkie::spawn(async move { permit.send("from the task") });
    /// assert_eq!(rx.recv().await, Some("from the task"));
    /// # }
    /// ```
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.chan.reserve(1).await?;
        Ok(OwnedPermit { sender: Some(self) })
    }

    /// Reserves room for one value if there is room now.
    ///
    /// # Errors
    /// [`TrySendError`]: full, or closed.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (tx, rx) = mpsc::channel(1);
    /// tx.try_reserve().unwrap().send(1);
    /// assert!(matches!(tx.try_reserve(), Err(TrySendError::Full(()))));
    /// drop(rx);
    /// assert!(matches!(tx.try_reserve(), Err(TrySendError::Closed(()))));
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.chan.try_reserve(1)?;
        Ok(Permit { chan: &self.chan })
    }

    /// Reserves room for `n` values if there is room for all of them now.
    ///
    /// # Errors
    /// [`TrySendError`]: full, or closed.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(3);
    /// assert!(tx.try_reserve_many(4).is_err());
    /// let permits = tx.try_reserve_many(3).unwrap();
    /// permits.zip(1..).for_each(|(permit, value)| permit.send(value));
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.chan.try_reserve(n)?;
        Ok(PermitIterator {
            chan: &self.chan,
            left: n,
        })
    }

    /// Takes room for one value if there is some now; the permit holds the sender itself.
    ///
    /// # Errors
    /// [`TrySendError`] with the sender: full, or closed.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (tx, _rx) = mpsc::channel(1);
    /// let permit = tx.clone().try_reserve_owned().unwrap();
    /// // Without room, the sender comes back.
    /// let Err(TrySendError::Full(tx)) = tx.try_reserve_owned() else { panic!() };
    /// permit.send(1);
    /// assert!(tx.try_send(2).is_err());
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.chan.try_reserve(1) {
            Ok(()) => Ok(OwnedPermit { sender: Some(self) }),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }
}

/// Room for one value in a bounded channel, given back when dropped.
///
/// # Cost
/// A send takes a position and publishes a slot: two read-modify-writes. A drop takes one.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let permit = tx.try_reserve().unwrap();
/// assert!(tx.try_send(1).is_err(), "the room is reserved");
/// permit.send(2);
/// assert_eq!(rx.try_recv(), Ok(2));
/// ```
pub struct Permit<'a, T> {
    chan: &'a Chan<T, BOUNDED>,
}

impl<T> Permit<'_, T> {
    /// Sends `value` into the reserved room. The queue's order is that of the sends, not of the
    /// reservations.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// // Costly values are made when there is room for them.
    /// permit.send(vec![0; 1024]);
    /// assert_eq!(rx.recv().await.unwrap().len(), 1024);
    /// # }
    /// ```
    pub fn send(self, value: T) {
        let chan = self.chan;
        let place = chan.permits.claim_position();
        core::mem::forget(self);
        chan.publish(place, value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.chan.give(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Room for several values, handed out one permit at a time; the rest is given back when dropped.
///
/// # Cost
/// One read-modify-write gives the rest back, however much it is.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(4);
/// let permits = tx.try_reserve_many(3).unwrap();
/// permits.zip([1, 2]).for_each(|(permit, value)| permit.send(value));
/// assert_eq!(tx.capacity(), 2, "the third came back");
/// assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
/// ```
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T, BOUNDED>,
    left: usize,
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit { chan: self.chan })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.left > 0 {
            self.chan.give(self.left as u64);
        }
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Room for one value, with the [`Sender`] that reserved it; given back when dropped.
///
/// # Cost
/// As [`Permit`]; it counts as a sender.
///
/// # Examples
/// ```
/// use selkie::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// let permit = tx.try_reserve_owned().unwrap();
/// let tx = permit.send(1);
/// assert_eq!(rx.try_recv(), Ok(1));
/// drop(tx);
/// ```
pub struct OwnedPermit<T> {
    /// Taken by `send` and `release` only, which consume the permit.
    sender: Option<Sender<T>>,
}

impl<T> OwnedPermit<T> {
    fn sender(&self) -> &Sender<T> {
        self.sender
            .as_ref()
            .expect("only methods that consume the permit take the sender")
    }

    fn take_sender(mut self) -> Sender<T> {
        self.sender
            .take()
            .expect("only methods that consume the permit take the sender")
    }

    /// Sends `value` into the reserved room and gives the sender back.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve_owned().await.unwrap();
    /// let tx = permit.send("first");
    /// assert_eq!(rx.recv().await, Some("first"));
    /// tx.send("second").await.unwrap();
    /// # }
    /// ```
    pub fn send(self, value: T) -> Sender<T> {
        let sender = self.take_sender();
        let chan = &sender.chan;
        chan.publish(chan.permits.claim_position(), value);
        sender
    }

    /// Gives the room and the sender back.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u8>(1);
    /// let permit = tx.reserve_owned().await.unwrap();
    /// let tx = permit.release();
    /// assert_eq!(tx.capacity(), 1, "the room is free again");
    /// # }
    /// ```
    pub fn release(self) -> Sender<T> {
        let sender = self.take_sender();
        sender.chan.give(1);
        sender
    }

    /// Whether both hold room of the same channel.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u8>(2);
    /// let one = tx.clone().try_reserve_owned().unwrap();
    /// let two = tx.try_reserve_owned().unwrap();
    /// assert!(one.same_channel(&two));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.sender().same_channel(other.sender())
    }

    /// Whether this is room of the channel that `sender` sends to.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u8>(2);
    /// let permit = tx.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel_as_sender(&tx));
    /// ```
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender().same_channel(sender)
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            // The permit first, then the sender: the last of them ends the channel.
            sender.chan.give(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
