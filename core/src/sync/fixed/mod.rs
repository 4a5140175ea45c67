//! Channels that contain their storage, so that they can be statics.

mod permits;

mod channel;

mod wait;

#[cfg(feature = "futures")]
mod stream;

#[cfg(feature = "futures")]
mod sink;

#[cfg(feature = "heapless")]
mod batch;

mod pipe;

mod pipe_ends;

#[cfg(feature = "embedded-io")]
mod pipe_io;

mod watch;

mod watch_receiver;

#[cfg(feature = "futures")]
mod watch_stream;

pub use channel::FixedChannel;
pub use pipe::FixedPipe;
pub use pipe_ends::{PipeReader, PipeWriter};
#[cfg(feature = "futures")]
pub use sink::FixedSink;
#[cfg(feature = "futures")]
pub use stream::FixedStream;
pub use watch::FixedWatch;
pub use watch_receiver::FixedWatchReceiver;
#[cfg(feature = "futures")]
pub use watch_stream::FixedWatchStream;
