//! Every value to every receiver, the last few kept for those that are slower.

pub mod error;

mod slot;

mod shared;

mod receiver;

mod sender;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender, channel};
