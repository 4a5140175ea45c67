//! Channels and locks: the core's, under Tokio's paths.
