//! A channel of one value between two threads that block.
//!
//! Idea        A value under a lock, and a condition: for the few threads of the library that wait for requests. The
//!             channels of std do the same for more senders, and compile three kinds of channel for each type of value.
//!             Here a value in flight is in a box, so that one channel serves all types.
//! States      empty ⇄ full;   either, once a side is gone → closed
//! Invariants  I1 a value that was sent is received, unless the receiver goes before.
//!             I2 both sides of a channel have the same type of value, which is the type of what is in the box.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A value in flight.
type Value = Box<dyn Any + Send>;

struct State {
    value: Option<Value>,
    is_closed: bool,
}

struct Shared {
    state: Mutex<State>,
    /// A value came or went, or a side is gone.
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, value: Value) -> Result<(), Value> {
        let mut state = self.lock();
        if state.is_closed || state.value.is_some() {
            return Err(value);
        }
        state.value = Some(value);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Blocks until a value comes, for `limit` at most; `None` if the sender is gone, and has left none.
    fn take(&self, limit: Duration) -> Option<Value> {
        let end = Instant::now().checked_add(limit);
        let mut state = self.lock();
        while state.value.is_none() && !state.is_closed {
            let left = end.map_or(limit, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.value.take()
    }
}

/// One side of a channel, which closes when it is dropped.
struct Side(Arc<Shared>);

impl Drop for Side {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

/// The side that sends; the channel closes when it is dropped.
pub(crate) struct ThreadSender<T>(Side, PhantomData<fn(T)>);

/// The side that receives; the channel closes when it is dropped.
pub(crate) struct ThreadReceiver<T>(Side, PhantomData<fn() -> T>);

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
pub(crate) fn thread_channel<T: Send + 'static>() -> (ThreadSender<T>, ThreadReceiver<T>) {
    let (sends, receives) = sides();
    (
        ThreadSender(sends, PhantomData),
        ThreadReceiver(receives, PhantomData),
    )
}

fn sides() -> (Side, Side) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            value: None,
            is_closed: false,
        }),
        changed: Condvar::new(),
    });
    (Side(Arc::clone(&shared)), Side(shared))
}

fn unbox<T: 'static>(value: Value) -> T {
    *value.downcast().expect("both sides have one type") // I2
}

impl<T: Send + 'static> ThreadSender<T> {
    /// Sends `value` without waiting; gives it back if the last one was not received yet, or nobody receives.
    pub(crate) fn try_send(&self, value: T) -> Result<(), T> {
        self.0.0.put(Box::new(value)).map_err(unbox)
    }
}

impl<T: 'static> ThreadReceiver<T> {
    /// Blocks until a value comes; `None` if the sender is gone, and has left none.
    pub(crate) fn recv(&self) -> Option<T> {
        self.0.0.take(Duration::MAX).map(unbox)
    }

    /// As [`recv`](Self::recv), for `limit` at most.
    #[cfg(feature = "rt-multi-thread")]
    pub(crate) fn recv_timeout(&self, limit: Duration) -> Option<T> {
        self.0.0.take(limit).map(unbox)
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
