//! A channel that keeps one value, the latest: from many senders to many receivers.

pub mod error;

mod shared;

mod reference;

mod receiver;

#[cfg(feature = "futures")]
mod stream;

mod sender;

pub use receiver::Receiver;
pub use reference::Ref;
pub use sender::{Sender, channel};
#[cfg(feature = "futures")]
pub use stream::WatchStream;
