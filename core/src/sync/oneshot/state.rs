//! The word of a one-value channel: what each side has done, and every step from there.
//!
//! States      EMPTY ─send→ SENT ─recv→ SENT|TAKEN;   EMPTY ─close or drop of a side→ CLOSED.
//!             RX_WAITS, TX_WAITS: that side stored a waker. After SENT the channel cannot be
//!             closed, after CLOSED nothing can be sent: the first of the two wins.
//!             RX_GONE, TX_GONE: that side will not touch the channel again.
//! Invariants  those of [`shared`](super::shared).

use crate::platform::{AtomicU8, Ordering};

const SENT: u8 = 0b0001;
const CLOSED: u8 = 0b0010;
const RX_WAITS: u8 = 0b0100;
const TX_WAITS: u8 = 0b1000;
const TX_GONE: u8 = 0b01_0000;
const RX_GONE: u8 = 0b10_0000;

/// One of the two sides of a channel, as the flag that says that it is gone.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Side {
    Sender = TX_GONE,
    Receiver = RX_GONE,
}

/// The word.
pub(super) struct State(AtomicU8);

impl State {
    /// Nothing has happened yet.
    #[inline]
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// What the other side has done so far.
    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        // Acquire: pairs with the Release in `publish` and `close`.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// The sender has written the slot: SENT, unless the word is not `before` any more. A sender whose receiver
    /// does not wait is gone with the same step.
    #[inline]
    pub(super) fn publish(&self, before: Snapshot) -> Result<(), Snapshot> {
        let Snapshot(before) = before;
        // Whoever is to be woken is found through the channel, so the sender stays until then.
        let gone = if before & RX_WAITS == 0 { TX_GONE } else { 0 };
        // AcqRel: Release publishes the slot to the Acquire in `load` and `receiver_waits`; Acquire
        // pairs with the closing and the waiting of the receiver.
        match self.0.compare_exchange_weak(
            before,
            before | SENT | gone,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => Ok(()),
            Err(now) => Err(Snapshot(now)),
        }
    }

    /// Either side closes the channel; returns the word before.
    #[inline]
    pub(super) fn close(&self) -> Snapshot {
        // AcqRel: Acquire pairs with the Release in `publish`; Release with the Acquire of the
        // other side that looks for CLOSED.
        Snapshot(self.0.fetch_or(CLOSED, Ordering::AcqRel))
    }

    /// The receiver has stored a waker; returns the word before.
    #[inline]
    pub(super) fn receiver_waits(&self) -> Snapshot {
        // AcqRel: after the waker is stored; pairs with `publish` and `close`, which see the flag or are
        // seen here.
        Snapshot(self.0.fetch_or(RX_WAITS, Ordering::AcqRel))
    }

    /// The sender has stored a waker; returns the word before.
    #[inline]
    pub(super) fn sender_waits(&self) -> Snapshot {
        // AcqRel: after the waker is stored; pairs with `close`, which sees the flag or is seen here.
        Snapshot(self.0.fetch_or(TX_WAITS, Ordering::AcqRel))
    }

    /// The last step of a side; returns the word before.
    #[inline]
    pub(super) fn leave(&self, side: Side) -> Snapshot {
        // AcqRel: Release before the other side frees, Acquire before we do (I3).
        Snapshot(self.0.fetch_or(side as u8, Ordering::AcqRel))
    }
}

/// The word at one moment, read with Acquire.
#[derive(Clone, Copy)]
pub(super) struct Snapshot(u8);

impl Snapshot {
    #[inline]
    pub(super) const fn is_sent(self) -> bool {
        self.0 & SENT != 0
    }

    #[inline]
    pub(super) const fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Neither sent nor closed: the other side may still do something.
    #[inline]
    pub(super) const fn is_open(self) -> bool {
        self.0 & (SENT | CLOSED) == 0
    }

    #[inline]
    pub(super) const fn receiver_waits(self) -> bool {
        self.0 & RX_WAITS != 0
    }

    #[inline]
    pub(super) const fn sender_waits(self) -> bool {
        self.0 & TX_WAITS != 0
    }

    #[inline]
    pub(super) const fn is_gone(self, side: Side) -> bool {
        self.0 & side as u8 != 0
    }

    /// Whether the side opposite to `side` is gone.
    #[inline]
    pub(super) const fn is_other_gone(self, side: Side) -> bool {
        self.0 & (side as u8 ^ (TX_GONE | RX_GONE)) != 0
    }
}
