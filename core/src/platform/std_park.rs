//! Where a thread sleeps until it is woken.

#[cfg(not(all(target_family = "wasm", not(target_feature = "atomics"))))]
pub use std::thread::{park as park_thread, park_timeout as park_thread_for};

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
pub use no_threads::{park_thread, park_thread_for};

/// WebAssembly without threads: there, std's `park` returns at once, and whoever waits would spin.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
mod no_threads {
    /// Nobody could end this sleep.
    ///
    /// # Panics
    /// Always: the program would hang.
    #[cold]
    pub fn park_thread() {
        panic!(
            "deadlock: everything waits, nothing is left to run, and there is no other thread \
             that could wake this one"
        );
    }

    /// Sleeps for `limit`.
    pub fn park_thread_for(limit: core::time::Duration) {
        std::thread::sleep(limit);
    }
}
