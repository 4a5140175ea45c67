//! Where to find streams: in other crates, until std has `AsyncIterator`. Tokio has an empty module here, too.
//!
//! The crate `futures` has the trait `Stream`; `tokio-stream` has adaptors, and wrappers for channels, intervals and
//! sockets. Both work on this runtime without a change.
