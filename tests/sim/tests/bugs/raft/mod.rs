//! A store of three replicas after Raft, as somebody might write it: elections, a replicated log that is synced to a disk, clients that
//! read and write. Each planted bug is one of those that Raft's rules exclude; simulation finds it, and finds nothing without it.
//!
//! # Source
//! Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC 2014).

mod message;

mod journal;
mod observer;

mod node;

mod replica;

mod history;

mod clients;

mod seeds;
