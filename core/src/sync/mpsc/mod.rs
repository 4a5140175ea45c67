//! Channels that queue values from many senders to one receiver.

pub mod error;

mod block;

mod blocks;

mod chan;

mod bounded;

mod handles;

mod receiver;

mod sender;

mod permit;

mod unbounded_receiver;

mod unbounded_sender;

#[cfg(feature = "futures")]
mod stream;

#[cfg(feature = "futures")]
mod sink;

mod weak;

pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::Receiver;
pub use sender::{Sender, channel};
#[cfg(feature = "futures")]
pub use sink::SenderSink;
pub use unbounded_receiver::UnboundedReceiver;
pub use unbounded_sender::{UnboundedSender, unbounded_channel};
pub use weak::{WeakSender, WeakUnboundedSender};
