//! Programs of Tokio's ecosystem in a simulated world: the tests are in `tests`.
