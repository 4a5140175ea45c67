//! Unix pipes, with and without a name.

mod check;
mod end;

mod receiver;
mod sender;

mod open_options;

pub use open_options::{OpenOptions, pipe};
pub use receiver::Receiver;
pub use sender::Sender;
