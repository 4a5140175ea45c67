//! TCP: streams, listeners, and the halves of a stream.

pub(super) mod stream;

mod halves;
mod owned_halves;

pub(super) mod listener;

pub(super) mod socket;

pub use halves::{ReadHalf, WriteHalf};
pub use owned_halves::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
