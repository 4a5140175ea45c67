//! Channels that contain their storage, so that they can be statics.

mod permits;

mod channel;

mod wait;

#[cfg(feature = "heapless")]
mod batch;

mod watch;

mod watch_receiver;

pub use channel::FixedChannel;
pub use watch::FixedWatch;
pub use watch_receiver::FixedWatchReceiver;
