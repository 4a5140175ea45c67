//! A channel that gives every value to every receiver, and keeps the latest values for slower receivers.

pub mod error;

mod slot;

mod shared;

mod receiver;

#[cfg(feature = "futures")]
mod stream;

mod sender;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender, channel};
#[cfg(feature = "futures")]
pub use stream::BroadcastStream;
