//! Buffers in front of readers and writers.

mod reader;

mod writer;

mod stream;

pub use reader::BufReader;
pub use stream::BufStream;
pub use writer::BufWriter;
