//! Channels with their storage in place.

mod channel;

mod wait;

mod watch;

mod watch_receiver;

pub use channel::FixedChannel;
pub use watch::FixedWatch;
pub use watch_receiver::FixedWatchReceiver;
