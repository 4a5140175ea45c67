//! One-value channel: one sender hands one `T` to one receiver.

pub mod error;

mod state;

mod shared;

mod receiver;

mod sender;

pub use receiver::Receiver;
pub use sender::{Sender, channel};
