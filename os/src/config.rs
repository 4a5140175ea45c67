//! Limits and switches that a runtime is built with.
