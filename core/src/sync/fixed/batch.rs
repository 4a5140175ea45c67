//! Receiving many values at a time, into a vector of the crate `heapless`.
//!
//! Rejected    One critical section for all values: interrupts would be off for as long as it takes to copy
//!             them. `Extend` as the target: `extend` of a full vector of that crate panics.

use heapless::VecView;

use super::channel::FixedChannel;

impl<T, const N: usize> FixedChannel<T, N> {
    /// Waits for a value, and moves all values that are there into `buffer`, in order, as far as it has room.
    /// Returns how many; zero at once if there is no room.
    ///
    /// # Cancel safety
    /// A cancelled receive takes nothing; it loses its position in the queue.
    ///
    /// # Cost
    /// One critical section for each value.
    ///
    /// # Examples
    /// ```
    /// use heapless::Vec;
    /// use selkie_core::raw::platform::block_on;
    /// use selkie_core::sync::FixedChannel;
    ///
    /// static SAMPLES: FixedChannel<u16, 8> = FixedChannel::new();
    ///
    /// for sample in 0..5 {
    ///     SAMPLES.try_send(sample).unwrap();
    /// }
    /// let mut batch = Vec::<u16, 4>::new();
    /// assert_eq!(block_on(SAMPLES.recv_many(&mut batch)), 4);
    /// assert_eq!(batch, [0, 1, 2, 3]);
    /// assert_eq!(block_on(SAMPLES.recv_many(&mut batch)), 0);
    /// assert_eq!(SAMPLES.len(), 1);
    /// ```
    pub async fn recv_many(&self, buffer: &mut VecView<T>) -> usize {
        if buffer.is_full() {
            return 0;
        }
        let first = self.recv().await;
        // There is room, as was just asked.
        let pushed = buffer.push(first);
        debug_assert!(pushed.is_ok(), "the vector had room");
        1 + self.try_recv_many(buffer)
    }

    /// Moves the values that are there and that no receiver waits for into `buffer`, in order, as far as it has
    /// room. Returns how many. An interrupt handler may call it.
    ///
    /// # Cost
    /// One critical section for each value.
    pub fn try_recv_many(&self, buffer: &mut VecView<T>) -> usize {
        let before = buffer.len();
        while !buffer.is_full() {
            let Some(value) = self.try_recv() else {
                break;
            };
            let pushed = buffer.push(value);
            debug_assert!(pushed.is_ok(), "the vector had room");
        }
        buffer.len() - before
    }
}
