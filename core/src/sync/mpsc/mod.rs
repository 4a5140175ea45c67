//! Queues from many senders to one receiver.

mod block;
mod blocks;
mod bounded;
mod chan;
pub mod error;
mod permit;
mod receiver;
mod sender;
mod unbounded_receiver;
mod unbounded_sender;
mod weak;

pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::Receiver;
pub use sender::{Sender, channel};
pub use unbounded_receiver::UnboundedReceiver;
pub use unbounded_sender::{UnboundedSender, unbounded_channel};
pub use weak::{WeakSender, WeakUnboundedSender};
