//! Where streams are: in no crate named `tokio` yet, until std settles `AsyncIterator`.
//!
//! The crate `tokio-stream` has adaptors and wrappers for channels, intervals and sockets;
//! `futures` has the trait. Both run on this runtime, as they are.
