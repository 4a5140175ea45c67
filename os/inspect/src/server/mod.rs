//! A small HTTP/1.1 server for the inspector's own socket: GET and HEAD, bounded in everything.
//!
//! hyper and axum stand on Tokio, whose facade may depend on this crate, so they cannot be used here.

mod head;

mod connection;

mod listener;

pub(crate) use listener::{Listener, serve};
