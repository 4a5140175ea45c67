//! Room task.
