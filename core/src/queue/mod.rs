//! Room queue.
