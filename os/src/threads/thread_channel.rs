//! A channel of one value between two threads that block.
//!
//! Idea        A value under a lock, and a condition: for the few threads of the library that wait for requests. The
//!             channels of std do the same for more senders, and compile three kinds of channel for each type of value.
//! States      empty ⇄ full;   either, once a side is gone → closed
//! Invariants  I1 a value that was sent is received, unless the receiver goes before.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "rt-multi-thread")]
use std::time::Duration;

struct State<T> {
    value: Option<T>,
    is_closed: bool,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// A value came or went, or a side is gone.
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }
}

/// The side that sends; the channel closes when it is dropped.
pub(crate) struct ThreadSender<T>(Arc<Shared<T>>);

/// The side that receives; the channel closes when it is dropped.
pub(crate) struct ThreadReceiver<T>(Arc<Shared<T>>);

impl<T> fmt::Debug for ThreadSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadSender")
    }
}

impl<T> fmt::Debug for ThreadReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadReceiver")
    }
}

/// Both sides of a channel.
pub(crate) fn thread_channel<T>() -> (ThreadSender<T>, ThreadReceiver<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            value: None,
            is_closed: false,
        }),
        changed: Condvar::new(),
    });
    (ThreadSender(Arc::clone(&shared)), ThreadReceiver(shared))
}

impl<T> ThreadSender<T> {
    /// Sends `value` without waiting; gives it back if the last one was not received yet, or nobody receives.
    pub(crate) fn try_send(&self, value: T) -> Result<(), T> {
        let mut state = self.0.lock();
        if state.is_closed || state.value.is_some() {
            return Err(value);
        }
        state.value = Some(value);
        drop(state);
        self.0.changed.notify_all();
        Ok(())
    }
}

impl<T> ThreadReceiver<T> {
    /// Blocks until a value comes; `None` if the sender is gone, and has left none.
    pub(crate) fn recv(&self) -> Option<T> {
        let is_awaited = |state: &mut State<T>| state.value.is_none() && !state.is_closed;
        let waited = self.0.changed.wait_while(self.0.lock(), is_awaited);
        waited.unwrap_or_else(PoisonError::into_inner).value.take()
    }

    /// As [`recv`](Self::recv), for `limit` at most.
    #[cfg(feature = "rt-multi-thread")]
    pub(crate) fn recv_timeout(&self, limit: Duration) -> Option<T> {
        let is_awaited = |state: &mut State<T>| state.value.is_none() && !state.is_closed;
        let changed = &self.0.changed;
        let waited = changed.wait_timeout_while(self.0.lock(), limit, is_awaited);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.value.take()
    }
}

impl<T> Drop for ThreadSender<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for ThreadReceiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::thread_channel;

    #[test]
    fn a_value_reaches_a_thread_that_waits() {
        let (sender, receiver) = thread_channel();
        let thread = thread::spawn(move || receiver.recv());
        sender.try_send(7).unwrap();
        assert_eq!(thread.join().unwrap(), Some(7));
    }

    #[test]
    fn there_is_room_for_one() {
        let (sender, receiver) = thread_channel();
        assert_eq!(sender.try_send(1), Ok(()));
        assert_eq!(sender.try_send(2), Err(2));
        assert_eq!(receiver.recv(), Some(1));
        assert_eq!(sender.try_send(3), Ok(()));
    }

    #[test]
    fn the_last_value_comes_before_the_end() {
        let (sender, receiver) = thread_channel();
        sender.try_send(1).unwrap();
        drop(sender);
        assert_eq!(receiver.recv(), Some(1));
        assert_eq!(receiver.recv(), None);
    }

    #[test]
    fn a_sender_learns_that_nobody_receives() {
        let (sender, receiver) = thread_channel();
        drop(receiver);
        assert_eq!(sender.try_send(1), Err(1));
    }

    #[test]
    fn a_thread_that_waits_learns_that_the_sender_is_gone() {
        let (sender, receiver) = thread_channel::<u8>();
        let thread = thread::spawn(move || receiver.recv());
        drop(sender);
        assert_eq!(thread.join().unwrap(), None);
    }
}
