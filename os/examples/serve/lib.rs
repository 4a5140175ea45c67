//! The parts of the `serve` example: an ordinary axum program, on the facade named `tokio`.

pub mod args;
pub mod routes;
