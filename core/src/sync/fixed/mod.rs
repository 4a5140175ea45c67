//! A queue with its storage in place.

mod channel;

mod wait;

pub use channel::FixedChannel;
