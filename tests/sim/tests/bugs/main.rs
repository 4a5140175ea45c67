//! Planted bugs in services of axum, tonic and quinn, and in a store of our own: each is found, and nothing is found in the right version.
//!
//! A test says which seed finds its bug; seeds are tried from 0 on, so that is how many it takes.

mod setting;

mod cache;
mod fencing;
mod grpc;
mod order;
mod pool;
mod quic;
mod raft;
mod timeout;
