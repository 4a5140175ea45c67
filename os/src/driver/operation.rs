//! The protocols of operations on a source that is registered.
//!
//! Idea        Each looks at the readiness, tries, and if the call would block clears the readiness that was seen and
//!             waits: as the one reader or writer that polls, as one of any number of waiters, or not at all. They are
//!             compiled once, for calls that transfer bytes; what a call returns beside is kept by its caller. The
//!             first try of reads and writes of streams alone is compiled for each of them.
//! Rejected    All of it for each operation: 500 lines for LLVM each. Nothing of it for any: an echo took 200
//!             instructions more.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::error::shutdown_error;
use super::readiness::Readiness;
use super::registration::Registration;
use super::retry::{ATTEMPTS, KEPT, TransferCall, keep, retry_interrupted};
use super::slot::ReadyEvent;
use super::waiters::Direction;
use crate::async_io::Interest;
use crate::sys::EDGE_TRIGGERED;

impl Registration {
    /// Waits for `direction`, which has one waker; charges the budget.
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = ready!(coop::poll_proceed(cx));
        self.refresh()?;
        let event = ready!(self.slot().poll(direction, cx));
        unit.made_progress();
        Poll::Ready(or_shutdown_error(event))
    }

    /// Makes the system call `call` until it does something else than block, waiting with the one waker of
    /// `direction`. Any outcome costs a unit of the budget, a failure too.
    pub(crate) fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        call: &mut dyn FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let mut kept = None;
        ready!(self.poll_transfer(cx, direction, &mut || keep(call, &mut kept)))?;
        Poll::Ready(Ok(kept.expect(KEPT)))
    }

    /// As [`poll_io`](Self::poll_io), for a call that returns how many bytes it transferred.
    pub(crate) fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        transfer: &mut TransferCall<'_>,
    ) -> Poll<io::Result<usize>> {
        // However few bytes it transfers, nothing is known afterwards.
        self.poll_stream(cx, direction, 0, transfer)
    }

    /// As [`poll_transfer`](Self::poll_transfer) for an operation on a stream that transfers up to `wanted` bytes. If
    /// it transferred fewer and the poller is edge-triggered, the readiness is cleared. This is compiled for each
    /// operation that is no trait object.
    #[inline]
    pub(crate) fn poll_stream(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wanted: usize,
        transfer: &mut (impl FnMut() -> io::Result<usize> + ?Sized),
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let mut attempts = ATTEMPTS;
        loop {
            let event = ready!(self.slot().poll(direction, cx));
            if event.is_shutdown() {
                return Poll::Ready(Err(shutdown_error()));
            }
            match transfer() {
                Ok(moved) => {
                    unit.made_progress();
                    if EDGE_TRIGGERED && 0 < moved && moved < wanted && !event.is_urgent() {
                        self.clear(event);
                        self.record_wait();
                    }
                    return Poll::Ready(Ok(moved));
                }
                Err(error) => {
                    if let Err(error) = self.try_again(event, error, &mut attempts) {
                        unit.made_progress();
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }

    /// Called after a try that saw `event` failed with `error`; fails if it is not to be tried again. A signal interrupts
    /// a call so many times at most as `attempts` says.
    fn try_again(
        &self,
        event: ReadyEvent,
        error: io::Error,
        attempts: &mut usize,
    ) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::WouldBlock => return self.would_block(event),
            io::ErrorKind::Interrupted if *attempts > 1 => *attempts -= 1,
            _ => return Err(error),
        }
        Ok(())
    }

    /// Whether the source is thought ready for any of `interest`.
    #[cfg(all(test, unix, feature = "net"))]
    pub(crate) fn is_ready(&self, interest: Interest) -> bool {
        !self.slot().peek(interest.mask()).ready.is_empty()
    }

    /// Calls `operation` once if the source is thought ready, or if it is not registered so that nobody knows;
    /// else returns `WouldBlock`. The operation may be foreign code, so that it is not called again if a signal
    /// interrupts it: for a system call there is [`try_call`](Self::try_call).
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.begin_try(interest)?;
        let outcome = operation();
        if let Err(error) = &outcome {
            self.end_try(event, error);
        }
        outcome
    }

    /// As [`try_io`](Self::try_io), for a system call.
    pub(crate) fn try_call<R>(
        &self,
        interest: Interest,
        call: &mut dyn FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let mut kept = None;
        self.try_transfer(interest, &mut || keep(call, &mut kept))?;
        Ok(kept.expect(KEPT))
    }

    /// As [`try_call`](Self::try_call), for a call that returns how many bytes it transferred.
    pub(crate) fn try_transfer(
        &self,
        interest: Interest,
        transfer: &mut TransferCall<'_>,
    ) -> io::Result<usize> {
        self.try_io(interest, || retry_interrupted(transfer))
    }

    /// The readiness for `interest`, or `WouldBlock` if there is none.
    fn begin_try(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.refresh_rare(interest)?;
        let event = self.slot().peek(interest.mask());
        if event.ready.is_empty() && event.is_registered() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(event)
    }

    /// An operation has failed that was tried since the source was thought ready.
    #[cold]
    fn end_try(&self, event: ReadyEvent, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.clear(event);
        }
    }

    /// Waits for `interest`, as one of any number of waiters.
    pub(crate) async fn readiness(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.refresh()?;
        or_shutdown_error(Readiness::new(self.slot(), interest).await)
    }

    /// Calls `operation` until it does something else than block, waiting as one of any number of waiters;
    /// charges the budget for each outcome. As with [`try_io`](Self::try_io), for a system call pass
    /// [`retry_call`](super::retry::retry_call).
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.refresh_rare(interest)?;
        let mut readiness = pin!(Readiness::new(self.slot(), interest));
        poll_fn(|cx| {
            let mut kept = None;
            let operation = &mut || keep(&mut operation, &mut kept);
            ready!(self.poll_when_ready(readiness.as_mut(), cx, operation))?;
            Poll::Ready(Ok(kept.expect(KEPT)))
        })
        .await
    }

    /// Calls `operation` each time `readiness` is ready, until it does something else than block.
    fn poll_when_ready(
        &self,
        mut readiness: Pin<&mut Readiness<'_>>,
        cx: &mut Context<'_>,
        operation: &mut TransferCall<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let event = or_shutdown_error(ready!(readiness.as_mut().poll(cx)))?;
            let unit = ready!(coop::poll_proceed(cx));
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.would_block(event)?;
                }
                outcome => {
                    unit.made_progress();
                    return Poll::Ready(outcome);
                }
            }
        }
    }

    /// Clears the readiness that `event` saw, except what a later event has confirmed.
    pub(crate) fn clear(&self, event: ReadyEvent) {
        self.slot().clear(event);
    }
}

fn or_shutdown_error(event: ReadyEvent) -> io::Result<ReadyEvent> {
    if event.is_shutdown() {
        Err(shutdown_error())
    } else {
        Ok(event)
    }
}
