//! Small programs of Tokio's ecosystem, unmodified, on the facade: see `tests/`.
