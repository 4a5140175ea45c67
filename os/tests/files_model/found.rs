//! Programs that have failed.
