//! Planted bugs in services of axum with clients of reqwest: each is found, and nothing is found in the right version.
//!
//! A test says which seed finds its bug; seeds are tried from 0 on, so that is how many it takes.

mod setting;

mod cache;
mod fencing;
mod order;
mod raft;
mod timeout;
