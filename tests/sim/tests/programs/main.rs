//! Programs of Tokio's ecosystem between simulated hosts, with and without faults: each is unmodified, and each seed has one trace.

mod setting;

mod grpc;
mod pool;
mod quic;
mod web;
