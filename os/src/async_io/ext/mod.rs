//! The extension traits of readers and writers, and their futures.

mod append;

mod read;
mod read_number;
mod read_to_end;

mod write;
mod write_number;

mod buf_read;
mod seek;

mod read_ext;

mod buf_read_ext;
mod seek_ext;
mod write_ext;

pub use buf_read::{Lines, Split};
pub use buf_read_ext::AsyncBufReadExt;
pub use read_ext::AsyncReadExt;
pub use seek_ext::AsyncSeekExt;
pub use write_ext::AsyncWriteExt;
