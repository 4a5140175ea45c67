//! Board descriptions.
