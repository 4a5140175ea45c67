//! Programs are in `tests`.
